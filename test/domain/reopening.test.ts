/**
 * Cancelling and reopening an event, registration by registration: who is next, and what the event was.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { STEP_SIZE } from "@turnout/core/admission/domain/model/Steps"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { make, nothing, type WorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import {
  cancel,
  DURING,
  EVENT,
  everything,
  given,
  id,
  input,
  partOf,
  publish,
  register,
  registrationId,
  request
} from "./Deciding.ts"

const create = request({ _tag: "CreateEvent", event: input() })
const cancelEvent = request({ _tag: "CancelEvent", eventId: EVENT })
const reopen = request({ _tag: "ReopenEvent", eventId: EVENT })
const carryOn = request({ _tag: "CarryOn", eventId: EVENT })
const of = (
  _tag: "MarkAttended" | "ClearAttendance" | "CancelRegistration" | "ReinstateRegistration",
  n: number
): Request =>
  request({ _tag, eventId: EVENT, registrationId: registrationId(n), early: true } as Command, { now: DURING })

/** Two have a seat, and the others wait. */
const published = (registered = 3): ReadonlyArray<Request> => [
  create,
  publish,
  ...Array.from({ length: registered }, (_, n) => register(n + 1))
]

/** What has happened, in short. */
const told = ({ changes }: Batch.Batch): ReadonlyArray<string> =>
  changes.journal.map(({ event }) => {
    if (!("registration" in event)) return event._tag
    const { id, state } = event.registration
    return `${event._tag} ${Number(id.slice(-12))} ${state}`
  })

const ended = (n: number) => `RegistrationCancelled ${n} cancelled`
const back = (n: number, state: "confirmed" | "waitlisted") => `RegistrationReinstated ${n} ${state}`

describe("a batch that cancels an event", () => {
  it.each([
    ["on the rows that were loaded", (whole: WorkingSet) => partOf(whole, [cancelEvent])],
    ["on registrations that an earlier batch has made", (whole: WorkingSet) => whole]
  ])("ends its registrations in the order of entry, %s", (_what, loaded) => {
    const batch = Batch.decide([cancelEvent], loaded(given(published())))
    assert.deepStrictEqual(told(batch), ["EventCancelled", ended(1), ended(2), ended(3)])
  })

  it("ends those that it has made itself last, and also in the order of entry", () => {
    const batch = [register(3), register(4), register(5), cancelEvent]
    assert.deepStrictEqual(told(Batch.decide(batch, partOf(given(published(2)), batch))).slice(3), [
      "EventCancelled",
      ended(1),
      ended(2),
      ended(3),
      ended(4),
      ended(5)
    ])
  })

  it.each([
    ["has cancelled", of("CancelRegistration", 1), [ended(1)]],
    ["has let in", of("MarkAttended", 1), ["AttendeeAttended 1 attended"]]
  ])("does not end a registration that it %s before", (_what, before, first) => {
    const whole = given(published(2))
    const batch = [before, { ...cancelEvent, now: DURING }]
    assert.deepStrictEqual(told(Batch.decide(batch, partOf(whole, batch))), [...first, "EventCancelled", ended(2)])
  })

  it("ends no registration of another event", () => {
    const other = id(1_000_000) as EventId
    const elsewhere = [
      request({ _tag: "CreateEvent", event: input({ id: other }) }),
      request({ _tag: "PublishEvent", eventId: other }),
      request({ ...register(7).command, eventId: other } as Command, { freshId: id(7) })
    ]
    const batch = [...elsewhere, register(3), cancelEvent]
    const decided = Batch.decide(batch, partOf(given(published(2)), batch))
    assert.deepStrictEqual(told(decided).slice(-4), ["EventCancelled", ended(1), ended(2), ended(3)])
  })
})

describe("a batch that reopens an event", () => {
  it("brings its registrations back in the opposite order of entry, to their seats and places", () => {
    const whole = given([...published(), cancelEvent])
    assert.deepStrictEqual(told(Batch.decide([reopen], partOf(whole, [reopen]))), [
      "EventReopening",
      back(3, "waitlisted"),
      back(2, "confirmed"),
      back(1, "confirmed"),
      "EventReopened"
    ])
  })

  it("may have cancelled it before, and may cancel it once more", () => {
    const batch = [cancelEvent, reopen, cancelEvent, reopen]
    const whole = given(published())
    const cancelled = ["EventCancelled", ended(1), ended(2), ended(3)]
    const reopened = [
      "EventReopening",
      back(3, "waitlisted"),
      back(2, "confirmed"),
      back(1, "confirmed"),
      "EventReopened"
    ]
    const decided = Batch.decide(batch, partOf(whole, batch))
    assert.deepStrictEqual(told(decided), [...cancelled, ...reopened, ...cancelled, ...reopened])
    assert.deepStrictEqual(decided, Batch.decide(batch, everything(whole)))
  })

  it("does not bring back who had cancelled before", () => {
    const whole = given([...published(2), cancel(1), cancelEvent])
    assert.deepStrictEqual(told(Batch.decide([reopen], partOf(whole, [reopen]))), [
      "EventReopening",
      back(2, "confirmed"),
      "EventReopened"
    ])
  })
})

