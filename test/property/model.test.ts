/**
 * The decider beside a model that says the same in the plainest way, on ten thousand random histories.
 */
import * as Batch from "@turnout/core/domain/Batch"
import type { Command } from "@turnout/core/domain/Command"
import type { Request } from "@turnout/core/domain/Request"
import { Result } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { EVENT, given, input, register, registrationId, request } from "../domain/Deciding.ts"
import { replay } from "../support/Invariants.ts"
import { type Ask, Model } from "./Model.ts"

const RUNS = 10_000

const toRequest = (asked: Ask): Request => {
  if (asked.kind === "register") {
    const { command, ...rest } = register(asked.number)
    const attendee = { id: `person-${asked.person}` as never, name: "", email: `person-${asked.person}@example.com` }
    return { ...rest, command: { ...command, attendee } as Command }
  }
  if (asked.kind === "capacity") {
    const { capacity, keepOverhang } = asked
    return request({ _tag: "ChangeCapacity", eventId: EVENT, capacity, keepOverhang })
  }
  const tags = { cancel: "CancelRegistration", confirm: "ConfirmRegistration", attended: "MarkAttended" } as const
  return request({ _tag: tags[asked.kind], eventId: EVENT, registrationId: registrationId(asked.number) })
}

const toAnswer = ({ answer }: Batch.Reply): string => {
  if (Result.isFailure(answer)) return answer.failure._tag
  if (!("registration" in answer.success)) return "ok"
  const { registration } = answer.success
  const position = "waitlistPosition" in answer.success ? answer.success.waitlistPosition : null
  return position === null ? registration.state : `${registration.state} ${position}`
}

/** Asks about few people, and mostly about registrations that are there. */
const asks: fc.Arbitrary<ReadonlyArray<Ask>> = fc
  .array(
    fc.record({
      kind: fc.constantFrom("register", "register", "register", "cancel", "cancel", "confirm", "attended", "capacity"),
      person: fc.integer({ min: 1, max: 8 }),
      target: fc.nat(30),
      capacity: fc.integer({ min: 0, max: 5 }),
      keepOverhang: fc.boolean()
    }),
    { minLength: 1, maxLength: 30, size: "max" }
  )
  .map((drawn) =>
    drawn.map(({ capacity, keepOverhang, kind, person, target }, index): Ask => {
      if (kind === "register") return { kind, number: index + 1, person }
      if (kind === "capacity") return { kind, capacity, keepOverhang }
      return { kind: kind as "cancel", number: (target % (index + 1)) + 1 }
    })
  )

const start = (capacity: number) =>
  given([
    request({ _tag: "CreateEvent", event: input({ capacity }) }),
    request({ _tag: "PublishEvent", eventId: EVENT })
  ])

describe("the decider", () => {
  it("R1–R3, W1–W4: answers as the model does, and leaves everybody in the same state", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), asks, (capacity, all) => {
        const set = start(capacity)
        const model = new Model(capacity)
        const { changes, replies } = Batch.decide(all.map(toRequest), set)
        assert.deepStrictEqual(
          replies.map(toAnswer),
          all.map((asked) => model.ask(asked))
        )
        const found = Array.from(set.registrations.values(), ({ id, state }) => [id, state] as const)
        assert.deepStrictEqual<unknown>(found, model.registrations())
        assert.strictEqual(set.events.get(EVENT)!.capacity, model.capacity)
        assert.isTrue(changes.journal.every(({ version }, index) => version === index + 3))
      }),
      { numRuns: RUNS }
    )
  })
})

/** Every order in which clients can come, each of whom does its own things in its own order. */
function* interleavings(clients: ReadonlyArray<ReadonlyArray<Ask>>): Generator<ReadonlyArray<Ask>> {
  if (clients.every((own) => own.length === 0)) return yield []
  for (const [index, own] of clients.entries()) {
    const [first, ...rest] = own
    if (first === undefined) continue
    for (const others of interleavings(clients.with(index, rest))) yield [first, ...others]
  }
}

describe("small scopes, exhaustively", () => {
  const scopes = [
    {
      clients: 3,
      script: (n: number): ReadonlyArray<Ask> => [
        { kind: "register", number: n, person: n },
        { kind: "cancel", number: n },
        { kind: "register", number: n + 10, person: n }
      ]
    },
    {
      clients: 4,
      script: (n: number): ReadonlyArray<Ask> => [
        { kind: "register", number: n, person: n },
        { kind: "cancel", number: n }
      ]
    }
  ]

  it.each(scopes)(
    "R1, R2, W1, W2, W4: $clients clients and 2 seats in every order, each request of each asked twice",
    { timeout: 120_000 },
    ({ clients, script }) => {
      const own = Array.from({ length: clients }, (_, index) => script(index + 1))
      let histories = 0
      for (const asked of interleavings(own)) {
        for (let repeated = -1; repeated < asked.length; repeated++) {
          histories += 1
          // One of them is sent again, right behind itself, as by a client that did not hear.
          const sent = repeated < 0 ? asked : asked.toSpliced(repeated + 1, 0, asked[repeated]!)
          const model = new Model(2)
          const set = start(2)
          const { changes, replies } = Batch.decide(sent.map(toRequest), set)
          assert.deepStrictEqual(
            replies.map(toAnswer),
            sent.map((one) => model.ask(one))
          )
          replay([
            { version: 1, event: { _tag: "EventCreated", details: {} as never, capacity: 2 } },
            { version: 2, event: { _tag: "EventPublished" } },
            ...changes.journal
          ])
        }
      }
      assert.isAbove(histories, 1_000)
    }
  )
})
