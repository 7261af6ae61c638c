import { fingerprint } from "@turnout/core/application/Fingerprint"
import * as Admission from "@turnout/core/domain/Admission"
import * as Batch from "@turnout/core/domain/Batch"
import type { EventId } from "@turnout/core/domain/Event"
import { type IdempotencyRecord, recall, scope } from "@turnout/core/domain/Idempotency"
import { byOperation, EventNotFound } from "@turnout/core/domain/Rejection"
import type { Request } from "@turnout/core/domain/Request"
import { footprint, make, PROMOTION_BATCH, withDuePromotions, type WorkingSet } from "@turnout/core/domain/WorkingSet"
import { Result } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { replay } from "../support/Invariants.ts"
import { BEFORE, DURING, empty, EVENT, given, id, input, register, registrationId, request } from "./Deciding.ts"

const OTHER = id(1_000_000) as EventId
const people = 6

/** Requests about two events and six people, often with the same few idempotency keys, in no sensible order. */
const requests: fc.Arbitrary<ReadonlyArray<Request>> = fc
  .array(
    fc.record({
      eventId: fc.constantFrom(EVENT, OTHER),
      kind: fc.constantFrom(
        ...Array.from({ length: 40 }, () => "register"),
        ...Array.from({ length: 30 }, () => "cancel"),
        ...Array.from({ length: 6 }, () => "capacity"),
        "confirm",
        "attended",
        "noShow",
        "capacity",
        "publish",
        "unpublish",
        "update",
        "create",
        "cancelEvent",
        "completeEvent",
        "promote"
      ),
      person: fc.integer({ min: 1, max: people }),
      target: fc.nat(1_000),
      capacity: fc.integer({ min: 0, max: 4 }),
      keepOverhang: fc.boolean(),
      key: fc.option(fc.constantFrom("a", "b", "c"), { freq: 2 }),
      minutes: fc.oneof(
        { weight: 60, arbitrary: fc.constantFrom(0, 1, 60) },
        { weight: 1, arbitrary: fc.constant(200_000) }
      )
    }),
    { minLength: 1, maxLength: 40, size: "max" }
  )
  .map((drawn) =>
    drawn.map((draw, index): Request => {
      const { capacity, eventId, keepOverhang } = draw
      // Mostly a registration that was asked for earlier, of this event.
      const earlier = drawn.flatMap((other, at) =>
        at < index && other.kind === "register" && other.eventId === eventId ? [at + 1] : []
      )
      const registrationId = id(earlier[draw.target % Math.max(1, earlier.length)] ?? 1) as never
      const commands: Record<string, Request["command"]> = {
        register: {
          _tag: "Register",
          eventId,
          attendee: { id: `person-${draw.person}` as never, name: "", email: `person-${draw.person}@example.com` },
          notes: "",
          registeredAt: null
        },
        cancel: { _tag: "CancelRegistration", eventId, registrationId },
        confirm: { _tag: "ConfirmRegistration", eventId, registrationId },
        attended: { _tag: "MarkAttended", eventId, registrationId },
        noShow: { _tag: "MarkNoShow", eventId, registrationId },
        capacity: { _tag: "ChangeCapacity", eventId, capacity, keepOverhang },
        publish: { _tag: "PublishEvent", eventId },
        unpublish: { _tag: "UnpublishEvent", eventId },
        update: {
          _tag: "UpdateEvent",
          eventId,
          changes: { waitlist: keepOverhang ? "open" : "closed", waitlistLimit: capacity }
        },
        create: { _tag: "CreateEvent", event: input({ id: eventId, capacity }) },
        cancelEvent: { _tag: "CancelEvent", eventId },
        completeEvent: { _tag: "CompleteEvent", eventId },
        promote: { _tag: "PromoteWaiting", eventId }
      }
      const command = commands[draw.kind]!
      const now = new Date(BEFORE.getTime() + draw.minutes * 60_000)
      return {
        ...request(command, { now, freshId: id(index + 1) }),
        idempotency:
          draw.key === null
            ? null
            : {
                scope: scope("test", command._tag, draw.key),
                fingerprint: JSON.stringify(command),
                expiresAt: new Date(now.getTime() + 30 * 60_000)
              }
      }
    })
  )

