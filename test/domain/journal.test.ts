import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { type EventOutcome, EventStatusConflict } from "@turnout/core/admission/domain/model/Event"
import { RegistrationStateConflict } from "@turnout/core/admission/domain/model/Registration"
import { decode, encodePayload, JournalEvent, schemaVersionOf } from "@turnout/core/journal/domain/JournalEvent"
import { type Answer, decodeAnswer, encodeAnswer } from "@turnout/core/admission/domain/model/Outcome"
import { type StoredEntry, toEvent } from "@turnout/core/journal/domain/StoredEntry"
import { Rejection } from "@turnout/core/admission/domain/model/Rejection"
import { Result } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import * as Batch from "@turnout/core/admission/domain/Batch"
import { BEFORE, EVENT, empty, id, input, register, registrationId, request } from "./Deciding.ts"

const FOLDER = new URL("../samples/journal/", import.meta.url)

interface Sample {
  readonly type: string
  readonly schemaVersion: number
  readonly payload: unknown
}

const samples = readdirSync(FOLDER).map((file) => ({
  file,
  ...(JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Sample)
}))

/** The tags of a union of tagged schemas. */
const tags = JournalEvent.members.map((member) => member.fields._tag.schema.literal)

describe("journal events", () => {
  it.each(samples)("reads $file, as it was once written", ({ payload, schemaVersion, type }) => {
    const event = decode(type, schemaVersion, payload)
    assert.strictEqual(event._tag, type)
    if (schemaVersion === schemaVersionOf(event._tag)) assert.deepStrictEqual(encodePayload(event), payload)
  })

  it.each(tags)("has a sample of %s in the version of today", (tag) => {
    assert.isTrue(samples.some(({ schemaVersion, type }) => type === tag && schemaVersion === schemaVersionOf(tag)))
  })

  it("does not read a version that was never written", () => {
    assert.throws(() => decode("EventPublished", 99, {}), /unknown schema version 99/)
    assert.throws(() => decode("EventInvented", 1, {}))
  })
})

describe("a stored entry", () => {
  const entry: StoredEntry = {
    id: id(7),
    eventId: EVENT,
    version: 3,
    type: "CapacityChanged",
    schemaVersion: 1,
    payload: '{"from":2,"to":5}',
    metadata: { actor: "ada", correlationId: null, causationId: null },
    occurredAt: BEFORE
  }

  it("is read as the journal event that was written", () => {
    assert.deepStrictEqual(toEvent(entry), { _tag: "CapacityChanged", from: 2, to: 5 })
  })

  it("is not read if none like it was ever written", () => {
    const reading = (changes: Partial<StoredEntry>) => () => toEvent({ ...entry, ...changes })
    assert.throws(reading({ schemaVersion: 99 }), /^unknown schema version 99 of CapacityChanged$/)
    assert.throws(reading({ payload: '{"from":2}' }), /^Missing key\n {2}at \["to"\]$/)
  })
})

describe("answers", () => {
  const facts: Record<string, unknown> = {
    eventId: EVENT,
    operation: "Register",
    eventStatus: "draft",
    allowed: [],
    seatsTaken: 1,
    waitlistLength: 2,
    waitlistLimit: 3,
    capacity: 4,
    startsAt: new Date(0),
    opensAt: new Date(0),
    closedAt: new Date(0),
    endedAt: new Date(0),
    doorsOpenAt: new Date(0),
    demote: 1,
    needed: 2,
    confirmed: 3,
    field: "endsAt",
    rule: "must be after startsAt",
    attendeeId: "ada",
    organization: "music-society",
    registrationId: registrationId(1),
    state: "confirmed",
    key: "once",
    expectedVersions: [5],
    version: 9,
    revision: 7
  }
  const rejections = Rejection.members.map((member): Rejection => {
    const { _tag, ...fields } = member.fields
    const Class = member as unknown as new (facts: object) => Rejection
    return new Class(Object.fromEntries(Object.keys(fields).map((name) => [name, facts[name]])))
  })

  it.each(rejections.map((rejection) => [rejection._tag, rejection] as const))(
    "are remembered as they were given: %s",
    (_tag, rejection) => {
      const answer: Answer = Result.fail(rejection)
      const read = decodeAnswer(JSON.parse(JSON.stringify(encodeAnswer(answer))))
      assert.deepStrictEqual(read, answer)
      assert.instanceOf(Result.isFailure(read) && read.failure, Error)
      assert.isAbove(rejection.message.length, 10, "a rejection says in words what it means")
      assert.notInclude(rejection.message, "undefined")
    }
  )

  it("about an event, remembered before events had a revision and an organization, are read with what stands for them", () => {
    const [{ answer } = assert.fail()] = Batch.decide(
      [request({ _tag: "CreateEvent", event: input() })],
      empty()
    ).replies
    const { event } = encodeAnswer(answer) as { readonly event: Partial<EventOutcome["event"]> }
    const { organizationId: _o, revision: _r, ...earlier } = event
    const read = decodeAnswer({ event: { ...earlier, version: 7 } })
    assert.deepInclude(Result.getOrThrow(read as Result.Result<EventOutcome>).event, {
      version: 7,
      revision: 7,
      organizationId: DEFAULT_ORGANIZATION
    })
  })

  it("say which states would have done", () => {
    const asked = { eventId: EVENT, operation: "Register" }
    const event = new EventStatusConflict({ ...asked, eventStatus: "cancelled", allowed: ["draft", "published"] })
    assert.include(event.message, "Register needs an event that is draft or published; this one is cancelled.")
    const registration = new RegistrationStateConflict({
      ...asked,
      registrationId: registrationId(1),
      state: "cancelled",
      allowed: ["confirmed", "waitlisted"]
    })
    assert.include(registration.message, "a registration that is confirmed or waitlisted; this one is cancelled.")
  })

  it("are remembered as they were given: successes", () => {
    const { replies } = Batch.decide(
      [
        request({ _tag: "CreateEvent", event: input({ capacity: 0 }) }),
        request({ _tag: "PublishEvent", eventId: EVENT }),
        register(1)
      ],
      empty()
    )
    for (const { answer } of replies) {
      assert.isTrue(Result.isSuccess(answer))
      assert.deepStrictEqual(decodeAnswer(JSON.parse(JSON.stringify(encodeAnswer(answer)))), answer)
    }
  })
})
