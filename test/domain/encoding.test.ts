import { fingerprint } from "@turnout/core/admission/application/engine/Requests"
import type { Attendee } from "@turnout/core/admission/domain/model/Attendee"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { type Event, type EventDetails, type EventInput, toStored } from "@turnout/core/admission/domain/model/Event"
import { RegistrationAccess } from "@turnout/core/kernel/domain/access/RegistrationAccess"
import * as Instant from "@turnout/core/kernel/domain/Instant"
import { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import {
  decode,
  encodePayload,
  JournalEvent,
  payloadJson,
  schemaVersionOf
} from "@turnout/core/journal/domain/JournalEvent"
import { RuleSetAside } from "@turnout/core/admission/domain/model/Register"
import {
  Cancellation,
  Registration,
  registrationJson,
  RegistrationState
} from "@turnout/core/admission/domain/model/Registration"
import { BeyondCapacity } from "@turnout/core/admission/domain/model/Seats"
import * as Text from "@turnout/core/kernel/domain/Text"
import { Schema } from "effect"
import * as fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import { assert, describe, it } from "vitest"
import { input } from "./Deciding.ts"

const words = ["a", "Z", "0", " ", "é", "\u{1f39f}", "\u0301", "\u200d", "\ufffd", "\ufeff", "日"]
/** What JSON, or something that takes JSON to pieces, could trip over. */
const syntax = ['"', "\\", "\\u0041", "/", "{", "}", "[", "]", ":", ",", "'", "<", "&", "%", "$", "NULL", "null", '",']

/** As it is once it has been decoded. */
const normalised = (text: string) => text.trim().normalize("NFC")

const line = (options: { readonly minLength?: number } = {}) =>
  fc
    .string({ unit: fc.constantFrom(...words, ...syntax), maxLength: 12 })
    .map((text) => normalised(text) || "x".repeat(options.minLength ?? 0))
/** Of several lines, which may hold even the line breaks that JSON does not write as an escape. */
const paragraphs = fc
  .string({
    unit: fc.constantFrom(...words, ...syntax, "\n", "\r", "\t", "\u2028", "\u2029"),
    maxLength: 20
  })
  .map(normalised)
const email = fc
  .string({ unit: fc.constantFrom("a", "0", "'", "é", "日", "{", "}", "%", "&", "/"), minLength: 1, maxLength: 8 })
  .map((local) => `${local}@example.com`)

const moment = fc.date({
  min: new Date("1900-01-01T00:00:00.000Z"),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true
})
const capacity = fc.integer({ min: 0, max: 1_000_000 })
const uuid = fc.uuid() as fc.Arbitrary<never>

const registration: fc.Arbitrary<Registration> = fc.record(
  {
    id: uuid,
    eventId: uuid,
    attendee: fc.record({
      id: line({ minLength: 1 }).map((text) => (Text.fold(text) || "x") as never),
      name: line(),
      email
    }),
    notes: paragraphs,
    state: fc.constantFrom(...RegistrationState.literals),
    sequence: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    registeredAt: moment,
    changedAt: moment,
    cancellation: fc.record({
      from: fc.constantFrom(...Cancellation.fields.from.literals),
      reason: fc.constantFrom(...Cancellation.fields.reason.literals)
    })
  },
  { requiredKeys: ["id", "eventId", "attendee", "notes", "state", "sequence", "registeredAt", "changedAt"] }
)

const details = fc
  .record<EventDetails>({
    title: line({ minLength: 1 }),
    description: paragraphs,
    location: line(),
    organizer: line({ minLength: 1 }),
    startsAt: moment,
    endsAt: moment,
    timeZone: fc.constantFrom("UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"),
    registrationOpensAt: fc.option(moment),
    registrationClosesAt: fc.option(moment),
    waitlist: fc.constantFrom("open", "closed"),
    waitlistLimit: fc.option(capacity),
    registration: fc.constantFrom(...RegistrationAccess.literals),
    cancellationClosesAt: fc.option(moment)
  })
  .map(toStored)

const organizationId = fc.uuid().map((id) => OrganizationId.make(id))

const from = fc.constantFrom(...RegistrationState.literals)
const setAside = fc.array(fc.constantFrom(...RuleSetAside.literals), { minLength: 1 })

type OfType<Tag> = Extract<JournalEvent, { readonly _tag: Tag }>

/** What happened, besides its name. */
const payloads: { readonly [Tag in JournalEvent["_tag"]]: fc.Arbitrary<Omit<OfType<Tag>, "_tag">> } = {
  EventCreated: fc.record({ details, capacity, organizationId }, { requiredKeys: ["details", "capacity"] }),
  EventUpdated: fc.record({ details }),
  EventPublished: fc.constant({}),
  EventUnpublished: fc.constant({}),
  EventCancelled: fc.constant({}),
  EventCompleted: fc.constant({}),
  EventDeleted: fc.record({ organizationId }, { requiredKeys: [] }),
  CapacityChanged: fc.record({ from: capacity, to: capacity }),
  EventReopening: fc.constant({}),
  EventReopened: fc.record({ status: fc.constantFrom("draft", "published") }),
  AttendeeRegistered: fc.record({ registration, setAside }, { requiredKeys: ["registration"] }),
  AttendeeWaitlisted: fc.record({ registration, setAside }, { requiredKeys: ["registration"] }),
  RegistrationPromoted: fc.record({ registration }),
  RegistrationConfirmed: fc.record(
    { registration, beyond: fc.constantFrom(...BeyondCapacity.literals) },
    { requiredKeys: ["registration"] }
  ),
  RegistrationDemoted: fc.record({ registration }),
  RegistrationReinstated: fc.record({ registration }),
  RegistrationCorrected: fc.record({
    registration,
    before: registration.map((before) => ({ attendee: before.attendee, notes: before.notes }))
  }),
  AttendanceCleared: fc.record({ registration, from }),
  RegistrationCancelled: fc.record({ registration, from }),
  AttendeeAttended: fc.record({ registration, from }),
  AttendeeMissed: fc.record({ registration, from })
}

const tags = Object.keys(payloads) as ReadonlyArray<JournalEvent["_tag"]>

describe("a moment as text", () => {
  it("is its ISO form, whatever was written before", () => {
    const few = [new Date(0), new Date(1), new Date(-1), new Date("2030-05-01T18:00:00.000Z"), new Date(8.64e15)]
    const moments = fc.array(fc.oneof(fc.constantFrom(...few), moment), { minLength: 1, maxLength: 30, size: "max" })
    fc.assert(
      fc.property(moments, (dates) => {
        assert.deepStrictEqual(
          dates.map(Instant.toText),
          dates.map((date) => date.toISOString())
        )
      }),
      { numRuns: 500 }
    )
  })

  it("is that of the date as it is now", () => {
    const date = new Date(1_000)
    assert.strictEqual(Instant.toText(date), "1970-01-01T00:00:01.000Z")
    date.setTime(2_000)
    assert.strictEqual(Instant.toText(date), "1970-01-01T00:00:02.000Z")
  })

  it("does not exist for what is no date, which leaves the others as they are", () => {
    assert.throws(() => Instant.toText(new Date(Number.NaN)), RangeError)
    assert.strictEqual(Instant.toText(new Date(2_000)), "1970-01-01T00:00:02.000Z")
    assert.throws(() => Instant.toText(new Date(Number.NaN)), RangeError)
  })
})

describe("JSON that is put together by hand", () => {
  it("is tried for every journal event there is", () => {
    assert.sameMembers(
      [...tags],
      JournalEvent.members.map((member) => member.fields._tag.schema.literal)
    )
  })

  it.each(tags)("is what the schema writes, and is read as what it was: %s", (tag) => {
    fc.assert(
      fc.property(payloads[tag], (payload) => {
        const event = { _tag: tag, ...payload } as JournalEvent
        const json = payloadJson(event)
        assert.deepStrictEqual(JSON.parse(json), encodePayload(event))
        assert.deepStrictEqual(decode(tag, schemaVersionOf(tag), JSON.parse(json)), event)
        assert.notInclude(json, "\u001e", "what separates JSON texts in a statement")
      }),
      { numRuns: 200 }
    )
  })

  it("is the text that the schema writes, in whatever order a registration has its fields", () => {
    const registration = {
      cancellation: { reason: "requested", from: "confirmed" },
      changedAt: new Date("2030-05-01T19:00:00.000Z"),
      registeredAt: new Date("2030-05-01T18:00:00.000Z"),
      sequence: 3,
      state: "cancelled",
      notes: "vegan",
      attendee: { email: "ada@example.com", name: "Ada", id: "ada" },
      eventId: "00000000-0000-7000-8000-000000000001",
      id: "00000000-0000-7000-8000-000000000002"
    }
    const event = { from: "confirmed", registration, _tag: "RegistrationCancelled" } as unknown as JournalEvent
    assert.strictEqual(
      payloadJson(event),
      '{"registration":{"id":"00000000-0000-7000-8000-000000000002","eventId":"00000000-0000-7000-8000-000000000001",' +
        '"attendee":{"id":"ada","name":"Ada","email":"ada@example.com"},"notes":"vegan","state":"cancelled","sequence":3,' +
        '"registeredAt":"2030-05-01T18:00:00.000Z","changedAt":"2030-05-01T19:00:00.000Z",' +
        '"cancellation":{"from":"confirmed","reason":"requested"}},"from":"confirmed"}'
    )
    assert.strictEqual(payloadJson(event), JSON.stringify(encodePayload(event)))
  })

  it("is what the schema writes: registrations", () => {
    const encode = Schema.encodeSync(Schema.toCodecJson(Registration))
    fc.assert(
      fc.property(registration, (one) => {
        assert.deepStrictEqual(JSON.parse(registrationJson(one)), encode(one))
      }),
      { numRuns: 1_000 }
    )
  })

  it("quotes every UTF-16 code unit as JSON.stringify does, alone and within a text", () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const char = String.fromCharCode(unit)
      for (const text of [char, `a${char}b`, `${char}\ud83c`, `\udf9f${char}`, `a${char}\n`]) {
        if (Text.quote(text) !== JSON.stringify(text)) assert.strictEqual(Text.quote(text), JSON.stringify(text))
      }
    }
  })

  it("quotes every text as JSON.stringify does", () => {
    const anyText = fc.oneof(
      line(),
      paragraphs,
      fc.string({ unit: "binary" }),
      fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 10 }).map((units) => String.fromCharCode(...units)),
      fc.array(fc.integer({ min: 0x20, max: 0x7f }), { maxLength: 10 }).map((units) => String.fromCharCode(...units))
    )
    fc.assert(
      fc.property(anyText, (text) => {
        assert.strictEqual(Text.quote(text), JSON.stringify(text))
      }),
      { numRuns: 5_000 }
    )
  })
})

