/**
 * What a batch says that it changes: a store writes nothing else.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { type Changes, isEmpty, nothing } from "@turnout/core/admission/domain/state/Changes"
import { scope } from "@turnout/core/admission/domain/state/Idempotency"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import {
  AFTER,
  BEFORE,
  cancel,
  DURING,
  empty,
  EVENT,
  given,
  id,
  input,
  partOf,
  publish,
  register,
  registrationId,
  request
} from "./Deciding.ts"

const create = request({ _tag: "CreateEvent", event: input({ capacity: 1 }) })
const remove = request({ _tag: "DeleteEvent", eventId: EVENT })
const retitle = request({ _tag: "UpdateEvent", eventId: EVENT, changes: { title: "Gala" } })
const withKey = (one: Request, key: string, ttlMillis = 86_400_000): Request => ({
  ...one,
  idempotency: {
    scope: scope("ada", one.command._tag, key),
    fingerprint: JSON.stringify(one.command),
    ttlMillis,
    refusalTtlMillis: ttlMillis
  }
})
const events = (changes: Changes) =>
  changes.events.map(({ created, event, revised }) => ({ id: event.id, version: event.version, created, revised }))
const registrations = (changes: Changes) =>
  changes.registrations.map(({ before, registration: { id: own, state } }) => [own, before, state])
/** Nobody holds the only seat, or one does and two wait. */
const published = () => given([create, publish])
const full = () => given([create, publish, register(1), register(2), register(3)])

describe("the changes of a batch", () => {
  it("are none without requests", () => {
    assert.deepStrictEqual(Batch.decide([], full()).changes, nothing)
    assert.isTrue(isEmpty(nothing))
  })

  it("tell a new event from one that has changed", () => {
    assert.deepStrictEqual(events(Batch.decide([create, publish], empty()).changes), [
      { id: EVENT, version: 2, created: true, revised: true }
    ])
    assert.deepStrictEqual(events(Batch.decide([publish], given([create])).changes), [
      { id: EVENT, version: 2, created: false, revised: true }
    ])
  })

  it("tell whether the event itself has changed, in whatever step of the batch", () => {
    for (const batch of [[retitle], [retitle, register(1)], [register(1), retitle]]) {
      const { changes } = Batch.decide(batch, published())
      assert.deepStrictEqual(events(changes), [{ id: EVENT, version: 2 + batch.length, created: false, revised: true }])
      assert.strictEqual(changes.events[0]!.event.title, "Gala")
    }
    assert.isFalse(events(Batch.decide([register(1)], published()).changes)[0]!.revised)
  })

  it("tell which event is not there any more, unless the batch itself has made it", () => {
    const deleted = Batch.decide([remove], given([create])).changes
    assert.deepStrictEqual([events(deleted), deleted.deletedEvents], [[], [EVENT]])
    const came = Batch.decide([create, remove], empty()).changes
    assert.deepStrictEqual([events(came), came.deletedEvents], [[], []])
    assert.deepStrictEqual(
      came.journal.map(({ event, version }) => [event._tag, version]),
      [
        ["EventCreated", 1],
        ["EventDeleted", 2]
      ]
    )
  })

  it("have each registration once, as it is in the end, with the state that it was in before", () => {
    assert.deepStrictEqual(registrations(Batch.decide([register(1), register(2), cancel(1)], published()).changes), [
      [id(1), null, "cancelled"],
      [id(2), null, "confirmed"]
    ])
    assert.deepStrictEqual(registrations(Batch.decide([cancel(1), cancel(2), register(4)], full()).changes), [
      [id(4), null, "waitlisted"],
      [id(1), "confirmed", "cancelled"],
      [id(2), "waitlisted", "cancelled"],
      [id(3), "waitlisted", "confirmed"]
    ])
  })

  it("have corrected registrations last, in the order of their last corrections, and say which these are", () => {
    const becomes = (n: number, attendeeId: string) =>
      request({
        _tag: "CorrectRegistration",
        eventId: EVENT,
        registrationId: registrationId(n),
        changes: { attendee: { id: attendeeId } }
      })
    // Each takes the id that the one before it has given up.
    const batch = [becomes(1, "ada"), becomes(2, "person-1"), cancel(3), becomes(1, "person-2"), register(4)]
    const { registrations: changed } = Batch.decide(batch, partOf(full(), batch)).changes
    assert.deepStrictEqual(
      changed.map(({ before, corrected, registration: { attendee, id: own, state } }) => [
        own,
        attendee.id as string,
        before,
        state,
        corrected
      ]),
      [
        [id(4), "person-4", null, "waitlisted", false],
        [id(3), "person-3", "waitlisted", "cancelled", false],
        [id(2), "person-1", "waitlisted", "waitlisted", true],
        [id(1), "person-2", "confirmed", "confirmed", true]
      ]
    )
  })

  it("are none if everything was refused or done before", () => {
    const { changes, replies } = Batch.decide([register(1), cancel(9)], full())
    assert.isTrue(replies.every(({ answer }) => Result.isFailure(answer)))
    assert.isTrue(isEmpty(changes))
    assert.isFalse(isEmpty(Batch.decide([cancel(1)], full()).changes))
  })

  it("I1: have a record of a refusal as well, which is then all that they have", () => {
    const { changes } = Batch.decide([withKey(register(1), "k")], full())
    assert.deepStrictEqual(changes.journal, [])
    assert.lengthOf(changes.idempotency, 1)
    assert.isFalse(isEmpty(changes))
  })
})

