/**
 * What the Postgres store puts into its statements by hand (array literals, JSON texts, message ids, counts by blocks)
 * reads back as it was written. The changes are made up here, with texts and numbers that no decision would come up with.
 */
import { assert, describe, it } from "@effect/vitest"
import { type Changes, nothing as noChanges } from "@turnout/core/admission/domain/state/Changes"
import type { ChangedRegistration } from "@turnout/core/admission/domain/state/RegistrationRows"
import { type Event, EventStatusConflict } from "@turnout/core/admission/domain/model/Event"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { type Footprint, nothing } from "@turnout/core/admission/domain/state/Footprint"
import { type IdempotencyRecord, scope } from "@turnout/core/admission/domain/state/Idempotency"
import { type JournalEntry, payloadJson } from "@turnout/core/journal/domain/JournalEvent"
import type { Answer } from "@turnout/core/admission/domain/model/Outcome"
import {
  type Registration,
  type RegistrationId,
  RegistrationState
} from "@turnout/core/admission/domain/model/Registration"
import type { WorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { everyRegistration } from "@turnout/core/admission/ports/RegistrationFilter"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Layer, Result } from "effect"
import { WebCrypto } from "effect/crypto"
import { SqlClient } from "effect/sql"
import * as fc from "fast-check"
import { randomUUID } from "node:crypto"
import * as TestDatabase from "../support/TestDatabase.ts"

type Services = AdmissionStore | AdmissionReads | SqlClient.SqlClient

const NOW = new Date("2030-01-01T00:00:00.000Z")
const PAGE = { limit: 10_000, after: null }

/** Writes changes as they are. */
const write = (changes: Partial<Changes>) =>
  AdmissionStore.use((store) =>
    store.transact([], () => ({
      footprint: nothing,
      decide: () => ({ replies: [], changes: { ...noChanges, ...changes } })
    }))
  )

/** What the store loads for a footprint. */
const load = (needed: Partial<Footprint>) =>
  AdmissionStore.use((store) => {
    let loaded: WorkingSet | undefined
    const decide = (set: WorkingSet) => {
      loaded = set
      return { replies: [], changes: noChanges }
    }
    return Effect.map(
      store.transact(needed.events ?? [], () => ({ footprint: { ...nothing, ...needed }, decide })),
      () => loaded!
    )
  })

const sql = <Row extends object>(statement: string) =>
  Effect.flatMap(SqlClient.SqlClient, (client) => client.unsafe<Row>(statement))

/** Holds for whatever is drawn, on one database. */
const forAll = Effect.fnUntraced(function* <A>(
  drawn: fc.Arbitrary<A>,
  holds: (value: A) => Effect.Effect<unknown, unknown, Services>,
  numRuns: number
) {
  const run = Effect.runPromiseWith(yield* Effect.context<Services>())
  const property = fc.asyncProperty(drawn, (value) => run(Effect.asVoid(holds(value))))
  yield* Effect.promise(() => fc.assert(property, { numRuns, endOnFailure: true }))
})

/** What means something in a literal, or could be lost on the way. */
const pieces = ['"', '""', "\\", "\\\\", "{", "}", ",", "'", "$1", "(", ")", ":", ";", "--", "/*", "NULL", "null"]
  .concat([" ", "\t", "\n", "\r", "\u0001", "\u001e", "\u001f", "\u007f", "\u0085", "\u2028", "\ufeff"])
  .concat(["a", "B", "\\N", "\\x41", "\\u0041", "%", "_", "e\u0301", "\u{1f39f}"])
/** Any text that Postgres can store. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom(...pieces), maxLength: 10 }),
  fc.string({ unit: "binary", maxLength: 10 }).map((drawn) => drawn.replaceAll("\0", "")),
  fc.constantFrom("", "NULL", "null", " ", "{}", '{"a"}', '"', "\\", '\\"', "{NULL}", "a,b")
)
const textOrNull = fc.option(text, { freq: 3 })
const count = fc.constantFrom(0, 1, 255, 65_536, 2 ** 31 - 1)
/** As numbers of rows get, and as only bigint can hold. */
const bigCount = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 2 ** 31 - 2, max: Number.MAX_SAFE_INTEGER })
)
const moment = fc
  .integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) })
  .map((millis) => new Date(millis))
/** Times that are often the same, as they are within a batch. */
const time = fc.oneof(fc.constantFrom(NOW, new Date(0), new Date(-1)), moment)
const uuid = fc.uuid()