describe("the lists of an event that is cancelled and reopened", () => {
  const ids = (...numbers: ReadonlyArray<number>) => numbers.map(registrationId)
  const lists = ({ ending, returning, waiting }: WorkingSet) => ({
    waiting: waiting.get(EVENT),
    ending: ending.get(EVENT),
    returning: returning.get(EVENT)
  })

  it("have each registration in one place: who ends is not to end any more, and comes back", () => {
    const set = everything(given(published()))
    assert.deepStrictEqual(lists(set), { waiting: ids(3), ending: ids(1, 2, 3), returning: undefined })
    Batch.decide([cancelEvent], set)
    assert.deepStrictEqual(lists(set), { waiting: [], ending: [], returning: ids(3, 2, 1) })
    Batch.decide([reopen], set)
    assert.deepStrictEqual(lists(set), { waiting: ids(3), ending: ids(1, 2, 3), returning: [] })
  })

  it.each([
    ["who is promoted", [of("CancelRegistration", 2)]],
    ["who cancels", [of("CancelRegistration", 3)]],
    ["who comes", [of("MarkAttended", 1)]],
    ["who registers", [register(4)]]
  ])("stay as they are for somebody %s", (_what, batch) => {
    const set = everything(given(published()))
    Batch.decide(batch, set)
    const { ending, returning } = lists(set)
    assert.deepStrictEqual({ ending, returning }, { ending: ids(1, 2, 3), returning: undefined })
  })

  it("have somebody at the old place again whose attendance is cleared, or who is reinstated", () => {
    const set = everything(given([...published(2), of("MarkAttended", 1), of("CancelRegistration", 2)]))
    assert.isUndefined(lists(set).ending)
    Batch.decide([of("ReinstateRegistration", 2)], set)
    assert.deepStrictEqual(lists(set).ending, ids(2))
    Batch.decide([of("ClearAttendance", 1)], set)
    assert.deepStrictEqual(lists(set).ending, ids(1, 2))
  })
})

describe("the status that an event was cancelled from", () => {
  const event = (set: WorkingSet) => set.events.get(EVENT)!
  const was = (set: WorkingSet) => ({ status: event(set).status, cancelledFrom: event(set).cancelledFrom })

  it.each([
    ["draft", [create]],
    ["published", [create, publish]]
  ] as const)("is kept until it is reopened: %s", (status, history) => {
    const set = given([...history, cancelEvent])
    assert.deepStrictEqual(was(set), { status: "cancelled", cancelledFrom: status })
    Batch.decide([reopen], set)
    assert.strictEqual(event(set).status, status)
    assert.notProperty(event(set), "cancelledFrom")
  })

  it.each(["draft", "published"] as const)("is kept if it is cancelled while it is reopening: %s", (status) => {
    const set = given([create, ...(status === "draft" ? [] : [publish]), cancelEvent])
    // As a batch leaves it that has brought back as many registrations as it may.
    set.steps.set(EVENT, STEP_SIZE)
    Batch.decide([reopen], set)
    assert.deepStrictEqual(was(set), { status: "reopening", cancelledFrom: status })
    Batch.decide([cancelEvent], set)
    assert.deepStrictEqual(was(set), { status: "cancelled", cancelledFrom: status })
  })

  it("counts as published where no entry tells it", () => {
    const set = given([create])
    set.events.set(EVENT, { ...event(set), status: "reopening" })
    assert.deepStrictEqual(
      Batch.decide([carryOn], set).changes.journal.map((entry) => entry.event),
      [{ _tag: "EventReopened", status: "published" }]
    )
    assert.strictEqual(event(set).status, "published")
  })
})

describe("a step whose rows were not loaded", () => {
  const whole = given(published())
  const one = whole.events.get(EVENT)!

  it.each([
    ["a promotion", { ...one, capacity: 3 }],
    ["the end of a registration", { ...one, status: "cancelled" as const }]
  ])("is not made: %s", (_what, event) => {
    const { changes, replies } = Batch.decide([carryOn], make({ ...nothing, events: [event] }))
    assert.deepStrictEqual(replies, [{ answer: Result.succeed({ event }), replayed: false }])
    assert.deepStrictEqual(changes.journal, [])
  })
})