describe("the time of a batch", () => {
  const early = new Date(BEFORE.getTime() - 60_000)
  const times = ({ journal }: Changes) => journal.map(({ occurredAt }) => occurredAt)

  it("R7: is never before the last entry of the stream, even of this batch", () => {
    const set = published()
    assert.deepStrictEqual(times(Batch.decide([{ ...register(1), now: early }], set).changes), [BEFORE])
    const { changes } = Batch.decide([register(2, DURING), register(3, early), register(4, AFTER)], set)
    assert.deepStrictEqual(times(changes), [DURING, DURING])
    assert.deepStrictEqual(set.events.get(EVENT)!.updatedAt, DURING)
    const [, , , third] = set.registrations.values()
    assert.isUndefined(third, "after the end, nobody registers")
  })

  it("R7: opens and closes by it, and is that of keys as well", () => {
    const opened = given([create, publish, register(1, DURING)])
    const closed = request({ _tag: "UpdateEvent", eventId: EVENT, changes: { registrationClosesAt: DURING } })
    const { replies } = Batch.decide([closed, withKey(register(2, BEFORE), "k", 1_000)], opened)
    assert.strictEqual(Result.isFailure(replies[1]!.answer) && replies[1]!.answer.failure._tag, "RegistrationClosed")
    const [record] = opened.idempotency.values()
    assert.deepStrictEqual([record!.createdAt, record!.expiresAt], [DURING, new Date(DURING.getTime() + 1_000)])
  })

  it("R7: of one stream is not that of another", () => {
    const other = id(500) as never
    const set = given([
      create,
      publish,
      register(1, DURING),
      request({ _tag: "CreateEvent", event: input({ id: other }) }, { freshId: other })
    ])
    const { changes } = Batch.decide([request({ _tag: "PublishEvent", eventId: other })], set)
    assert.deepStrictEqual(times(changes), [BEFORE])
  })
})

describe("what a batch remembers", () => {
  it("I1: is given to whoever sends again, who is told so, and to nobody else", () => {
    const first = withKey(register(1), "k")
    const again = { ...first, freshId: id(77) }
    const set = published()
    const together = Batch.decide([first, again, first], set)
    assert.deepStrictEqual(
      together.replies.map(({ replayed }) => replayed),
      [false, true, false]
    )
    assert.strictEqual(new Set(together.replies.map(({ answer }) => answer)).size, 1)
    assert.lengthOf(together.changes.idempotency, 1)
    const later = Batch.decide([again], set)
    assert.isTrue(later.replies[0]!.replayed)
    assert.isTrue(isEmpty(later.changes))
    assert.isFalse(Batch.decide([register(2)], set).replies[0]!.replayed)
  })

  it("I2: is not replayed to another command, which is refused", () => {
    const { changes, replies } = Batch.decide([withKey(register(1), "k"), withKey(register(2), "k")], published())
    assert.strictEqual(Result.isFailure(replies[1]!.answer) && replies[1]!.answer.failure._tag, "IdempotencyKeyReused")
    assert.isFalse(replies[1]!.replayed)
    assert.lengthOf(changes.registrations, 1)
  })

  it("I6: takes the place of what has expired, and says whether that is stored", () => {
    const set = published()
    const short = withKey(register(1), "k", 1)
    const late = withKey({ ...register(2), now: DURING }, "k")
    const early = { ...late, now: new Date(BEFORE.getTime() + 1) }
    const last = withKey({ ...register(3), now: DURING }, "other")

    const first = Batch.decide([short], set)
    assert.deepStrictEqual(
      first.changes.idempotency.map(({ renews }) => renews),
      [false]
    )
    const second = Batch.decide([early, last], set)
    assert.deepStrictEqual(
      second.changes.idempotency.map(({ record, renews }) => [record.scope.key, renews, record.requestId]),
      [
        ["k", true, id(2)],
        ["other", false, id(3)]
      ]
    )
    // Within one batch only the last one is there to be stored, in the place of the first.
    const both = Batch.decide([short, last, early], published())
    assert.deepStrictEqual(
      both.changes.idempotency.map(({ record, renews }) => [record.scope.key, renews, record.requestId]),
      [
        ["k", false, id(2)],
        ["other", false, id(3)]
      ]
    )
  })
})

describe("the steps in a batch", () => {
  it("end the registrations of a cancelled event in the order of entry, also those that can end since this batch", () => {
    const of = (_tag: "MarkAttended" | "ClearAttendance" | "CancelRegistration" | "ReinstateRegistration"): Request =>
      request({ _tag, eventId: EVENT, registrationId: registrationId(1), early: false } as Command, { now: DURING })
    for (const [end, back] of [
      ["MarkAttended", "ClearAttendance"],
      ["CancelRegistration", "ReinstateRegistration"]
    ] as const) {
      const whole = given([
        request({ _tag: "CreateEvent", event: input() }),
        publish,
        register(1),
        register(2),
        of(end)
      ])
      const batch = [of(back), request({ _tag: "CancelEvent", eventId: EVENT }, { now: DURING })]
      const ended = Batch.decide(batch, partOf(whole, batch)).changes.journal.flatMap(({ event }) =>
        event._tag === "RegistrationCancelled" ? [event.registration.id] : []
      )
      assert.deepStrictEqual(ended, [registrationId(1), registrationId(2)], back)
    }
  })
})