/** Rows that have some fields in common, as those of a batch do. */
const alike = <A extends object>(
  rows: fc.Arbitrary<ReadonlyArray<A>>,
  fields: ReadonlyArray<keyof A>
): fc.Arbitrary<ReadonlyArray<A>> =>
  fc
    .tuple(rows, fc.subarray([...fields]))
    .map(([drawn, common]) =>
      drawn.map((row) => ({ ...row, ...Object.fromEntries(common.map((field) => [field, drawn[0]![field]])) }))
    )

const entry = (eventId: EventId, version: number, changes: Partial<JournalEntry> = {}): JournalEntry => ({
  eventId,
  version,
  event: { _tag: "EventPublished" },
  metadata: { actor: "test", correlationId: null, causationId: null },
  occurredAt: NOW,
  ...changes
})

const onDatabase = TestDatabase.layer({ poolSize: 4 })

describe("what the Postgres store is given", () => {
  const registration = fc.record({
    id: fc.noShrink(uuid).map((id) => id as RegistrationId),
    event: fc.nat(2),
    attendee: fc.oneof(
      fc.record({ id: text, name: text, email: text }),
      fc.record({ name: text, email: text }).map((person) => ({ ...person, id: `mailto:${person.email}` }))
    ),
    notes: text,
    state: fc.constantFrom(...RegistrationState.literals),
    sequence: bigCount,
    registeredAt: time,
    changedAt: time
  })
  const registrations = fc
    .uniqueArray(registration, {
      selector: ({ attendee, event }) => `${event}${attendee.id}`,
      maxLength: 8
    })
    .map((drawn) => [...new Map(drawn.map((one) => [`${one.event}/${one.sequence}`, one])).values()])

  it.live("reads back as it was: registrations", () =>
    forAll(
      alike(registrations, ["notes", "state", "registeredAt", "changedAt"]),
      (drawn) =>
        Effect.gen(function* () {
          const events = [randomUUID(), randomUUID(), randomUUID()].toSorted() as unknown as ReadonlyArray<EventId>
          const written = drawn.map(({ event, ...one }): Registration => ({
            ...one,
            eventId: events[event]!,
            attendee: one.attendee as never
          }))
          const ofEvent = (eventId: EventId, all: ReadonlyArray<Registration>) =>
            all.filter((one) => one.eventId === eventId).toSorted((a, b) => a.sequence - b.sequence)
          const check = Effect.fnUntraced(function* (expected: ReadonlyArray<Registration>) {
            for (const eventId of events) {
              const found = yield* AdmissionReads.use((store) =>
                store.registrations(eventId, everyRegistration, PAGE, "entry")
              )
              assert.deepStrictEqual(found, ofEvent(eventId, expected))
            }
          })
          yield* write({
            journal: [entry(events[0]!, 1)],
            registrations: written.map((registration) => ({ registration, before: null, corrected: false }))
          })
          yield* check(written)

          const active = written.filter(({ state }) => state !== "cancelled")
          const byAttendee = yield* load({
            attendees: active.map(({ attendee, eventId }) => ({ eventId, attendeeId: attendee.id }))
          })
          assert.sameDeepMembers([...byAttendee.registrations.values()], active)
          const byId = yield* load({
            registrations: written.map(({ eventId, id }) => ({ eventId, registrationId: id }))
          })
          assert.sameDeepMembers([...byId.registrations.values()], [...written])

          const changed = written.map((one, index): Registration => ({
            ...one,
            state: index % 2 === 0 ? "attended" : "cancelled",
            changedAt: written[(index + 1) % written.length]!.registeredAt
          }))
          yield* write({
            journal: [entry(events[0]!, 2)],
            registrations: changed.map((registration, index) => ({
              registration,
              before: written[index]!.state,
              corrected: index % 3 === 0
            }))
          })
          yield* check(changed)
        }),
      60
    ).pipe(Effect.provide(onDatabase))
  )

  const traceParent = fc
    .tuple(fc.bigInt(1n, 2n ** 128n - 1n), fc.bigInt(1n, 2n ** 64n - 1n), fc.constantFrom("00", "01"))
    .map(
      ([trace, span, flags]) =>
        `00-${trace.toString(16).padStart(32, "0")}-${span.toString(16).padStart(16, "0")}-${flags}`
    )

  it.live("reads back as it was: the journal", () => {
    const journal = fc.uniqueArray(
      fc.record({
        event: fc.nat(1),
        version: bigCount,
        metadata: fc.record(
          { actor: text, correlationId: textOrNull, causationId: textOrNull, traceParent },
          { requiredKeys: ["actor", "correlationId", "causationId"] }
        ),
        occurredAt: time,
        registration: fc.option(registration)
      }),
      { selector: ({ event, version }) => `${event}/${version}`, minLength: 1, maxLength: 8 }
    )
    return forAll(
      alike(journal, ["metadata", "occurredAt"]),
      (drawn) =>
        Effect.gen(function* () {
          const events = [randomUUID(), randomUUID()] as unknown as ReadonlyArray<EventId>
          const written = drawn.map(({ event, registration, ...one }): JournalEntry => {
            if (registration === null) return { ...one, eventId: events[event]!, event: { _tag: "EventCancelled" } }
            const { event: _, ...fields } = registration
            const person = { ...fields, eventId: events[event]!, attendee: fields.attendee as never }
            return { ...one, eventId: events[event]!, event: { _tag: "AttendeeRegistered", registration: person } }
          })
          yield* write({ journal: written })
          for (const eventId of events) {
            const found = yield* AdmissionReads.use((store) => store.journal(eventId, PAGE))
            assert.deepStrictEqual(
              found.map(({ id: _id, schemaVersion: _version, ...stored }) => stored),
              written
                .filter((one) => one.eventId === eventId)
                .toSorted((a, b) => a.version - b.version)
                .map(({ event, ...one }) => ({ ...one, type: event._tag, payload: JSON.parse(payloadJson(event)) }))
            )
          }
        }),
      60
    ).pipe(Effect.provide(onDatabase))
  })

  it.live("reads back as it was: idempotency records", () => {
    const records = fc.uniqueArray(
      fc.record({
        key: text,
        principal: text,
        command: fc.constantFrom("Register", "CancelRegistration"),
        requestId: uuid,
        createdAt: time,
        isRejected: fc.boolean(),
        isOwn: fc.boolean(),
        isRenewed: fc.boolean(),
        operation: text,
        changed: fc.boolean(),
        waitlistPosition: fc.option(fc.nat(1_000_000)),
        registration
      }),
      {
        selector: ({ registration }) => registration.id,
        minLength: 1,
        maxLength: 8
      }
    )
    return forAll(
      alike(records, ["principal", "command", "createdAt", "isRejected", "isOwn"]),
      (drawn) =>
        Effect.gen(function* () {
          // Apart from the records of other runs, and the registrations from each other.
          const run = randomUUID()
          const eventId = randomUUID() as string as EventId
          const made = drawn.map((one, index) => {
            const { event: _, ...fields } = one.registration
            const attendee = { ...fields.attendee, id: `${index}` as never }
            const registration: Registration = { ...fields, eventId, attendee, sequence: index + 1 }
            const answers: ReadonlyArray<Answer> = [
              Result.succeed(
                one.command === "Register"
                  ? { registration, waitlistPosition: one.waitlistPosition }
                  : { registration, changed: one.changed }
              ),
              Result.fail(
                new EventStatusConflict({ eventId, operation: one.operation, eventStatus: "draft", allowed: [] })
              )
            ]
            const record: IdempotencyRecord = {
              scope: scope(one.principal, one.command, `${one.key}${run}${index}`),
              fingerprint: "-_fingerprint",
              requestId: one.isOwn ? registration.id : one.requestId,
              answer: answers[one.isRejected ? 1 : 0]!,
              createdAt: one.createdAt,
              expiresAt: NOW
            }
            const renewal: IdempotencyRecord = {
              ...record,
              fingerprint: "another_one",
              requestId: one.isOwn ? one.requestId : registration.id,
              answer: answers[one.isRejected ? 0 : 1]!,
              createdAt: new Date(NOW.getTime() + index),
              expiresAt: one.createdAt
            }
            return { record, registration, renewal }
          })
          const check = Effect.fnUntraced(function* (records: ReadonlyArray<IdempotencyRecord>) {
            const { idempotency } = yield* load({ idempotency: records.map((record) => record.scope) })
            assert.strictEqual(idempotency.size, records.length)
            for (const record of records) assert.deepStrictEqual(idempotency.get(record.scope.id), record)
          })
          yield* write({
            registrations: made.map(({ registration }) => ({ registration, before: null, corrected: false })),
            idempotency: made.map(({ record }) => ({ record, renews: false }))
          })
          yield* check(made.map(({ record }) => record))
          const renewals = made.filter((_, index) => drawn[index]!.isRenewed).map(({ renewal }) => renewal)
          yield* write({ idempotency: renewals.map((record) => ({ record, renews: true })) })
          yield* check(made.map(({ record, renewal }) => (renewals.includes(renewal) ? renewal : record)))
        }),
      60
    ).pipe(Effect.provide(onDatabase))
  })

  it.live("reads back as it was: events, when they are created, moved on and changed", () => {
    const fields = {
      title: text,
      description: text,
      location: text,
      organizer: text,
      startsAt: time,
      endsAt: time,
      timeZone: fc.constantFrom("UTC", "Europe/Berlin"),
      registrationOpensAt: fc.option(time),
      registrationClosesAt: fc.option(time),
      waitlist: fc.constantFrom<Event["waitlist"]>("open", "closed"),
      waitlistLimit: fc.option(count),
      registration: fc.constantFrom<Event["registration"]>("open", "members", "invitation"),
      cancellationClosesAt: fc.option(time)
    }
    const state = {
      capacity: count,
      status: fc.constantFrom<Event["status"]>("draft", "published", "cancelled", "completed"),
      version: bigCount,
      counts: fc.record({
        confirmed: fc.nat(1_000_000),
        waitlisted: count,
        attended: fc.nat(1_000_000),
        noShow: fc.nat(1_000_000)
      }),
      updatedAt: time
    }
    const events = fc.array(
      fc.record({
        created: fc.record({ ...fields, ...state, createdAt: time, revision: bigCount }),
        moved: fc.record(state),
        changed: fc.record({ ...fields, ...state, revision: bigCount })
      }),
      { minLength: 1, maxLength: 5 }
    )
    return forAll(
      events,
      (drawn) =>
        Effect.gen(function* () {
          const created = drawn.map((one): Event => ({
            ...one.created,
            id: randomUUID() as string as EventId,
            organizationId: DEFAULT_ORGANIZATION
          }))
          const moved = created.map((event, index): Event => ({ ...event, ...drawn[index]!.moved }))
          const changed = moved.map((event, index): Event => ({ ...event, ...drawn[index]!.changed }))
          const steps = [
            { now: created, created: true, revised: true },
            { now: moved, created: false, revised: false },
            { now: changed, created: false, revised: true }
          ]
          for (const [index, { now, ...kind }] of steps.entries()) {
            yield* write({
              journal: [entry(created[0]!.id, index + 1)],
              events: now.map((event) => ({ event, ...kind }))
            })
            for (const event of now) {
              assert.deepStrictEqual(yield* AdmissionReads.use((store) => store.event(event.id)), event)
            }
          }
        }),
      40
    ).pipe(Effect.provide(onDatabase))
  })
})

