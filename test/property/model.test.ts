/**
 * The decider beside a model that says the same in the plainest way: on ten thousand random histories, and on every history
 * of a few clients.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import type { Changes } from "@turnout/core/admission/domain/state/Changes"
import { scope } from "@turnout/core/admission/domain/state/Idempotency"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import { Result } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { empty, EVENT, id, input, register, registrationId, request } from "../domain/Deciding.ts"
import { replay } from "../support/Invariants.ts"
import { requests } from "./Commands.ts"
import { Model } from "./Model.ts"

const RUNS = 10_000

const toAnswer = ({ answer }: Batch.Reply): string => {
  if (Result.isFailure(answer)) return answer.failure._tag
  if (!("registration" in answer.success)) return "ok"
  const { registration } = answer.success
  const position = "waitlistPosition" in answer.success ? answer.success.waitlistPosition : null
  return position === null ? registration.state : `${registration.state} ${position}`
}

interface Compared {
  readonly answers: ReadonlyArray<string>
  readonly changes: Changes
}

/** Asks both, and shows that they agree: on each answer, and on what there is afterwards. */
const compare = (asked: ReadonlyArray<Request>): Compared => {
  const set = empty()
  const model = new Model()
  const { changes, replies } = Batch.decide(asked, set)
  const answers = asked.map((one) => model.ask(one))
  assert.deepStrictEqual(replies.map(toAnswer), answers)
  const found = Array.from(set.registrations.values(), ({ id, state }) => [id, state] as const)
  assert.deepStrictEqual<unknown>(found, model.registrations())
  const { version, revision } = model
  if (model.event === undefined) assert.isFalse(set.events.has(EVENT))
  else {
    const { capacity, details, status } = model.event
    assert.deepInclude(set.events.get(EVENT)!, { ...details, capacity, status, version, revision })
  }
  assert.isTrue(changes.journal.every(({ version }, index) => version === index + 1))
  return { answers, changes }
}

describe("the decider", () => {
  it("R1–R3, R5, R6, W1–W4: answers as the model does, and leaves everything as it does", { timeout: 120_000 }, () => {
    const answers = new Set<string>()
    fc.assert(
      fc.property(requests, (asked) => {
        for (const answer of compare(asked).answers) answers.add(answer.replace(/ \d+$/, ""))
      }),
      { numRuns: RUNS }
    )
    assert.includeMembers([...answers], EVERY_ANSWER)
  })
})

/** A run in which one of these never came up would have shown nothing of it. */
const EVERY_ANSWER = [
  "ok",
  "confirmed",
  "waitlisted",
  "cancelled",
  "attended",
  "noShow",
  "EventNotFound",
  "EventAlreadyExists",
  "EventWasDeleted",
  "EventHadRegistrations",
  "VersionConflict",
  "EventStatusConflict",
  "EventHasRegistrations",
  "EventNotStarted",
  "EventOver",
  "ScheduleInvalid",
  "CapacityBelowSeatsTaken",
  "DemotionsMismatch",
  "DoorsNotOpen",
  "RegistrationNotOpen",
  "RegistrationClosed",
  "CapacityFull",
  "WaitlistFull",
  "AlreadyRegistered",
  "RegistrationNotFound",
  "RegistrationStateConflict"
]

/** Every order in which clients can come, each of whom does its own things in its own order. */
function* interleavings<A>(clients: ReadonlyArray<ReadonlyArray<A>>): Generator<ReadonlyArray<A>> {
  if (clients.every((own) => own.length === 0)) return yield []
  for (const [index, own] of clients.entries()) {
    const [first, ...rest] = own
    if (first === undefined) continue
    for (const others of interleavings(clients.with(index, rest))) yield [first, ...others]
  }
}

/**
 * What one fault makes of a history: a request gets lost on its way, and is sent again when everybody else is done; or its
 * answer gets lost, and it is sent again at once, or then.
 */
function* faults(history: ReadonlyArray<Request>): Generator<ReadonlyArray<Request>> {
  for (const [index, one] of history.entries()) {
    const again: Request = { ...one, freshId: id(AGAIN) }
    yield [...history.toSpliced(index, 1), again]
    yield [...history, again]
    yield history.toSpliced(index + 1, 0, again)
  }
}

/** The number of what would be made by a request that is sent again, if it were not known. */
const AGAIN = 500

describe("small scopes, exhaustively", () => {
  /** Under a key of its own. */
  const keyed = (key: string, asked: Request): Request => ({
    ...asked,
    idempotency: {
      scope: scope("test", asked.command._tag, key),
      fingerprint: key,
      ttlMillis: 60_000,
      refusalTtlMillis: 60_000
    }
  })
  const enter = (person: number, number = person): Request =>
    keyed(`enter ${number}`, { ...register(person), freshId: registrationId(number) })
  const leave = (number: number): Request =>
    keyed(
      `leave ${number}`,
      request({ _tag: "CancelRegistration", eventId: EVENT, registrationId: registrationId(number) })
    )
  const scopes = [
    { clients: 3, script: (n: number) => [enter(n), leave(n), enter(n, n + 10)] },
    { clients: 4, script: (n: number) => [enter(n), leave(n)] }
  ]
  const opening = [
    request({ _tag: "CreateEvent", event: input({ capacity: 2 }) }),
    request({ _tag: "PublishEvent", eventId: EVENT })
  ]

  it.each(scopes)(
    "R1, R2, W1, W2, W4, I1: $clients clients and 2 seats in every order, with every single loss",
    { timeout: 120_000 },
    ({ clients, script }) => {
      const own = Array.from({ length: clients }, (_, index) => script(index + 1))
      let histories = 0
      for (const order of interleavings(own)) {
        replay(compare([...opening, ...order]).changes.journal)
        histories += 1
        for (const history of faults(order)) {
          compare([...opening, ...history])
          histories += 1
        }
      }
      assert.isAbove(histories, 40_000)
    }
  )
})