/** Two published events, so that the drawn requests have something to act on. */
const history = (capacity: number): ReadonlyArray<Request> =>
  [EVENT, OTHER].flatMap((eventId) => [
    request({ _tag: "CreateEvent", event: input({ id: eventId, capacity }) }),
    request({ _tag: "PublishEvent", eventId })
  ])

const copy = (set: WorkingSet): WorkingSet => ({
  events: new Map(Array.from(set.events, ([event, row]) => [event, { ...row }])),
  registrations: new Map(set.registrations),
  active: new Map(Array.from(set.active, ([event, active]) => [event, new Map(active)])),
  waiting: new Map(Array.from(set.waiting, ([event, waiting]) => [event, [...waiting]])),
  promoted: new Map(),
  idempotency: new Map(set.idempotency)
})

/** What a store would load of the whole state for a batch: nothing but the footprint. */
const partOf = (
  whole: WorkingSet,
  batch: ReadonlyArray<Request>,
  records: ReadonlyMap<string, IdempotencyRecord> = whole.idempotency
): WorkingSet => {
  const locked = footprint(batch).events.flatMap((event) => whole.events.get(event) ?? [])
  const needed = withDuePromotions(footprint(batch), locked)
  const find = (registrationId: never) => whole.registrations.get(registrationId) ?? []
  return make({
    events: locked,
    registrations: [
      ...needed.attendees.flatMap((key) => find(whole.active.get(key.eventId)?.get(key.attendeeId) as never)),
      ...needed.registrations.flatMap(({ registrationId }) => find(registrationId as never))
    ],
    waiting: needed.waiting.flatMap(({ eventId, limit }) =>
      (whole.waiting.get(eventId) ?? []).slice(0, limit).flatMap((waiter) => find(waiter as never))
    ),
    idempotency: needed.idempotency.flatMap(({ id }) => records.get(id) ?? [])
  })
}

/** Cuts a list into batches of these sizes. */
const inBatches = <A>(items: ReadonlyArray<A>, sizes: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<A>> => {
  const batches: Array<ReadonlyArray<A>> = []
  for (let start = 0, n = 0; start < items.length; n++) {
    const size = sizes[n % sizes.length] ?? 1
    batches.push(items.slice(start, start + size))
    start += size
  }
  return batches
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })
const capacity = fc.integer({ min: 0, max: 3 })