describe("message ids", () => {
  const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

  const idsOf = (eventId: EventId) =>
    Effect.map(
      AdmissionReads.use((store) => store.journal(eventId, PAGE)),
      (entries) => entries.map(({ id }) => id)
    )
  const writeEntries = Effect.fnUntraced(function* (size: number) {
    const eventId = randomUUID() as string as EventId
    yield* write({ journal: Array.from({ length: size }, (_, index) => entry(eventId, index + 1)) })
    return yield* idsOf(eventId)
  })

  it.live("are UUIDs, each of them once, in every batch", () =>
    Effect.gen(function* () {
      const ids = (yield* Effect.forEach([1_000, 1, 1, 2, 1_000, 300], writeEntries)).flat()
      assert.strictEqual(ids.length, 2_304)
      assert.strictEqual(new Set(ids).size, ids.length)
      for (const id of ids) assert.match(id, UUID_V7)
    }).pipe(Effect.provide(onDatabase))
  )

  it.live("go on from 0 when the last number has been used", () => {
    // Of everything that is drawn, the last byte is such that three ids are left.
    const nearTheEnd: typeof globalThis.crypto = {
      ...globalThis.crypto,
      subtle: globalThis.crypto.subtle,
      randomUUID: () => globalThis.crypto.randomUUID(),
      getRandomValues: (bytes) => {
        if (bytes instanceof Uint8Array) bytes.fill(0xff).set([0xfd], bytes.length - 1)
        return bytes
      }
    }
    return Effect.gen(function* () {
      const ids = yield* writeEntries(600)
      assert.deepStrictEqual(
        ids.slice(0, 5).map((id) => id.slice(-8)),
        ["fffffffd", "fffffffe", "ffffffff", "00000000", "00000001"]
      )
      assert.strictEqual(new Set(ids.map((id) => id.slice(0, -8))).size, 1)
      assert.strictEqual(new Set(ids).size, ids.length)
      for (const id of ids) assert.match(id, UUID_V7)
    }).pipe(Effect.provide(onDatabase.pipe(Layer.provide(WebCrypto.layer(nearTheEnd)))))
  })
})

