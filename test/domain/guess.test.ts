/**
 * When a batch may be decided without looking: what it looks for, and what writing its changes proves.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { footprint } from "@turnout/core/admission/domain/state/Footprint"
import { isGuessable, provesEvents, provesNewcomers } from "@turnout/core/admission/domain/Guess"
import { scope } from "@turnout/core/admission/domain/state/Idempotency"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { make, nothing } from "@turnout/core/admission/domain/state/WorkingSet"
import { assert, describe, it } from "vitest"
import { EVENT, given, id, input, register, registrationId, request } from "./Deciding.ts"

const OTHER = id(500) as EventId

const create = (eventId: EventId) =>
  request({ _tag: "CreateEvent", event: input({ id: eventId, waitlist: "closed" }) }, { freshId: eventId })
const published = given([
  ...[EVENT, OTHER].map(create),
  ...[EVENT, OTHER].map((eventId) => request({ _tag: "PublishEvent", eventId }))
])

const keyed = (one: Request, key: string): Request => ({
  ...one,
  idempotency: {
    scope: scope("ada", one.command._tag, key),
    fingerprint: key,
    ttlMillis: 1_000,
    refusalTtlMillis: 1_000
  }
})

/** What is decided about two published events if nothing else is there. */
const guess = (batch: ReadonlyArray<Request>) => {
  const events = [...published.events.values()]
  return Batch.decide(batch, make({ ...nothing, events })).changes
}

const newcomers = [keyed(register(1), "a"), keyed(register(2), "b")]
const renamed = request({ _tag: "UpdateEvent", eventId: OTHER, changes: { title: "Other" } })

describe("a guess", () => {
  it("is about nobody who is there: a registration that is named, or the head of the list, is looked for", () => {
    const cancelled = request({ _tag: "CancelRegistration", eventId: EVENT, registrationId: registrationId(1) })
    const raised = request({ _tag: "ChangeCapacity", eventId: EVENT, capacity: 9, keepOverhang: false, demote: null })
    assert.isTrue(isGuessable(footprint(newcomers)))
    assert.isFalse(isGuessable(footprint([...newcomers, cancelled])))
    assert.isFalse(isGuessable(footprint([...newcomers, raised])))
  })

  it("is about no rows of a kind of which writing proves nothing", () => {
    const needed = { ...footprint(newcomers), others: [] as ReadonlyArray<string> }
    assert.isTrue(isGuessable(needed))
    assert.isFalse(isGuessable({ ...needed, others: ["one"] } as typeof needed))
  })

  it("R2: is proved by making everybody it looked for, and by nothing less", () => {
    const looked = footprint(newcomers)
    assert.isTrue(provesNewcomers(looked, guess(newcomers)))
    // The third of two seats is told that it is full, and might be somebody who has one.
    const full = [...newcomers, keyed(register(3), "c")]
    assert.isFalse(provesNewcomers(footprint(full), guess(full)))
  })

  it("I1: is proved by making every key it looked for, and by nothing less", () => {
    const changes = guess(newcomers)
    assert.lengthOf(changes.idempotency, 2)
    const forgetful = { ...changes, idempotency: changes.idempotency.slice(1) }
    assert.isFalse(provesNewcomers(footprint(newcomers), forgetful))
  })

  it("C1: of how events are is proved by moving each of them on", () => {
    const both = [...newcomers, { ...register(3), command: { ...register(3).command, eventId: OTHER } } as Request]
    assert.isTrue(provesEvents(footprint(newcomers), guess(newcomers)))
    assert.isTrue(provesEvents(footprint(both), guess(both)))
    assert.isFalse(provesEvents(footprint(both), guess(newcomers)))
    // What an event says of itself is written without looking at what it was.
    assert.isFalse(provesEvents(footprint([...newcomers, renamed]), guess([...newcomers, renamed])))
  })
})