describe("deciding", () => {
  it("on the footprint is deciding on the whole state, whatever the batches", () => {
    fc.assert(
      fc.property(capacity, requests, sizes, (seats, drawn, cut) => {
        const whole = given(history(seats))
        // What a store would have of the records: those that the batches asked it to write.
        const stored = new Map<string, IdempotencyRecord>()
        for (const batch of inBatches(drawn, cut)) {
          const onPart = Batch.decide(batch, partOf(whole, batch, stored))
          whole.promoted.clear()
          const onWhole = Batch.decide(batch, whole)
          assert.deepStrictEqual(onPart, onWhole)
          for (const { record } of onPart.changes.idempotency) stored.set(record.scope.id, record)
        }
      }),
      { numRuns: 2_000 }
    )
  })

  it("a batch gives the same answers and the same journal as one request after the other", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const together = Batch.decide(drawn, given(history(seats)))
        const alone = given(history(seats))
        const singles = drawn.map((one) => Batch.decide([one], alone))
        assert.deepStrictEqual(
          together.replies,
          singles.flatMap(({ replies }) => replies)
        )
        assert.deepStrictEqual(
          together.changes.journal,
          singles.flatMap(({ changes }) => changes.journal)
        )
      }),
      { numRuns: 1_000 }
    )
  })

  it("reads the working set and leaves it as it is", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const set = given(history(seats))
        for (const one of drawn) {
          const before = copy(set)
          Admission.decide(one, set)
          assert.deepStrictEqual({ ...set, promoted: new Map() }, before)
          Batch.decide([one], set)
        }
      }),
      { numRuns: 300 }
    )
  })

  it("repeated gives the same outcome and no journal events, except for a second registration", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const set = given(history(seats))
        for (const one of drawn) {
          const bare = { ...one, idempotency: null }
          const first = Batch.decide([bare], set).replies[0]!.answer
          if (Result.isFailure(first) || one.command._tag === "Register" || one.command._tag === "CreateEvent") continue
          const again = Batch.decide([bare], set)
          assert.deepStrictEqual(again.replies[0]!.answer, first)
          assert.deepStrictEqual(again.changes.journal, [])
        }
      }),
      { numRuns: 300 }
    )
  })

  it("refuses with the rejections of its operation only", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const set = given(history(seats))
        for (const one of drawn) {
          const { answer } = Batch.decide([one], set).replies[0]!
          if (Result.isSuccess(answer)) continue
          const known: ReadonlyArray<{ readonly identifier: string }> = byOperation[one.command._tag]
          assert.include(["IdempotencyKeyReused", ...known.map(({ identifier }) => identifier)], answer.failure._tag)
        }
      }),
      { numRuns: 500 }
    )
  })

  it("R1, R6, W1, W4: the journal tells of legal steps only, and of promotions in the order of entry", () => {
    let promotions = 0
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const { changes } = Batch.decide([...history(seats), ...drawn], empty())
        for (const eventId of [EVENT, OTHER]) {
          const entries = changes.journal.filter((entry) => entry.eventId === eventId)
          promotions += entries.filter(({ event }) => event._tag === "RegistrationPromoted").length
          replay(entries)
        }
      }),
      { numRuns: 1_000 }
    )
    assert.isAbove(promotions, 200, "the histories have something to tell")
  })

  it("R1, R2, R3, W2, W3 hold after every request", () => {
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const set = given(history(seats))
        for (const one of drawn) {
          const taken = new Map(Array.from(set.events.values(), ({ counts, id: event }) => [event, seatsOf(counts)]))
          Batch.decide([one], set)
          for (const event of set.events.values()) {
            const registrations = [...set.registrations.values()].filter(({ eventId }) => eventId === event.id)
            const inState = (state: string) => registrations.filter((registration) => registration.state === state)
            const now = seatsOf(event.counts)
            assert.isTrue(now <= event.capacity || now <= (taken.get(event.id) ?? 0), "R1: or an overhang that shrinks")
            const active = registrations.filter(({ state }) => state !== "cancelled").map(({ attendee }) => attendee.id)
            assert.strictEqual(new Set(active).size, active.length, "R2, W3")
            const recount = {
              confirmed: inState("confirmed").length,
              waitlisted: inState("waitlisted").length,
              attended: inState("attended").length,
              noShow: inState("noShow").length
            }
            assert.deepStrictEqual(event.counts, recount, "R3")
            if (event.status === "published") {
              assert.isFalse(now < event.capacity && event.counts.waitlisted > 0, "W2")
            }
          }
        }
      }),
      { numRuns: 1_000 }
    )
  })
})

const seatsOf = (counts: { readonly confirmed: number; readonly attended: number; readonly noShow: number }) =>
  counts.confirmed + counts.attended + counts.noShow