/** Few texts, many of them parts of each other, so that what runs together in a fingerprint shows. */
const few = fc.constantFrom(
  "",
  "a",
  "b",
  "ab",
  "a b",
  '"',
  '","',
  'a","b',
  "\\",
  ",",
  "null",
  "[]",
  "\n",
  "é",
  "e\u0301"
)
const fewIds = fc.constantFrom(
  "00000000-0000-7000-8000-000000000001",
  "00000000-0000-7000-8000-000000000002"
) as fc.Arbitrary<never>
const fewMoments = fc.constantFrom(0, 1, Date.UTC(2030, 0, 1)).map((millis) => new Date(millis))
const fewNumbers = fc.constantFrom(0, 1, 10, 1_000_000)
/** Fields as an object literal has them. */
const plainRecord = <Fields extends object>(fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) =>
  fc.record<Fields>(fields, { noNullPrototype: true })
const attendee = plainRecord({ id: few as fc.Arbitrary<never>, name: few, email: few })
const eventInput: fc.Arbitrary<EventInput> = fc
  .record(
    {
      id: fewIds,
      title: few,
      description: few,
      location: few,
      organizer: few,
      startsAt: fewMoments,
      endsAt: fewMoments,
      timeZone: few,
      registrationOpensAt: fc.option(fewMoments),
      registrationClosesAt: fc.option(fewMoments),
      waitlist: fc.constantFrom<Event["waitlist"]>("open", "closed"),
      waitlistLimit: fc.option(fewNumbers),
      registration: fc.constantFrom(...RegistrationAccess.literals),
      cancellationClosesAt: fc.option(fewMoments),
      capacity: fewNumbers
    },
    { noNullPrototype: true, requiredKeys: ["title", "organizer", "startsAt", "endsAt", "timeZone", "capacity"] }
  )
  .map((drawn) => drawn as EventInput)

