/**
 * Which rows a batch needs, and how a part of the state follows the journal.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { footprint, nothing as noRows, withDueSteps } from "@turnout/core/admission/domain/state/Footprint"
import { type IdempotencyRecord, scope } from "@turnout/core/admission/domain/state/Idempotency"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { STEP_SIZE } from "@turnout/core/admission/domain/model/Steps"
import { stepsLeft } from "@turnout/core/admission/domain/state/RegistrationRows"
import { evolve, make, nothing } from "@turnout/core/admission/domain/state/WorkingSet"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import {
  DURING,
  empty,
  EVENT,
  everything,
  given,
  id,
  input,
  ORGANIZATION,
  publish,
  register,
  registrationId,
  request
} from "./Deciding.ts"

const OTHER = id(1_000_000) as EventId
const EMPTY = { ...noRows, events: [EVENT] }
const create = request({ _tag: "CreateEvent", event: input({ capacity: 1 }) })
const about = (_tag: "CancelRegistration" | "ConfirmRegistration" | "MarkAttended" | "MarkNoShow", n: number) =>
  request({ _tag, eventId: EVENT, registrationId: registrationId(n), beyond: null, early: true } as Command)
const raise = (capacity: number, eventId = EVENT) =>
  request({ _tag: "ChangeCapacity", eventId, capacity, keepOverhang: false, demote: null })
const person = (n: number) => ({ eventId: EVENT, attendeeId: `person-${n}` as never })
const row = (n: number) => ({ eventId: EVENT, registrationId: registrationId(n) })
const life = (_tag: "CancelEvent" | "ReopenEvent" | "DeleteEvent", eventId = EVENT) => request({ _tag, eventId })

describe("the footprint", () => {
  it("of no requests is nothing", () => {
    assert.deepStrictEqual(Object.values(noRows).flat(), [])
  })

  it("of registering is the attendee", () => {
    assert.deepStrictEqual(footprint([register(1)]), { ...EMPTY, attendees: [person(1)] })
  })

  it("has everybody and everything once, and events in their order", () => {
    const elsewhere: Request = { ...register(1), command: { ...register(1).command, eventId: OTHER } as never }
    const needed = footprint([
      elsewhere,
      register(2),
      register(1),
      register(2),
      about("MarkAttended", 5),
      raise(2, OTHER)
    ])
    assert.deepStrictEqual(needed, {
      ...noRows,
      events: [EVENT, OTHER],
      attendees: [{ ...person(1), eventId: OTHER }, person(2), person(1)],
      registrations: [row(5)],
      waiting: [{ eventId: OTHER, limit: 2 }]
    })
    assert.deepStrictEqual(footprint([about("MarkNoShow", 5), about("MarkAttended", 5)]).registrations, [row(5)])
  })

  it("has one waiter for each who cancels or is confirmed, since they may leave the head of the list", () => {
    const needed = footprint([
      about("CancelRegistration", 1),
      about("ConfirmRegistration", 2),
      about("MarkAttended", 3)
    ])
    assert.deepStrictEqual(needed, {
      ...EMPTY,
      registrations: [row(1), row(2), row(3)],
      waiting: [{ eventId: EVENT, limit: 2 }]
    })
    assert.deepStrictEqual(footprint([publish, create]), {
      ...EMPTY,
      waiting: [{ eventId: EVENT, limit: STEP_SIZE }],
      named: [EVENT]
    })
  })

  it("of raises has as many waiters as the highest could promote, and never more than a batch of them", () => {
    assert.deepStrictEqual(footprint([raise(3), raise(7), raise(5)]).waiting, [{ eventId: EVENT, limit: 7 }])
    assert.deepStrictEqual(footprint([raise(1_000_000)]).waiting, [{ eventId: EVENT, limit: STEP_SIZE }])
    assert.deepStrictEqual(footprint([raise(2), about("CancelRegistration", 1)]).waiting, [
      { eventId: EVENT, limit: 3 }
    ])
  })

  it("of a deletion is the first registration, which tells whether there ever was one", () => {
    assert.deepStrictEqual(footprint([life("DeleteEvent")]), { ...EMPTY, firsts: [EVENT] })
  })

  it("of a cancelled or reopened event is a step and one more, and each that the batch may change before it", () => {
    const before = [about("MarkAttended", 1), about("MarkNoShow", 2)]
    const needed = { ...EMPTY, registrations: [row(1), row(2)] }
    assert.deepStrictEqual(footprint([...before, life("CancelEvent")]), {
      ...needed,
      ending: [{ eventId: EVENT, limit: STEP_SIZE + 3 }]
    })
    assert.deepStrictEqual(footprint([...before, life("ReopenEvent")]), {
      ...needed,
      waiting: [{ eventId: EVENT, limit: STEP_SIZE }],
      returning: [{ eventId: EVENT, limit: STEP_SIZE + 3 }]
    })
  })

  it("of a creation has the id and the organization that the caller has named, and else neither", () => {
    const { id: _, ...unnamed } = input()
    assert.deepStrictEqual(footprint([request({ _tag: "CreateEvent", event: unnamed }, { freshId: EVENT })]), EMPTY)
    const named = input({ id: OTHER, organizationId: ORGANIZATION })
    assert.deepStrictEqual(footprint([request({ _tag: "CreateEvent", event: named }, { freshId: EVENT })]), {
      ...noRows,
      events: [OTHER],
      named: [OTHER],
      organizations: [ORGANIZATION]
    })
  })

  it("has every key once", () => {
    const withKey = (key: string): Request => ({
      ...publish,
      idempotency: {
        scope: scope("ada", "PublishEvent", key),
        fingerprint: key,
        ttlMillis: 1_000,
        refusalTtlMillis: 1_000
      }
    })
    const needed = footprint([withKey("a"), withKey("b"), withKey("a"), publish])
    assert.deepStrictEqual(
      needed.idempotency.map(({ key }) => key),
      ["a", "b"]
    )
  })

  it("grows by a batch of waiters where promotions are due, and nowhere else", () => {
    const event = given([create, publish, register(1), register(2)]).events.get(EVENT)!
    const needed = footprint([register(3), about("CancelRegistration", 1)])
    assert.strictEqual(withDueSteps(needed, [event]), needed)
    const due = withDueSteps(needed, [{ ...event, capacity: 9 }])
    assert.deepStrictEqual(due, { ...needed, waiting: [{ eventId: EVENT, limit: 1 + STEP_SIZE }] })
    const other = { ...event, id: OTHER, capacity: 9 }
    assert.deepStrictEqual(withDueSteps(needed, [event, other]).waiting, [
      { eventId: EVENT, limit: 1 },
      { eventId: OTHER, limit: STEP_SIZE }
    ])
  })

  it("grows by a step and one more where registrations are to end or to come back", () => {
    const event = given([create, publish, register(1), register(2)]).events.get(EVENT)!
    const needed = footprint([about("CancelRegistration", 1)])
    assert.deepStrictEqual(withDueSteps(needed, [{ ...event, status: "cancelled" }]), {
      ...needed,
      ending: [{ eventId: EVENT, limit: STEP_SIZE + 1 }]
    })
    assert.deepStrictEqual(withDueSteps(needed, [{ ...event, status: "reopening" }]), {
      ...needed,
      waiting: [{ eventId: EVENT, limit: 1 + STEP_SIZE }],
      returning: [{ eventId: EVENT, limit: STEP_SIZE + 1 }]
    })
  })

  it.each([
    ["is completed, though a seat is free and somebody waits", { status: "completed", capacity: 9 }, [1, 1]],
    ["is cancelled, and all of whose registrations have ended", { status: "cancelled", capacity: 9 }, [0, 0]]
  ] as const)("does not grow for an event that %s", (_what, changes, [confirmed, waitlisted]) => {
    const event = given([create, publish]).events.get(EVENT)!
    const needed = footprint([about("CancelRegistration", 1)])
    const one = { ...event, ...changes, counts: { ...event.counts, confirmed, waitlisted } }
    assert.strictEqual(withDueSteps(needed, [one]), needed)
  })
})

describe("a working set", () => {
  const whole = given([create, publish, register(1), register(2), register(3)])
  const [event] = [...whole.events.values()]
  const row3 = whole.registrations.get(registrationId(3))!

  it("W1: keeps the head of the list when somebody behind it leaves", () => {
    const set = make({
      ...nothing,
      events: [event!],
      registrations: [row3],
      waiting: [whole.registrations.get(registrationId(2))!]
    })
    const registration = { ...row3, state: "cancelled" as const }
    const occurredAt = new Date(0)
    const metadata = { actor: "ada", correlationId: null, causationId: null }
    const cancelled = { _tag: "RegistrationCancelled", registration, from: "waitlisted" } as const
    evolve(set, { eventId: EVENT, version: event!.version + 1, event: cancelled, metadata, occurredAt })
    assert.deepStrictEqual(set.waiting.get(EVENT), [registrationId(2)])
    assert.isUndefined(set.active.get(EVENT)!.get("person-3" as never))
    assert.strictEqual(set.events.get(EVENT)!.counts.waitlisted, 1)
  })

  it("has nothing left of an event that was deleted but that it was deleted", () => {
    const set = given([create])
    Batch.decide([life("DeleteEvent")], set)
    assert.deepStrictEqual(set, { ...empty(), deleted: new Set([EVENT]) })
  })

  it("tells the registrations of an event from those of another one", () => {
    const set = given([create, request({ _tag: "CreateEvent", event: input({ id: OTHER }) }), publish, register(1)])
    const [{ answer }] = Batch.decide([life("DeleteEvent", OTHER)], set).replies as [Batch.Reply]
    assert.deepStrictEqual(answer, Result.succeed({ deleted: OTHER }))
  })

  it("I1: remembers the records that it was made from", () => {
    const one: Request = {
      ...register(4),
      idempotency: {
        scope: scope("ada", "Register", "k"),
        fingerprint: "f",
        ttlMillis: 1_000,
        refusalTtlMillis: 1_000
      }
    }
    const answer = Result.succeed({ registration: row3, waitlistPosition: 7 })
    const record: IdempotencyRecord = {
      scope: scope("ada", "Register", "k"),
      fingerprint: "f",
      expiresAt: DURING,
      requestId: id(3),
      answer,
      createdAt: one.now
    }
    const set = make({ ...nothing, events: [event!], idempotency: [record] })
    const { changes, replies } = Batch.decide([one], set)
    assert.deepStrictEqual(replies, [{ answer, replayed: true }])
    assert.deepStrictEqual(changes.journal, [])
  })

  it("W1: keeps everybody's place in the list, whoever is corrected, demoted or reinstated", () => {
    const correct = request({
      _tag: "CorrectRegistration",
      eventId: EVENT,
      registrationId: registrationId(2),
      changes: { notes: "vegan" }
    })
    const demote = request({ _tag: "ChangeCapacity", eventId: EVENT, capacity: 0, keepOverhang: false, demote: 1 })
    const reinstate = request({ _tag: "ReinstateRegistration", eventId: EVENT, registrationId: registrationId(2) })
    const set = everything(whole)
    const after = (one: Request) => {
      Batch.decide([one], set)
      return set.waiting.get(EVENT)
    }
    const [first, second, third] = [registrationId(1), registrationId(2), registrationId(3)]
    assert.deepStrictEqual(after(correct), [second, third])
    assert.deepStrictEqual(after(demote), [first, second, third])
    assert.deepStrictEqual(after(about("CancelRegistration", 2)), [first, third])
    assert.deepStrictEqual(after(reinstate), [first, second, third])
  })

  it("changes nothing that it was made from", () => {
    const before = structuredClone(event!)
    const set = make({ ...nothing, events: [event!] })
    Batch.decide([register(7)], set)
    assert.deepStrictEqual(event, before)
  })

  it("has a batch of promotions to give, less those that it has given", () => {
    const set = given([create, publish, register(1), register(2), register(3)])
    assert.strictEqual(stepsLeft(set, EVENT), STEP_SIZE)
    Batch.decide([raise(2)], set)
    assert.strictEqual(stepsLeft(set, EVENT), STEP_SIZE - 1)
    Batch.decide([raise(3)], set)
    assert.strictEqual(stepsLeft(set, EVENT), STEP_SIZE - 2)
  })
})
