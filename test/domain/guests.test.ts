/**
 * Guests: which rules an entry of the journal says that staff have set aside for one, and which it does not.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import type { EventInput } from "@turnout/core/admission/domain/model/Event"
import type { Register } from "@turnout/core/admission/domain/model/Register"
import { type BeyondCapacity, CapacityFull, MAX_CAPACITY } from "@turnout/core/admission/domain/model/Seats"
import { STEP_SIZE } from "@turnout/core/admission/domain/model/Steps"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import type { WorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import { BEFORE, EVENT, given, input, publish, register, registrationId, request } from "./Deciding.ts"

/** The n-th person is registered by staff. */
const guest = (n: number, now = BEFORE, beyond: BeyondCapacity | null = null): Request => {
  const { command, freshId } = register(n)
  const { attendee, eventId, notes } = command as Register
  return request({ _tag: "RegisterGuest", eventId, attendee, notes, beyond }, { now, freshId })
}
const published = (changes: Partial<EventInput> = {}, registered = 0): WorkingSet =>
  given([
    request({ _tag: "CreateEvent", event: input(changes) }),
    publish,
    ...Array.from({ length: registered }, (_, n) => register(n + 1))
  ])
/** What has happened, without the registrations that it has happened to. */
const told = (set: WorkingSet, one: Request) =>
  Batch.decide([one], set).changes.journal.map(({ event }) => {
    if (!("registration" in event)) return event
    const { registration: _, ...rest } = event
    return rest
  })

const opensAt = new Date("2030-02-01T00:00:00.000Z")
const closesAt = new Date("2030-03-01T00:00:00.000Z")
const window = { registrationOpensAt: opensAt, registrationClosesAt: closesAt }

describe("a guest who meets every rule", () => {
  it.each([
    ["gets a seat", published(), BEFORE],
    ["gets a seat at the moment at which registration opens", published(window), opensAt],
    ["gets a seat just before registration closes", published(window), new Date(closesAt.getTime() - 1)]
  ])("%s, and the journal names no rule", (_what, set, now) => {
    assert.deepStrictEqual(told(set, guest(9, now)), [{ _tag: "AttendeeRegistered" }])
  })

  it.each([
    ["has no limit", { waitlistLimit: null }],
    ["has not reached its limit", { waitlistLimit: 2 }]
  ])("joins a waitlist that %s, and the journal names no rule", (_what, changes) => {
    const set = published({ capacity: 0, ...changes }, 1)
    assert.deepStrictEqual(told(set, guest(9)), [{ _tag: "AttendeeWaitlisted" }])
  })

  it("W1: joins a closed and full waitlist where a seat is due as well, and the journal names no rule", () => {
    const set = published({ capacity: 0 }, 1)
    // As a raise leaves it whose promotions cannot be carried on in this batch: two seats are free, and one person waits.
    set.events.set(EVENT, { ...set.events.get(EVENT)!, capacity: 2, waitlist: "closed", waitlistLimit: 0 })
    set.steps.set(EVENT, STEP_SIZE)
    assert.deepStrictEqual(told(set, guest(8)), [{ _tag: "AttendeeWaitlisted" }])
    assert.deepStrictEqual(told(set, guest(9)), [
      { _tag: "AttendeeWaitlisted", setAside: ["waitlist", "waitlistLimit"] }
    ])
  })
})

describe("a guest beyond the capacity", () => {
  it.each([
    ["the window of registration and the capacity", BEFORE, ["registrationOpensAt", "capacity"]],
    ["the capacity only", opensAt, ["capacity"]]
  ] as const)("sets aside %s", (_what, now, setAside) => {
    const set = published({ capacity: 0, ...window })
    assert.deepStrictEqual(told(set, guest(9, now, "raise")), [
      { _tag: "CapacityChanged", from: 0, to: 1 },
      { _tag: "AttendeeRegistered", setAside }
    ])
  })

  /** An event all of whose seats are taken. */
  const full = (capacity: number): WorkingSet => {
    const set = published({ capacity: 0 })
    const event = set.events.get(EVENT)!
    set.events.set(EVENT, { ...event, capacity, counts: { ...event.counts, confirmed: capacity } })
    return set
  }

  it("raises the capacity to the largest that there is, and no further", () => {
    assert.deepStrictEqual(told(full(MAX_CAPACITY - 1), guest(9, BEFORE, "raise")), [
      { _tag: "CapacityChanged", from: 999_999, to: 1_000_000 },
      { _tag: "AttendeeRegistered", setAside: ["capacity"] }
    ])
    const { changes, replies } = Batch.decide([guest(9, BEFORE, "raise")], full(MAX_CAPACITY))
    const refused = new CapacityFull({ eventId: EVENT, capacity: 1_000_000, waitlistLength: 0 })
    assert.deepStrictEqual(replies[0]!.answer, Result.fail(refused))
    assert.deepStrictEqual(changes.journal, [])
  })

  it("goes beyond the largest capacity by an overhang", () => {
    const set = full(MAX_CAPACITY)
    assert.deepStrictEqual(told(set, guest(9, BEFORE, "overhang")), [
      { _tag: "AttendeeRegistered", setAside: ["capacity"] }
    ])
    assert.strictEqual(set.registrations.get(registrationId(9))!.state, "confirmed")
  })
})