const tagged = <Tag extends Command["_tag"]>(
  tag: Tag,
  fields: fc.Arbitrary<Omit<Extract<Command, { readonly _tag: Tag }>, "_tag">>
): fc.Arbitrary<Command> => fields.map((drawn) => ({ _tag: tag, ...drawn }) as unknown as Command)

/** Fields of commands about an event itself. */
const expecting = { expectedVersions: fc.array(fewNumbers, { maxLength: 2 }) }
const aboutEvent = <A>(fields: { readonly [Name in keyof A]: fc.Arbitrary<A[Name]> }): fc.Arbitrary<never> =>
  fc.record(
    { eventId: fewIds, ...fields, ...expecting },
    { noNullPrototype: true, requiredKeys: ["eventId", ...Object.keys(fields)] as never }
  ) as never
const ofEvent = plainRecord({ eventId: fewIds })
const ofRegistration = plainRecord({ eventId: fewIds, registrationId: fewIds })
const beyond = fc.constantFrom(null, ...BeyondCapacity.literals)
const commands: { readonly [Tag in Command["_tag"]]: fc.Arbitrary<Command> } = {
  CreateEvent: tagged("CreateEvent", plainRecord({ event: eventInput })),
  UpdateEvent: tagged("UpdateEvent", aboutEvent({ changes: eventInput })),
  PublishEvent: tagged("PublishEvent", aboutEvent({})),
  UnpublishEvent: tagged("UnpublishEvent", aboutEvent({})),
  CancelEvent: tagged("CancelEvent", aboutEvent({})),
  CompleteEvent: tagged("CompleteEvent", aboutEvent({})),
  ReopenEvent: tagged("ReopenEvent", aboutEvent({})),
  DeleteEvent: tagged("DeleteEvent", aboutEvent({})),
  ChangeCapacity: tagged(
    "ChangeCapacity",
    aboutEvent({ capacity: fewNumbers, keepOverhang: fc.boolean(), demote: fc.constantFrom(null, 1, 5) })
  ),
  CarryOn: tagged("CarryOn", ofEvent),
  Register: tagged(
    "Register",
    plainRecord({ eventId: fewIds, attendee, notes: few, registeredAt: fc.option(fewMoments) })
  ),
  CancelRegistration: tagged("CancelRegistration", ofRegistration),
  RegisterGuest: tagged("RegisterGuest", plainRecord({ eventId: fewIds, attendee, notes: few, beyond })),
  ConfirmRegistration: tagged("ConfirmRegistration", plainRecord({ eventId: fewIds, registrationId: fewIds, beyond })),
  ReinstateRegistration: tagged("ReinstateRegistration", ofRegistration),
  CorrectRegistration: tagged(
    "CorrectRegistration",
    plainRecord({ eventId: fewIds, registrationId: fewIds, changes: plainRecord({ attendee, notes: few }) })
  ),
  MarkAttended: tagged("MarkAttended", plainRecord({ eventId: fewIds, registrationId: fewIds, early: fc.boolean() })),
  MarkNoShow: tagged("MarkNoShow", ofRegistration),
  ClearAttendance: tagged("ClearAttendance", ofRegistration),
  ReleaseSeat: tagged("ReleaseSeat", ofRegistration)
}
const operations = Object.keys(commands) as ReadonlyArray<Command["_tag"]>
const anyCommand = fc.oneof(...Object.values(commands))

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !(value instanceof Date) && !Array.isArray(value)