describe("a raise of capacity by more than a batch", () => {
  const waiters = PROMOTION_BATCH + 5
  /** As many wait as one batch and five, and the capacity has just been raised to `seats`: the first batch is promoted. */
  const raised = (seats: number): WorkingSet => {
    const set = given([
      request({ _tag: "CreateEvent", event: input({ capacity: 0 }) }),
      request({ _tag: "PublishEvent", eventId: EVENT }),
      ...Array.from({ length: waiters }, (_, n) => register(n + 1))
    ])
    Batch.decide([request({ _tag: "ChangeCapacity", eventId: EVENT, capacity: seats, keepOverhang: false })], set)
    set.promoted.clear()
    return set
  }
  const counts = (set: WorkingSet) => {
    const { confirmed, waitlisted } = set.events.get(EVENT)!.counts
    return { confirmed, waitlisted }
  }

  it("promotes one batch at once", () => {
    assert.deepStrictEqual(counts(raised(waiters)), { confirmed: PROMOTION_BATCH, waitlisted: 5 })
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
    set.promoted.set(EVENT, PROMOTION_BATCH)
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

const cancel = (n: number) => request({ _tag: "CancelRegistration", eventId: EVENT, registrationId: registrationId(n) })
const confirm = (n: number) =>
  request({ _tag: "ConfirmRegistration", eventId: EVENT, registrationId: registrationId(n) })
const raise = (seats: number, keepOverhang = false) =>
  request({ _tag: "ChangeCapacity", eventId: EVENT, capacity: seats, keepOverhang })
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
      idempotency: { scope: scope("p", "Register", "k"), fingerprint: `${n}`, expiresAt: DURING }
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
    const set = full(0, PROMOTION_BATCH + 5)
    const promoted = tags(Batch.decide([raise(10), raise(PROMOTION_BATCH + 5)], set)).filter(
      (tag) => tag === "RegistrationPromoted"
    )
    assert.strictEqual(promoted.length, PROMOTION_BATCH)
  })

  it("that raises and then lowers the capacity is decided on the footprint as on the whole", () => {
    const batch = [raise(4), raise(4), raise(2, true)]
    assert.deepStrictEqual(Batch.decide(batch, partOf(full(0, 5), batch)), Batch.decide(batch, full(0, 5)))
  })
})

describe("while promotions are under way", () => {
  const waiters = PROMOTION_BATCH * 2 + 20
  const underWay = () => {
    const set = full(3, waiters)
    Batch.decide([raise(PROMOTION_BATCH * 2 + 10)], set)
    set.promoted.clear()
    return set
  }

  it.each([
    ["cancellations", [cancel(1), cancel(2), cancel(3)]],
    ["a chosen waiter", [confirm(PROMOTION_BATCH * 2 + 5), cancel(1)]]
  ])("%s are decided on the footprint as on the whole", (_what, batch) => {
    assert.deepStrictEqual(Batch.decide(batch, partOf(underWay(), batch)), Batch.decide(batch, underWay()))
  })

  it("a cancelled event promotes nobody any more", () => {
    const set = full(0, 3)
    set.events.set(EVENT, { ...set.events.get(EVENT)!, capacity: 3, status: "cancelled" })
    assert.deepStrictEqual(tags(Batch.decide([cancel(1)], set)), [])
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

  it("I6: a record counts until it expires, and not from then on", () => {
    const answer = Result.fail(new EventNotFound({ eventId: EVENT }))
    const asked = { scope: scope("p", "Register", "k"), fingerprint: "f", expiresAt: DURING }
    const record: IdempotencyRecord = { ...asked, requestId: id(1), answer, createdAt: BEFORE }
    assert.isDefined(recall(record, asked, new Date(DURING.getTime() - 1)))
    assert.isUndefined(recall(record, asked, DURING))
  })

  it("a fingerprint tells dates apart, and does not mind the order of fields", () => {
    const one = { _tag: "CreateEvent" as const, event: input() }
    assert.notStrictEqual(fingerprint(one), fingerprint({ ...one, event: { ...one.event, startsAt: BEFORE } }))
    const reversed = Object.fromEntries(Object.entries(one.event).toReversed()) as typeof one.event
    assert.strictEqual(fingerprint(one), fingerprint({ event: reversed, _tag: "CreateEvent" }))
  })
})