describe("how many wait", () => {
  /** Numbers at the edges of blocks of every size, and beyond 32 bits. */
  const edges = [0, 64, 128, 1_024, 2_048, 16_384, 32_768, 2 ** 18, 2 ** 31, 2 ** 32, 2 ** 32 + 1_024, 2 ** 40]
  const sequences = edges.flatMap((edge) => [edge - 1, edge, edge + 1]).filter((sequence) => sequence > 0)
  const steps = fc.array(
    fc.uniqueArray(
      fc.record({
        event: fc.nat(1),
        sequence: fc.constantFrom(...sequences),
        state: fc.constantFrom(...RegistrationState.literals, "waitlisted" as const, "waitlisted" as const)
      }),
      { selector: ({ event, sequence }) => `${event}/${sequence}`, minLength: 1, maxLength: 20, size: "max" }
    ),
    { minLength: 1, maxLength: 6, size: "max" }
  )

  it.live("is what counting one by one gives, in every block and up to everybody", () =>
    forAll(
      steps,
      (drawn) =>
        Effect.gen(function* () {
          const events = [randomUUID(), randomUUID()] as unknown as ReadonlyArray<EventId>
          const now = new Map<string, Registration>()
          const waiting = (eventId: EventId) =>
            [...now.values()]
              .filter((one) => one.eventId === eventId && one.state === "waitlisted")
              .toSorted((a, b) => a.sequence - b.sequence)
          for (const [index, step] of drawn.entries()) {
            const changes = step.map(({ event, sequence, state }): ChangedRegistration => {
              const known = now.get(`${event}/${sequence}`)
              const registration: Registration = known
                ? { ...known, state }
                : {
                    id: randomUUID() as string as RegistrationId,
                    eventId: events[event]!,
                    attendee: { id: `${sequence}` as never, name: "", email: `${sequence}@example.com` },
                    notes: "",
                    state,
                    sequence,
                    registeredAt: NOW,
                    changedAt: NOW
                  }
              now.set(`${event}/${sequence}`, registration)
              return { registration, before: known?.state ?? null, corrected: false }
            })
            yield* write({ journal: [entry(events[0]!, index + 1)], registrations: changes })

            for (const eventId of events) {
              const rows = yield* sql<{ level: number; block: string; waiting: number }>(
                `SELECT level, block::text, waiting FROM turnout.waitlist_blocks
                 WHERE event_id = '${eventId}' AND waiting <> 0 ORDER BY level, waitlist_blocks.block`
              )
              const counted = [
                { level: 1, size: 64 },
                { level: 2, size: 1_024 },
                { level: 3, size: 16_384 },
                { level: 4, size: 262_144 }
              ].flatMap(({ level, size }) => {
                const blocks = Map.groupBy(waiting(eventId), ({ sequence }) => (sequence - (sequence % size)) / size)
                return Array.from(blocks, ([block, { length }]) => ({ level, block: String(block), waiting: length }))
              })
              assert.deepStrictEqual(
                rows.map((row) => ({ ...row })),
                counted
              )
              const listed = yield* AdmissionReads.use((store) => store.waitlist(eventId, PAGE))
              assert.deepStrictEqual(
                listed,
                waiting(eventId).map((registration, place) => ({ position: place + 1, registration }))
              )
              // From the middle on, the place of the first is a sum over blocks.
              const middle = waiting(eventId)[Math.floor(listed.length / 2)]?.sequence ?? 0
              const rest = yield* AdmissionReads.use((store) =>
                store.waitlist(eventId, { limit: 10_000, after: middle })
              )
              assert.deepStrictEqual(
                rest,
                listed.filter(({ registration }) => registration.sequence > middle)
              )
            }
          }
        }),
      25
    ).pipe(Effect.provide(onDatabase))
  )
})