/** A copy of nothing but its own objects, with fields in the order that the numbers give. */
const shuffled = (value: unknown, order: ReadonlyArray<number>): unknown => {
  if (value instanceof Date) return new Date(value)
  if (!isFields(value)) return value
  const fields = Object.entries(value).map(([name, field]) => [name, shuffled(field, order)] as const)
  return Object.fromEntries(
    fields
      .map((field, index) => ({ field, rank: order[index % order.length]! }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ field }) => field)
  )
}

interface Changed {
  readonly field: string
  readonly command: Fields
}

/** Every command that is the first but for one field, which is as in the second, or absent if it is absent there. */
const oneFieldOff = (first: Fields, second: Fields): ReadonlyArray<Changed> =>
  [...new Set([...Object.keys(first), ...Object.keys(second)])].flatMap((name) => {
    const [mine, other] = [first[name], second[name]]
    if (isFields(mine) && isFields(other)) {
      return oneFieldOff(mine, other).map(({ command, field }) => ({
        field: `${name}.${field}`,
        command: { ...first, [name]: command }
      }))
    }
    if (isDeepStrictEqual(mine, other)) return []
    const { [name]: _, ...rest } = first
    return [{ field: name, command: name in second ? { ...rest, [name]: other } : rest }]
  })

const fieldsOf = (value: Fields, path = ""): ReadonlyArray<string> =>
  Object.entries(value).flatMap(([name, field]) =>
    isFields(field) ? fieldsOf(field, `${path}${name}.`) : [`${path}${name}`]
  )

