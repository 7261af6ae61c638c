/**
 * The decider, case by case; its laws are in `test/property`.
 */
import { fingerprint } from "@turnout/core/admission/application/engine/Requests"
import * as Admission from "@turnout/core/admission/domain/Admission"
import * as Batch from "@turnout/core/admission/domain/Batch"
import { DOORS_OPEN_MILLIS } from "@turnout/core/admission/domain/model/Attendance"
import { scope } from "@turnout/core/admission/domain/state/Idempotency"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { JournalEvent } from "@turnout/core/journal/domain/JournalEvent"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { STEP_SIZE } from "@turnout/core/admission/domain/model/Steps"
import type { WorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import {
  BEFORE,
  cancel,
  DURING,
  empty,
  EVENT,
  given,
  id,
  input,
  partOf,
  register,
  registrationId,
  request
} from "./Deciding.ts"

describe("a raise of capacity by more than a batch", () => {
  const waiters = STEP_SIZE + 5
  /** As many wait as one batch and five, and the capacity has just been raised to `seats`: the first batch is promoted. */
  const raised = (seats: number): WorkingSet => {
    const set = given([
      request({ _tag: "CreateEvent", event: input({ capacity: 0 }) }),
      request({ _tag: "PublishEvent", eventId: EVENT }),
      ...Array.from({ length: waiters }, (_, n) => register(n + 1))
    ])
    Batch.decide(
      [request({ _tag: "ChangeCapacity", eventId: EVENT, capacity: seats, keepOverhang: false, demote: null })],
      set
    )
    set.steps.clear()
    return set
  }
  const counts = (set: WorkingSet) => {
    const { confirmed, waitlisted } = set.events.get(EVENT)!.counts
    return { confirmed, waitlisted }
  }

  it("promotes one batch at once", () => {
    assert.deepStrictEqual(counts(raised(waiters)), { confirmed: STEP_SIZE, waitlisted: 5 })
  })

  it("is carried on by whatever is asked of the event next, before that is decided", () => {
    const set = raised(waiters + 1)
    const { changes, replies } = Batch.decide([register(5_000)], set)
    assert.deepStrictEqual(
      changes.journal.map(({ event, metadata }) => `${event._tag} by ${metadata.actor}`),
      [...Array.from({ length: 5 }, () => "RegistrationPromoted by turnout"), "AttendeeRegistered by test"]
    )
    assert.isTrue(Result.isSuccess(replies[0]!.answer))
  })

  it("W1: nobody overtakes, and who is due a seat is not refused for want of a waitlist", () => {
    const set = raised(waiters + 1)
    const event = set.events.get(EVENT)!
    // The promotions that are due cannot be carried on in this batch, as if it had done its share already.
    set.events.set(EVENT, { ...event, waitlist: "closed", waitlistLimit: 0 })
    set.steps.set(EVENT, STEP_SIZE)
    const { replies } = Batch.decide([register(5_000), register(5_001)], set)
    const [due, late] = replies.map(({ answer }) => answer)
    assert.isTrue(
      Result.isSuccess(due!) && "registration" in due.success && due.success.registration.state === "waitlisted"
    )
    assert.strictEqual(Result.isFailure(late!) && late.failure._tag, "CapacityFull")
  })
})

describe("an empty state", () => {
  it("has no events", () => {
    const { answer } = Batch.decide([register(1)], empty()).replies[0]!
    assert.strictEqual(Result.isFailure(answer) && answer.failure._tag, "EventNotFound")
  })
})

const confirm = (n: number) =>
  request({ _tag: "ConfirmRegistration", eventId: EVENT, registrationId: registrationId(n), beyond: null })
const raise = (seats: number, keepOverhang = false) =>
  request({ _tag: "ChangeCapacity", eventId: EVENT, capacity: seats, keepOverhang, demote: null })
/** A published event with so many seats, for which so many people have registered. */
const full = (seats: number, registered: number) =>
  given([
    request({ _tag: "CreateEvent", event: input({ capacity: seats }) }),
    request({ _tag: "PublishEvent", eventId: EVENT }),
    ...Array.from({ length: registered }, (_, n) => register(n + 1))
  ])
const tags = ({ changes }: Batch.Batch) => changes.journal.map(({ event }) => event._tag)

describe("one batch", () => {
  it("of two cancellations promotes two, on the footprint", () => {
    const whole = full(2, 5)
    const batch = [cancel(1), cancel(2)]
    assert.deepStrictEqual(tags(Batch.decide(batch, partOf(whole, batch))), [
      "RegistrationCancelled",
      "RegistrationPromoted",
      "RegistrationCancelled",
      "RegistrationPromoted"
    ])
  })

  it("does not promote a waiter whom it has cancelled", () => {
    const set = full(1, 3)
    Batch.decide([cancel(2), cancel(1)], set)
    const states = [...set.registrations.values()].map(({ state }) => state)
    assert.deepStrictEqual(states, ["cancelled", "cancelled", "confirmed"])
  })

  it("I1, I2: that has one key three times has one effect, and refuses the other payload", () => {
    const keyed = (n: number, freshId: number): Request => ({
      ...register(n),
      freshId: id(freshId),
      idempotency: {
        scope: scope("p", "Register", "k"),
        fingerprint: `${n}`,
        ttlMillis: 1_000,
        refusalTtlMillis: 1_000
      }
    })
    const { changes, replies } = Batch.decide([keyed(1, 1), keyed(1, 2), keyed(2, 3)], full(2, 0))
    assert.deepStrictEqual(
      replies.map(({ answer, replayed }) => [answer._tag, replayed]),
      [
        ["Success", false],
        ["Success", true],
        ["Failure", false]
      ]
    )
    assert.strictEqual(changes.journal.length, 1)
  })

  it("of two raises promotes one bounded batch in all", () => {
    const set = full(0, STEP_SIZE + 5)
    const promoted = tags(Batch.decide([raise(10), raise(STEP_SIZE + 5)], set)).filter(
      (tag) => tag === "RegistrationPromoted"
    )
    assert.strictEqual(promoted.length, STEP_SIZE)
  })

  it("that cancels before a raise promotes one bounded batch in all", () => {
    const set = full(1, STEP_SIZE + 5)
    const promoted = tags(Batch.decide([cancel(1), raise(STEP_SIZE + 5)], set)).filter(
      (tag) => tag === "RegistrationPromoted"
    )
    assert.strictEqual(promoted.length, STEP_SIZE)
  })

  it("that raises and then lowers the capacity is decided on the footprint as on the whole", () => {
    const batch = [raise(4), raise(4), raise(2, true)]
    assert.deepStrictEqual(Batch.decide(batch, partOf(full(0, 5), batch)), Batch.decide(batch, full(0, 5)))
  })
})

describe("while promotions are under way", () => {
  const waiters = STEP_SIZE * 2 + 20
  const underWay = () => {
    const set = full(3, waiters)
    Batch.decide([raise(STEP_SIZE * 2 + 10)], set)
    set.steps.clear()
    return set
  }

  it.each([
    ["cancellations", [cancel(1), cancel(2), cancel(3)]],
    ["a chosen waiter", [confirm(STEP_SIZE * 2 + 5), cancel(1)]]
  ])("%s are decided on the footprint as on the whole", (_what, batch) => {
    assert.deepStrictEqual(Batch.decide(batch, partOf(underWay(), batch)), Batch.decide(batch, underWay()))
  })

  it("a cancelled event promotes nobody any more", () => {
    const set = full(0, 3)
    set.events.set(EVENT, { ...set.events.get(EVENT)!, capacity: 3, status: "cancelled" })
    assert.deepStrictEqual(tags(Batch.decide([cancel(1)], set)), [
      "RegistrationCancelled",
      "RegistrationCancelled",
      "RegistrationCancelled"
    ])
  })
})

describe("the finer points", () => {
  const only = (set: WorkingSet, one: Request) => {
    const batch = Batch.decide([one], set)
    return { answer: batch.replies[0]!.answer, tags: tags(batch) }
  }

  it("a raise within an overhang needs no consent", () => {
    const set = full(3, 3)
    Batch.decide([raise(1, true)], set)
    assert.deepStrictEqual(only(set, raise(2)).tags, ["CapacityChanged"])
  })

  it("an event with waiters only cannot go back to draft", () => {
    const { answer } = only(full(0, 1), request({ _tag: "UnpublishEvent", eventId: EVENT }))
    assert.strictEqual(Result.isFailure(answer) && answer.failure._tag, "EventHasRegistrations")
  })

  it("somebody can be missed from the very start on", () => {
    const { startsAt } = input()
    const missed = request({ _tag: "MarkNoShow", eventId: EVENT, registrationId: registrationId(1) }, { now: startsAt })
    assert.deepStrictEqual(only(full(1, 1), missed).tags, ["AttendeeMissed"])
  })

  it("a date that is equal is no change", () => {
    const changes = { startsAt: new Date(input().startsAt) }
    assert.deepStrictEqual(only(full(1, 0), request({ _tag: "UpdateEvent", eventId: EVENT, changes })).tags, [])
  })

  it.each([
    ["earlier: it is kept", new Date("2001-09-09T00:00:00.000Z"), new Date("2001-09-09T00:00:00.000Z")],
    ["later: it counts as now", DURING, BEFORE]
  ])("an import may say when somebody registered, %s", (_when, said, kept) => {
    const one = register(1)
    const { answer } = only(full(1, 0), { ...one, command: { ...one.command, registeredAt: said } as never })
    assert.isTrue(Result.isSuccess(answer) && "registration" in answer.success)
    if (Result.isSuccess(answer) && "registration" in answer.success) {
      assert.deepStrictEqual(answer.success.registration.registeredAt, kept)
    }
  })

  /** As a raise leaves it that has not come to its end: a seat is free, and two wait. */
  const underWay = (): WorkingSet => {
    const set = full(1, 3)
    set.events.set(EVENT, { ...set.events.get(EVENT)!, capacity: 2 })
    return set
  }
  const about = (_tag: "CancelRegistration" | "ConfirmRegistration" | "MarkAttended", n: number) =>
    request({ _tag, eventId: EVENT, registrationId: registrationId(n), beyond: null, early: true } as Command)

  it("W4: only who had a seat frees one by cancelling, and only by cancelling", () => {
    const happened = (one: Request) => tags(Batch.decide([one], full(1, 3)))
    assert.deepStrictEqual(happened(about("CancelRegistration", 3)), ["RegistrationCancelled"])
    assert.deepStrictEqual(happened(about("MarkAttended", 1)), ["AttendeeAttended"])
    assert.deepStrictEqual(happened(about("CancelRegistration", 1)), ["RegistrationCancelled", "RegistrationPromoted"])
  })

  it("what is left of a raise is promoted first, and another raise in the same batch promotes on", () => {
    assert.deepStrictEqual(tags(Batch.decide([register(9), raise(4)], underWay())), [
      "RegistrationPromoted",
      "AttendeeWaitlisted",
      "CapacityChanged",
      "RegistrationPromoted",
      "RegistrationPromoted"
    ])
  })

  it("a chosen waiter gets a free seat, and says so in the journal", () => {
    const { registrations } = underWay()
    const { events, outcome } = Result.getOrThrow(Admission.decide(about("ConfirmRegistration", 3), underWay()))
    const registration = { ...registrations.get(registrationId(3))!, state: "confirmed" }
    assert.deepStrictEqual(events, [{ _tag: "RegistrationConfirmed", registration } as JournalEvent])
    assert.deepStrictEqual(outcome(underWay()), { registration, changed: true } as never)
  })

  it("whoever comes or does not come says from which state", () => {
    const now = input().startsAt
    const mark = (_tag: "MarkAttended" | "MarkNoShow") =>
      request({ _tag, eventId: EVENT, registrationId: registrationId(1), early: false } as Command, { now })
    const set = full(1, 1)
    const from = [mark("MarkNoShow"), mark("MarkAttended"), mark("MarkNoShow")].map((one) => {
      const [entry] = Batch.decide([one], set).changes.journal
      return entry!.event._tag === "AttendeeAttended" || entry!.event._tag === "AttendeeMissed"
        ? entry!.event.from
        : null
    })
    assert.deepStrictEqual(from, ["confirmed", "noShow", "attended"])
  })

  it.each([
    ["raise", [{ _tag: "CapacityChanged", from: 1, to: 2 }]],
    ["overhang", []]
  ] as const)("a waiter who is chosen beyond the capacity is confirmed so, in the journal too: %s", (beyond, first) => {
    const set = full(1, 2)
    const registration = { ...set.registrations.get(registrationId(2))!, state: "confirmed" }
    const chosen = request({ _tag: "ConfirmRegistration", eventId: EVENT, registrationId: registrationId(2), beyond })
    const { events } = Result.getOrThrow(Admission.decide(chosen, set))
    assert.deepStrictEqual(events, [...first, { _tag: "RegistrationConfirmed", registration, beyond }] as never)
  })

  it.each([
    ["the name", { attendee: { name: "Ada" } }, { attendee: { name: "Ada" }, notes: "" }],
    ["the address", { attendee: { email: "ada@example.com" } }, { attendee: { email: "ada@example.com" }, notes: "" }],
    ["the id", { attendee: { id: "ada" } }, { attendee: { id: "ada" }, notes: "" }],
    ["the notes", { notes: "vegan" }, { attendee: {}, notes: "vegan" }]
  ])("a correction changes %s alone, and nothing when it is sent again", (_what, changes, expected) => {
    const set = full(1, 1)
    const before = set.registrations.get(registrationId(1))!
    const after = { ...before, attendee: { ...before.attendee, ...expected.attendee }, notes: expected.notes }
    const correction = request({
      _tag: "CorrectRegistration",
      eventId: EVENT,
      registrationId: registrationId(1),
      changes
    })
    const first = Batch.decide([correction], set)
    assert.deepStrictEqual(first.replies[0]!.answer, Result.succeed({ registration: after, changed: true } as never))
    assert.deepStrictEqual(
      first.changes.journal.map(({ event }) => event),
      [
        {
          _tag: "RegistrationCorrected",
          registration: after,
          before: { attendee: before.attendee, notes: before.notes }
        } as never
      ]
    )
    const again = Batch.decide([correction], set)
    assert.deepStrictEqual(again.replies[0]!.answer, Result.succeed({ registration: after, changed: false } as never))
    assert.deepStrictEqual(again.changes.journal, [])
  })

  it("somebody can come from the moment on at which the doors open", () => {
    const doorsOpenAt = new Date(input().startsAt.getTime() - DOORS_OPEN_MILLIS)
    const comes = (now: Date) =>
      only(
        full(1, 1),
        request({ _tag: "MarkAttended", eventId: EVENT, registrationId: registrationId(1), early: false }, { now })
      ).tags
    assert.deepStrictEqual(comes(doorsOpenAt), ["AttendeeAttended"])
    assert.deepStrictEqual(comes(new Date(doorsOpenAt.getTime() - 1)), [])
  })

  it("attendance that is cleared, and a seat that is released, say so in the journal", () => {
    const set = full(1, 1)
    const after = (_tag: "MarkNoShow" | "ClearAttendance" | "ReleaseSeat") => {
      const { changes } = Batch.decide(
        [request({ _tag, eventId: EVENT, registrationId: registrationId(1) } as Command, { now: DURING })],
        set
      )
      return changes.journal.map(({ event }) => event)
    }
    after("MarkNoShow")
    const { cancellation: _, ...missed } = set.registrations.get(registrationId(1))!
    assert.deepStrictEqual(after("ClearAttendance"), [
      { _tag: "AttendanceCleared", registration: { ...missed, state: "confirmed" }, from: "noShow" }
    ])
    after("MarkNoShow")
    const cancellation = { from: "noShow", reason: "seatReleased" } as const
    assert.deepStrictEqual(after("ReleaseSeat"), [
      {
        _tag: "RegistrationCancelled",
        registration: { ...missed, state: "cancelled", cancellation },
        from: "noShow"
      }
    ])
  })

  it("those who lose their seats got theirs last, and the journal has them in the order of entry", () => {
    const lowered = request({ _tag: "ChangeCapacity", eventId: EVENT, capacity: 1, keepOverhang: false, demote: 2 })
    const { changes } = Batch.decide([lowered], full(3, 3))
    assert.deepStrictEqual(
      changes.journal.map(({ event }) => ("registration" in event ? [event._tag, event.registration.id] : event._tag)),
      ["CapacityChanged", ["RegistrationDemoted", registrationId(2)], ["RegistrationDemoted", registrationId(3)]]
    )
  })

  it("a fingerprint tells dates apart, and does not mind the order of fields", () => {
    const one = { _tag: "CreateEvent" as const, event: input() }
    assert.notStrictEqual(fingerprint(one), fingerprint({ ...one, event: { ...one.event, startsAt: BEFORE } }))
    const reversed = Object.fromEntries(Object.entries(one.event).toReversed()) as typeof one.event
    assert.strictEqual(fingerprint(one), fingerprint({ event: reversed, _tag: "CreateEvent" }))
  })
})