describe("a fingerprint", () => {
  it("is a short text of its own", () => {
    assert.match(fingerprint({ _tag: "PublishEvent", eventId: "a" as never }), /^[\w-]{43}$/)
  })

  it("is the same whatever the order of the fields", () => {
    fc.assert(
      fc.property(anyCommand, fc.array(fc.nat(20), { minLength: 1, maxLength: 13 }), (command, order) => {
        assert.strictEqual(fingerprint(shuffled(command, order) as Command), fingerprint(command))
      }),
      { numRuns: 2_000 }
    )
  })

  it.each(operations)("differs as soon as one field does: %s", (operation) => {
    const fields = new Set<string>()
    const changed = new Set(["_tag"])
    fc.assert(
      fc.property(commands[operation], commands[operation], (first, second) => {
        for (const field of fieldsOf({ ...first })) fields.add(field)
        for (const { command, field } of oneFieldOff({ ...first }, { ...second })) {
          changed.add(field)
          assert.notStrictEqual(fingerprint(command as unknown as Command), fingerprint(first))
        }
      }),
      { numRuns: 500 }
    )
    assert.sameMembers([...changed], [...fields], "every field has been changed")
  })

  it("differs when two fields change places, or a value goes from one to another", () => {
    let compared = 0
    /** Every object that has the values of two fields the other way round; a field without a value is absent. */
    const swapped = (object: Fields, names: ReadonlyArray<string>): ReadonlyArray<Fields> =>
      names.flatMap((one, index) =>
        names.slice(index + 1).map((other) => {
          const { [one]: first, [other]: second, ...rest } = object
          return {
            ...rest,
            ...(second === undefined ? {} : { [one]: second }),
            ...(first === undefined ? {} : { [other]: first })
          }
        })
      )
    const eventTexts = ["title", "description", "location", "organizer", "timeZone"]
    const variants = (command: Command): ReadonlyArray<Fields> => {
      const fields: Fields = { ...command }
      if (command._tag === "CreateEvent") {
        return swapped({ ...command.event }, eventTexts).map((event) => ({ ...fields, event }))
      }
      if (command._tag === "Register") {
        const { attendee, notes } = command
        return swapped({ ...attendee, notes }, ["id", "name", "email", "notes"]).map(({ notes, ...attendee }) => ({
          ...fields,
          notes,
          attendee
        }))
      }
      return swapped(fields, ["eventId", "registrationId"])
    }
    fc.assert(
      fc.property(fc.oneof(commands.CreateEvent, commands.Register, commands.MarkAttended), (command) => {
        for (const variant of variants(command)) {
          if (isDeepStrictEqual(variant, command)) continue
          compared += 1
          assert.notStrictEqual(fingerprint(variant as unknown as Command), fingerprint(command))
        }
      }),
      { numRuns: 2_000 }
    )
    assert.isAbove(compared, 2_000)
  })

  const register = (person: Partial<Attendee>, notes = ""): Command => ({
    _tag: "Register",
    eventId: "e" as never,
    attendee: { id: "i" as never, name: "n", email: "m", ...person },
    notes,
    registeredAt: null
  })
  const create = (texts: Partial<EventInput>): Command => ({ _tag: "CreateEvent", event: input(texts) })

  it.each([
    [register({ name: "a,b", email: "c" }), register({ name: "a", email: "b,c" })],
    [register({ name: 'a","b', email: "c" }), register({ name: "a", email: 'b","c' })],
    [register({ email: "a" }, "null"), register({ email: 'a","null' })],
    [create({ title: 'a,"waitlist":open' }), create({ title: "a", waitlist: "open" })],
    [create({ title: 'a","waitlist":"open' }), create({ title: "a", waitlist: "open" })],
    [create({ title: 'a\\","waitlist":"open' }), create({ title: "a\\", waitlist: "open" })],
    [create({ waitlistLimit: null }), create({})],
    [create({ description: "null" }), create({})],
    [create({ description: "" }), create({})]
  ])("is not the same for texts that look like fields: %j, %j", (one, other) => {
    assert.notStrictEqual(fingerprint(one), fingerprint(other))
  })

  it("is the same for equal commands only, of whatever kind", () => {
    let equal = 0
    fc.assert(
      fc.property(anyCommand, anyCommand, (first, second) => {
        const isEqual = isDeepStrictEqual(first, second)
        equal += Number(isEqual)
        assert.strictEqual(fingerprint(first) === fingerprint(second), isEqual)
      }),
      { numRuns: 10_000 }
    )
    assert.isAbove(equal, 20)
  })
})
