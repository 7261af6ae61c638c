import { assert, describe, it } from "@effect/vitest"
import * as EngineMetrics from "@turnout/core/admission/application/engine/EngineMetrics"
import * as Lanes from "@turnout/core/admission/application/engine/Lanes"
import type { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import type { Reply } from "@turnout/core/admission/domain/Batch"
import { eventIdOf, type PendingRequest, type Request } from "@turnout/core/admission/domain/state/Request"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Cause, Context, Effect, Exit, Fiber, Latch, Metric, Result, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { id, request } from "../domain/Deciding.ts"

/** The n-th command, about an event. */
const command = (n: number, event = 0): Request =>
  request({ _tag: "PublishEvent", eventId: id(event) as never }, { freshId: id(n) })

const numberOf = (text: string): number => Number(text.slice(-12))

/** The commands from one number to another, about an event. */
const commands = (from: number, to: number, event = 0): ReadonlyArray<PendingRequest> =>
  Array.from({ length: to - from + 1 }, (_, index) => command(from + index, event))

/** A reply that shows which command it answers. */
const replyTo = ({ freshId }: PendingRequest): Reply => ({
  answer: Result.succeed({ event: { id: freshId } as never }),
  replayed: false
})

const { Contention, NotMigrated, OutcomeUnknown, Unavailable, Unexpected } = StoreError
const REASONS = { Contention, NotMigrated, OutcomeUnknown, Unavailable, Unexpected }

const failure = (reason: keyof typeof REASONS, what = "") =>
  new StoreError.StoreError({ reason: new REASONS[reason]({ cause: new Error(what) }) })

/** A transaction of requests that are known. */
type CommitClosed = (requests: ReadonlyArray<PendingRequest>) => ReturnType<Lanes.Commit>

/** Closes the batch at once. */
const atOnce =
  (commit: CommitClosed): Lanes.Commit =>
  (_, close) =>
    commit(close())

/** A store that notes what it is asked, can be held up, and does with a batch whatever a test wants it to. */
const makeStore = (
  carryOut: (batch: ReadonlyArray<number>) => Effect.Effect<void, StoreError.StoreError> = () => Effect.void
) => {
  const gate = Latch.makeUnsafe(true)
  const asked: Array<ReadonlyArray<number>> = []
  const committed: Array<PendingRequest> = []
  const underway: Array<ReadonlyArray<PendingRequest>> = []
  const store = {
    gate,
    /** Every batch that was asked for, the parts of a split one included. */
    asked,
    committed,
    /** The most transactions under way at once. */
    mostAtOnce: 0,
    /** Whether two transactions under way at once have ever been about the same event. */
    metOverAnEvent: false,
    numbers: () => committed.map(({ freshId }) => numberOf(freshId)),
    commit: (requests: ReadonlyArray<PendingRequest>) => {
      const events = new Set(requests.map(eventIdOf))
      store.metOverAnEvent ||= underway.flat().some((other) => events.has(eventIdOf(other)))
      underway.push(requests)
      store.mostAtOnce = Math.max(store.mostAtOnce, underway.length)
      const batch = requests.map(({ freshId }) => numberOf(freshId))
      asked.push(batch)
      return gate.await.pipe(
        Effect.andThen(Effect.suspend(() => carryOut(batch))),
        Effect.map(() => {
          committed.push(...requests)
          return requests.map(replyTo)
        }),
        Effect.ensuring(Effect.sync(() => underway.splice(underway.indexOf(requests), 1)))
      )
    }
  }
  return store
}

/** A caller who waits for the answer. */
const call = (lanes: Lanes.Lanes, request: PendingRequest) =>
  Effect.forkChild(lanes.submit(request), { startImmediately: true })

const callAll = (lanes: Lanes.Lanes, requests: ReadonlyArray<PendingRequest>) =>
  Effect.forEach(requests, (request) => call(lanes, request))

type Caller = Fiber.Fiber<Reply, StoreError.StoreError | Overloaded>

/** What a caller has been told, in a few words. */
const wordsOf = (exit: Exit.Exit<Reply, StoreError.StoreError | Overloaded>): string => {
  if (Exit.isSuccess(exit)) {
    const { answer } = exit.value
    return Result.isSuccess(answer) && "event" in answer.success ? `answer ${numberOf(answer.success.event.id)}` : "?"
  }
  const error = Cause.squash(exit.cause)
  if (error instanceof StoreError.StoreError) {
    const { cause } = error.reason
    return `${error.reason._tag} ${error.reason._tag === "Unexpected" && cause instanceof Error ? cause.message : ""}`.trim()
  }
  return error instanceof Error ? `${error.name} ${error.name === "Error" ? error.message : ""}`.trim() : String(error)
}

const heard = (callers: ReadonlyArray<Caller>) =>
  Effect.forEach(callers, (caller) => Effect.map(Fiber.await(caller), wordsOf))

const answers = (from: number, to: number) => commands(from, to).map(({ freshId }) => `answer ${numberOf(freshId)}`)

const NOTHING_YET = "nothing yet"
/** What callers have been told by now. */
const heardByNow = (callers: ReadonlyArray<Caller>) =>
  callers.map((caller) => {
    const exit = caller.pollUnsafe()
    return exit === undefined ? NOTHING_YET : wordsOf(exit)
  })

/** Lets everything happen that can happen without time passing. */
const settle = Effect.repeat(Effect.yieldNow, { times: 100 })

const pass = (millis: number) => settle.pipe(Effect.andThen(TestClock.adjust(millis)), Effect.andThen(settle))

/** Closes the gate on a transaction with the first commands, and lets the others wait behind it. */
const hold = Effect.fnUntraced(function* (
  lanes: Lanes.Lanes,
  { gate }: ReturnType<typeof makeStore>,
  first: ReadonlyArray<PendingRequest>,
  waiting: ReadonlyArray<PendingRequest>
) {
  gate.closeUnsafe()
  const callers = yield* callAll(lanes, first)
  yield* settle
  return [...callers, ...(yield* callAll(lanes, waiting))]
})

/** Commands that all waited behind another one, the 0th, and so go into one transaction. */
const callTogether = Effect.fnUntraced(function* (
  lanes: Lanes.Lanes,
  store: ReturnType<typeof makeStore>,
  requests: ReadonlyArray<PendingRequest>
) {
  const [, ...callers] = yield* hold(lanes, store, [command(0)], requests)
  store.gate.openUnsafe()
  return callers
})

/** Lanes, and the effect that closes their scope. */
const makeClosable = Effect.fnUntraced(function* (commit: CommitClosed, options: Lanes.LaneOptions = {}) {
  const scope = yield* Scope.make()
  const lanes = yield* Scope.provide(Lanes.make(atOnce(commit), options), scope)
  return { lanes, close: Scope.close(scope, Exit.void) }
})

describe("a lane", () => {
  it.effect("that is idle starts at once, with the one command there is", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit))
      for (const n of [1, 2, 3]) {
        assert.deepStrictEqual(yield* heard([yield* call(lanes, command(n))]), [`answer ${n}`])
      }
      assert.deepStrictEqual(store.asked, [[1], [2], [3]])
    })
  )

  it.effect("that is idle takes along what arrives in the same turn", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit))
      yield* heard(yield* callAll(lanes, commands(1, 5)))
      assert.deepStrictEqual(store.asked, [[1, 2, 3, 4, 5]])
    })
  )

  it.effect("gathers what arrives during a transaction for the next one, in the order of arrival", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), { lanes: 1 })
      store.gate.closeUnsafe()
      const callers = [yield* call(lanes, command(1))]
      for (const n of [2, 3, 4, 5]) {
        yield* settle
        callers.push(yield* call(lanes, command(n, n % 2)))
      }
      yield* settle
      assert.deepStrictEqual(store.asked, [[1]])
      store.gate.openUnsafe()
      assert.deepStrictEqual(yield* heard(callers), answers(1, 5))
      assert.deepStrictEqual(store.asked, [[1], [2, 3, 4, 5]])
    })
  )

  it.effect("puts no more than maxBatch commands into a transaction", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), { maxBatch: 3 })
      yield* heard(yield* callTogether(lanes, store, commands(1, 7)))
      assert.deepStrictEqual(store.asked, [[0], [1, 2, 3], [4, 5, 6], [7]])
    })
  )

  it.effect("has one transaction under way at most, and all lanes together one each", () =>
    Effect.gen(function* () {
      const requests = Array.from({ length: 60 }, (_, n) => command(n, n))
      for (const count of [1, 3]) {
        const store = makeStore(() => Effect.repeat(Effect.yieldNow, { times: 3 }))
        const lanes = yield* Lanes.make(atOnce(store.commit), { lanes: count, maxBatch: 2 })
        yield* heard(yield* callAll(lanes, requests))
        assert.strictEqual(store.mostAtOnce, count)
      }
    })
  )

  it("carries out the commands of an event in the order of submission, whatever else goes on", async () => {
    const submissions = fc.array(fc.record({ event: fc.nat(5), pauses: fc.constantFrom(0, 0, 0, 1, 4) }), {
      minLength: 1,
      maxLength: 40,
      size: "max"
    })
    const options = fc.record({ lanes: fc.integer({ min: 1, max: 4 }), maxBatch: fc.integer({ min: 1, max: 6 }) })
    let gathered = 0
    await fc.assert(
      fc.asyncProperty(
        submissions,
        options,
        fc.array(fc.nat(12), { minLength: 5, maxLength: 5 }),
        (drawn, chosen, pauses) =>
          Effect.gen(function* () {
            const store = makeStore(() => Effect.repeat(Effect.yieldNow, { times: pauses[store.asked.length % 5]! }))
            const lanes = yield* Lanes.make(atOnce(store.commit), chosen)
            const requests = drawn.map(({ event }, n) => command(n, event))
            const callers: Array<Caller> = []
            for (const [n, request] of requests.entries()) {
              callers.push(yield* call(lanes, request))
              yield* Effect.repeat(Effect.yieldNow, { times: drawn[n]!.pauses })
            }
            assert.deepStrictEqual(yield* heard(callers), answers(0, requests.length - 1))
            for (const event of new Set(requests.map(eventIdOf))) {
              const ofEvent = (all: ReadonlyArray<PendingRequest>) => all.filter((one) => eventIdOf(one) === event)
              assert.deepStrictEqual(ofEvent(store.committed), ofEvent(requests))
            }
            assert.isFalse(store.metOverAnEvent)
            assert.isAtMost(store.mostAtOnce, chosen.lanes)
            assert.isAtMost(Math.max(...store.asked.map(({ length }) => length)), chosen.maxBatch)
            gathered += store.asked.filter(({ length }) => length > 1).length
          }).pipe(Effect.scoped, Effect.runPromise)
      ),
      { numRuns: 150 }
    )
    assert.isAbove(gathered, 200, "the transactions have been shared")
  })

  it.effect("carries out a command whose caller has gone away", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit))
      const callers = yield* hold(lanes, store, [command(1)], [command(2), command(3)])
      yield* Effect.forEach(callers.slice(0, 2), Fiber.interrupt)
      store.gate.openUnsafe()
      assert.deepStrictEqual(yield* heard(callers.slice(2)), ["answer 3"])
      assert.deepStrictEqual(store.numbers(), [1, 2, 3])
    })
  )

  it.effect("commits outside of whatever the callers have open", () =>
    Effect.gen(function* () {
      const Open = Context.Reference<string>("turnout/test/Open", { defaultValue: () => "nothing" })
      const seen: Array<string> = []
      const lanes = yield* Lanes.make(
        atOnce((requests) =>
          Effect.map(Open, (open) => {
            seen.push(open)
            return requests.map(replyTo)
          })
        )
      )
      yield* Effect.provideService(lanes.submit(command(1)), Open, "a transaction")
      assert.deepStrictEqual(seen, ["nothing"])
    })
  )
})

describe("a full lane", () => {
  const full = { lanes: 2, maxWaiting: 3 }

  it.effect("refuses at once what does not fit, and nothing else", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), full)
      const callers = yield* hold(lanes, store, commands(1, 1), commands(2, 4))
      const refused = yield* callAll(lanes, commands(5, 6))
      assert.deepStrictEqual(heardByNow(refused), ["Overloaded", "Overloaded"])
      const elsewhere = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, n) => command(100 + n, 1 + n)),
        (one) => call(lanes, one)
      )
      const accepted = elsewhere.filter((caller) => caller.pollUnsafe() === undefined)
      assert.isNotEmpty(accepted, "the other lane has room")
      store.gate.openUnsafe()
      assert.deepStrictEqual(yield* heard(callers), answers(1, 4))
      assert.isTrue((yield* heard(accepted)).every((words) => words.startsWith("answer")))
      assert.notIncludeMembers(store.numbers(), [5])
      assert.notIncludeMembers(store.numbers(), [6])
    })
  )

  it.effect("accepts again when it has gone on", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), full)
      yield* hold(lanes, store, commands(1, 1), commands(2, 4))
      const error = yield* Effect.flip(lanes.submit(command(5)))
      assert.strictEqual(error._tag, "Overloaded")
      store.gate.openUnsafe()
      yield* settle
      assert.deepStrictEqual(yield* heard([yield* call(lanes, command(5))]), ["answer 5"])
      assert.deepStrictEqual(store.numbers(), [1, 2, 3, 4, 5])
    })
  )

  /** When a refused caller is told to come back, once a transaction of one command has taken so long. */
  const retryAfter = Effect.fnUntraced(function* (millis: number, waiting: number) {
    const store = makeStore(() => Effect.sleep(millis))
    const lanes = yield* Lanes.make(atOnce(store.commit), { lanes: 1, maxWaiting: waiting, maxBatch: 1 })
    const callers = yield* callAll(lanes, commands(1, 1))
    yield* pass(millis)
    assert.deepStrictEqual(yield* heard(callers), ["answer 1"])
    const others = yield* callAll(lanes, commands(2, 2))
    yield* settle
    others.push(...(yield* callAll(lanes, commands(3, 2 + waiting))))
    const error = yield* Effect.flip(lanes.submit(command(99)))
    for (const _ of others) yield* pass(millis)
    return error._tag === "Overloaded" ? error.retryAfterMillis : assert.fail(error.message)
  })

  it.effect("tells when to come back: later the slower it is and the more are waiting, within bounds", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* retryAfter(0, 3), 50)
      assert.strictEqual(yield* retryAfter(5_000, 20), 10_000)
      const few = yield* retryAfter(200, 3)
      const many = yield* retryAfter(200, 9)
      assert.isTrue(50 < few && few < many && many < 10_000, `${few} and ${many}`)
      assert.isTrue(Number.isInteger(few) && few <= 3 * 200 && many <= 9 * 200, `${few} and ${many}`)
    })
  )
})

describe("a batch that fails", () => {
  const POISON = 5
  const holds = (batch: ReadonlyArray<number>) => batch.includes(POISON)
  const ways: ReadonlyArray<{
    readonly way: string
    readonly words: string
    readonly spoil: (commit: CommitClosed, culprits: ReadonlyArray<number>) => CommitClosed
  }> = [
    {
      way: "with an unexpected error",
      words: "Unexpected planted",
      spoil: (commit, culprits) => (requests) =>
        Effect.flatMap(commit(requests), (replies) =>
          requests.some(({ freshId }) => culprits.includes(numberOf(freshId)))
            ? Effect.fail(failure("Unexpected", "planted"))
            : Effect.succeed(replies)
        )
    },
    {
      way: "with a defect",
      words: "Error planted",
      spoil: (commit, culprits) => (requests) =>
        Effect.flatMap(commit(requests), (replies) =>
          requests.some(({ freshId }) => culprits.includes(numberOf(freshId)))
            ? Effect.die(new Error("planted"))
            : Effect.succeed(replies)
        )
    },
    {
      way: "since commit itself throws",
      words: "Error planted",
      spoil: (commit, culprits) => (requests) => {
        if (requests.some(({ freshId }) => culprits.includes(numberOf(freshId)))) throw new Error("planted")
        return commit(requests)
      }
    }
  ]

  it.effect.each(ways)("$way does so for the culprit only", ({ spoil, words }) =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(spoil(store.commit, [POISON])))
      const callers = yield* callTogether(lanes, store, commands(1, 9))
      const expected = answers(1, 9).map((answer, index) => (index + 1 === POISON ? words : answer))
      assert.deepStrictEqual(yield* heard(callers), expected)
      assert.deepStrictEqual(yield* heard([yield* call(lanes, command(10))]), ["answer 10"])
    })
  )

  it("does so for the culprits only, however many there are, and the order stays", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 6 }),
        fc.constantFrom(...ways),
        (size, culprits, { spoil, words }) =>
          Effect.gen(function* () {
            const committed: Array<number> = []
            // What is asked for later is done sooner, if it may.
            const store = makeStore(() =>
              Effect.repeat(Effect.yieldNow, { times: Math.max(0, 20 - store.asked.length) })
            )
            const commit = spoil(store.commit, culprits)
            const lanes = yield* Lanes.make(
              atOnce((requests) =>
                Effect.tap(
                  Effect.suspend(() => commit(requests)),
                  () => Effect.sync(() => committed.push(...requests.map(({ freshId }) => numberOf(freshId))))
                )
              )
            )
            const callers = yield* callTogether(lanes, store, commands(1, size))
            const numbers = Array.from({ length: size }, (_, index) => index + 1)
            assert.deepStrictEqual(
              yield* heard(callers),
              numbers.map((n) => (culprits.includes(n) ? words : `answer ${n}`))
            )
            assert.deepStrictEqual(
              committed,
              [0, ...numbers].filter((n) => !culprits.includes(n))
            )
            assert.strictEqual(store.mostAtOnce, 1)
          }).pipe(Effect.scoped, Effect.runPromise)
      ),
      { numRuns: 100 }
    )
  })

  it.effect.each(["Unavailable", "Contention", "OutcomeUnknown", "NotMigrated"] as const)(
    "since the store reports %s does so as a whole, at once",
    (reason) =>
      Effect.gen(function* () {
        const store = makeStore((batch) => (holds(batch) ? Effect.fail(failure(reason)) : Effect.void))
        const lanes = yield* Lanes.make(atOnce(store.commit))
        const callers = yield* callTogether(lanes, store, commands(1, 9))
        assert.deepStrictEqual(
          yield* heard(callers),
          Array.from({ length: 9 }, () => reason)
        )
        assert.deepStrictEqual(store.asked, [[0], [1, 2, 3, 4, 5, 6, 7, 8, 9]])
        assert.deepStrictEqual(yield* heard([yield* call(lanes, command(10))]), ["answer 10"])
      })
  )

  it.effect("for a reason that concerns all that could be asked for is not split", () =>
    Effect.gen(function* () {
      const reason = new StoreError.Unexpected({ cause: new Error("a statement that never goes"), concernsAll: true })
      const store = makeStore((batch) =>
        holds(batch) ? Effect.fail(new StoreError.StoreError({ reason })) : Effect.void
      )
      const lanes = yield* Lanes.make(atOnce(store.commit))
      const callers = yield* callTogether(lanes, store, commands(1, 9))
      assert.deepStrictEqual(
        yield* heard(callers),
        Array.from({ length: 9 }, () => "Unexpected a statement that never goes")
      )
      assert.deepStrictEqual(store.asked, [[0], [1, 2, 3, 4, 5, 6, 7, 8, 9]])
    })
  )

  it.effect("is not split any further when the store goes away meanwhile", () =>
    Effect.gen(function* () {
      const store = makeStore((batch) => {
        if (batch.length === 4) return Effect.fail(failure("Unexpected", "planted"))
        return batch.includes(3) ? Effect.fail(failure("Unavailable")) : Effect.void
      })
      const lanes = yield* Lanes.make(atOnce(store.commit))
      const callers = yield* callTogether(lanes, store, commands(1, 4))
      assert.deepStrictEqual(yield* heard(callers), ["answer 1", "answer 2", "Unavailable", "Unavailable"])
      assert.deepStrictEqual(store.asked, [[0], [1, 2, 3, 4], [1, 2], [3, 4]])
    })
  )
})

describe("a transaction that waits for its locks", () => {
  /** Closes the batch when the gate is open. */
  const onceOpen =
    ({ commit, gate }: ReturnType<typeof makeStore>): Lanes.Commit =>
    (_, close) =>
      Effect.andThen(
        gate.await,
        Effect.suspend(() => commit(close()))
      )

  it.effect("takes along what arrives meanwhile about its events, in the order of arrival, and nothing else", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const locked: Array<ReadonlyArray<string>> = []
      const lanes = yield* Lanes.make(
        (events, close) => {
          locked.push(events)
          return onceOpen(store)(events, close)
        },
        { lanes: 1 }
      )
      const first = [command(1, 1), command(2, 0)]
      const callers = yield* hold(lanes, store, first, [command(3, 0), command(4, 2), command(5, 1), command(6, 2)])
      store.gate.openUnsafe()
      assert.deepStrictEqual(
        yield* heard(callers),
        [1, 2, 3, 4, 5, 6].map((n) => `answer ${n}`)
      )
      assert.deepStrictEqual(store.asked, [
        [1, 2, 3, 5],
        [4, 6]
      ])
      assert.deepStrictEqual(locked, [[id(0), id(1)], [id(2)]])
    })
  )

  it.effect("takes along no more than maxBatch, and leaves the rest in order", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(onceOpen(store), { lanes: 1, maxBatch: 3 })
      const callers = yield* hold(lanes, store, commands(1, 2), commands(3, 8))
      store.gate.openUnsafe()
      assert.deepStrictEqual(yield* heard(callers), answers(1, 8))
      assert.deepStrictEqual(store.asked, [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8]
      ])
    })
  )

  it.effect("and does not get them tells those who wait for it, and lets the others go on", () =>
    Effect.gen(function* () {
      const store = makeStore()
      let isAway = true
      const lanes = yield* Lanes.make(
        (_, close) => {
          if (!isAway) return store.commit(close())
          isAway = false
          return Effect.andThen(store.gate.await, Effect.fail(failure("Unavailable")))
        },
        { lanes: 1 }
      )
      const callers = yield* hold(lanes, store, [command(1)], [command(2), command(3, 1)])
      store.gate.openUnsafe()
      assert.deepStrictEqual(yield* heard(callers), ["Unavailable", "Unavailable", "answer 3"])
      assert.deepStrictEqual(store.asked, [[3]])
    })
  )

  it.effect("gets nothing to do once everybody was told that it is too late", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const scope = yield* Scope.make()
      const commit: Lanes.Commit = (...batch) => Effect.uninterruptible(onceOpen(store)(...batch))
      const lanes = yield* Scope.provide(Lanes.make(commit, { lanes: 1, drainMillis: 100 }), scope)
      const callers = yield* hold(lanes, store, [command(1)], [command(2)])
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* pass(100)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(yield* heard(callers), ["Unavailable", "Unavailable"])
      store.gate.openUnsafe()
      yield* settle
      assert.deepStrictEqual(store.asked, [[]])
    })
  )
})

describe("a caller who waits for too long", () => {
  const options = { lanes: 1, commandTimeoutMillis: 100 }

  it.effect("is told that the outcome is unknown when the time is up, each at their own", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), options)
      const callers = yield* hold(lanes, store, commands(1, 1), commands(2, 2))
      yield* pass(40)
      callers.push(...(yield* callAll(lanes, commands(3, 3))))
      yield* pass(59)
      assert.deepStrictEqual(heardByNow(callers), [NOTHING_YET, NOTHING_YET, NOTHING_YET])
      yield* pass(1)
      assert.deepStrictEqual(heardByNow(callers), ["OutcomeUnknown", "OutcomeUnknown", NOTHING_YET])
      yield* pass(39)
      assert.deepStrictEqual(heardByNow(callers).slice(2), [NOTHING_YET])
      yield* pass(1)
      assert.deepStrictEqual(heardByNow(callers).slice(2), ["OutcomeUnknown"])
      store.gate.openUnsafe()
    })
  )

  it.effect("has the command carried out all the same, and so have those who come later", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), options)
      const callers = yield* hold(lanes, store, commands(1, 1), commands(2, 3))
      yield* pass(100)
      assert.deepStrictEqual(heardByNow(callers), ["OutcomeUnknown", "OutcomeUnknown", "OutcomeUnknown"])
      assert.deepStrictEqual(store.numbers(), [])
      const late = yield* callAll(lanes, commands(4, 4))
      yield* pass(99)
      store.gate.openUnsafe()
      assert.deepStrictEqual(yield* heard(late), ["answer 4"])
      assert.deepStrictEqual(yield* heard(yield* callAll(lanes, commands(5, 5))), ["answer 5"])
      assert.deepStrictEqual(store.numbers(), [1, 2, 3, 4, 5])
    })
  )

  it.effect("is the only one: an answer in time is the answer, and the next caller has the whole time again", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), options)
      for (const n of [1, 2, 3]) {
        store.gate.closeUnsafe()
        const callers = yield* callAll(lanes, commands(n, n))
        yield* pass(99)
        assert.deepStrictEqual(heardByNow(callers), [NOTHING_YET])
        store.gate.openUnsafe()
        assert.deepStrictEqual(yield* heard(callers), [`answer ${n}`])
        yield* pass(n * 70)
      }
      assert.strictEqual((yield* Metric.value(EngineMetrics.timeouts)).count, 0)
      store.gate.closeUnsafe()
      const last = yield* callAll(lanes, commands(4, 4))
      yield* pass(100)
      assert.deepStrictEqual(heardByNow(last), ["OutcomeUnknown"])
      store.gate.openUnsafe()
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})

describe("closing", () => {
  it.effect("waits for what was accepted, and answers it", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const { close, lanes } = yield* makeClosable(store.commit, { maxBatch: 2 })
      const callers = yield* hold(lanes, store, commands(1, 1), commands(2, 6))
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* settle
      assert.isUndefined(closing.pollUnsafe())
      assert.deepStrictEqual(heardByNow(yield* callAll(lanes, commands(7, 7))), ["Unavailable"])
      store.gate.openUnsafe()
      yield* Fiber.join(closing)
      assert.deepStrictEqual(store.asked, [[1], [2, 3], [4, 5], [6]])
      yield* settle
      assert.deepStrictEqual(heardByNow(callers), answers(1, 6))
    })
  )

  it.effect("waits until everybody has been told, however many there are", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const { close, lanes } = yield* makeClosable(store.commit)
      const callers = yield* callAll(lanes, commands(1, 500))
      yield* Effect.yieldNow
      yield* close
      yield* Effect.yieldNow
      assert.deepStrictEqual(heardByNow(callers), answers(1, 500))
    })
  )

  it.effect("ends within drainMillis when the store hangs, and says what is known of each command", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const { close, lanes } = yield* makeClosable(store.commit, { lanes: 2, maxBatch: 2, drainMillis: 500 })
      const callers = yield* hold(lanes, store, commands(1, 2), commands(3, 5))
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* pass(499)
      assert.isUndefined(closing.pollUnsafe())
      yield* pass(1)
      assert.isDefined(closing.pollUnsafe())
      assert.deepStrictEqual(heardByNow(callers), [
        "OutcomeUnknown",
        "OutcomeUnknown",
        "Unavailable",
        "Unavailable",
        "Unavailable"
      ])
    })
  )

  it.effect("does so for a transaction that cannot be interrupted, after which nothing more is carried out", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const commit: CommitClosed = (requests) => Effect.uninterruptible(store.commit(requests))
      const { close, lanes } = yield* makeClosable(commit, { drainMillis: 500 })
      const callers = yield* hold(lanes, store, commands(1, 1), commands(2, 3))
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      yield* pass(500)
      assert.isDefined(closing.pollUnsafe())
      assert.deepStrictEqual(heardByNow(callers), ["OutcomeUnknown", "Unavailable", "Unavailable"])
      store.gate.openUnsafe()
      yield* settle
      assert.deepStrictEqual(store.asked, [[1]])
      assert.deepStrictEqual(store.numbers(), [1])
    })
  )

  it.effect("an idle engine takes no time, and what comes later is refused", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const { close, lanes } = yield* makeClosable(store.commit)
      yield* heard(yield* callAll(lanes, commands(1, 1)))
      yield* close
      assert.deepStrictEqual(heardByNow(yield* callAll(lanes, commands(2, 3))), ["Unavailable", "Unavailable"])
      yield* settle
      assert.deepStrictEqual(store.numbers(), [1])
    })
  )

  it.effect("tells everybody whose command was committed, even if the time is up while they are being told", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const { close, lanes } = yield* makeClosable(store.commit, { lanes: 1, drainMillis: 500 })
      store.gate.closeUnsafe()
      // Whoever is told first lets the time run out.
      const first = yield* Effect.forkChild(
        Effect.tap(lanes.submit(command(1)), () => TestClock.adjust(500)),
        {
          startImmediately: true
        }
      )
      const callers = [first, ...(yield* callAll(lanes, commands(2, 40)))]
      yield* settle
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      store.gate.openUnsafe()
      yield* Fiber.join(closing)
      yield* settle
      assert.deepStrictEqual(store.numbers().length, 40)
      assert.deepStrictEqual(heardByNow(callers), answers(1, 40))
    })
  )

  it.effect("a full lane that has been closed refuses with Unavailable", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const { close, lanes } = yield* makeClosable(store.commit, { maxWaiting: 1, drainMillis: 500 })
      store.gate.closeUnsafe()
      yield* call(lanes, command(1))
      yield* settle
      yield* call(lanes, command(2))
      const closing = yield* Effect.forkChild(close, { startImmediately: true })
      const during = yield* call(lanes, command(3))
      yield* pass(500)
      yield* Fiber.join(closing)
      const after = yield* call(lanes, command(4))
      assert.deepStrictEqual(heardByNow([during, after]), ["Unavailable", "Unavailable"])
    })
  )
})

describe("the metrics", () => {
  /** With a registry of its own. */
  const measured = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provideService(effect, Metric.MetricRegistry, new Map())

  it.effect("tell the size of each transaction, how long it took and how long it was waited for", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), { lanes: 1, maxBatch: 3 })
      store.gate.closeUnsafe()
      const callers = yield* callAll(lanes, commands(1, 1))
      yield* pass(30)
      callers.push(...(yield* callAll(lanes, commands(2, 3))))
      yield* pass(20)
      callers.push(...(yield* callAll(lanes, commands(4, 5))))
      yield* pass(10)
      store.gate.openUnsafe()
      yield* heard(callers)
      const sizes = yield* Metric.value(EngineMetrics.batchSize)
      assert.deepStrictEqual([sizes.count, sizes.sum, sizes.min, sizes.max], [3, 1 + 3 + 1, 1, 3])
      const waits = yield* Metric.value(EngineMetrics.wait)
      assert.deepStrictEqual([waits.count, waits.sum, waits.max], [3, 0 + 0.03 + 0.01, 0.03])
      const times = yield* Metric.value(EngineMetrics.commitTime)
      assert.deepStrictEqual([times.count, times.sum, times.max], [3, 0.06, 0.06])
      assert.strictEqual((yield* Metric.value(EngineMetrics.depth)).value, 0)
    }).pipe(measured)
  )

  it.effect("tell how many still wait when a transaction starts", () =>
    Effect.gen(function* () {
      const store = makeStore((batch) => (batch.includes(1) ? store.gate.await : Effect.void))
      const lanes = yield* Lanes.make(atOnce(store.commit), { maxBatch: 2 })
      store.gate.closeUnsafe()
      const callers = yield* callAll(lanes, commands(0, 5))
      yield* settle
      assert.strictEqual((yield* Metric.value(EngineMetrics.depth)).value, 4)
      store.gate.openUnsafe()
      yield* heard(callers)
    }).pipe(measured)
  )

  it.effect("count the batches that were split", () =>
    Effect.gen(function* () {
      const store = makeStore((batch) => (batch.includes(3) ? Effect.fail(failure("Unexpected")) : Effect.void))
      const lanes = yield* Lanes.make(atOnce(store.commit))
      yield* heard(yield* callTogether(lanes, store, commands(1, 4)))
      assert.strictEqual((yield* Metric.value(EngineMetrics.splits)).count, 2)
      assert.strictEqual(
        (yield* Metric.value(EngineMetrics.batchSize)).count,
        2,
        "its parts are no transactions of their own"
      )
    }).pipe(measured)
  )

  it.effect("count who was refused, and who waited for too long, once", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), { maxWaiting: 2, commandTimeoutMillis: 100 })
      const callers = yield* hold(lanes, store, commands(1, 1), commands(2, 2))
      yield* pass(250)
      assert.strictEqual((yield* Metric.value(EngineMetrics.timeouts)).count, 2)
      callers.push(...(yield* callAll(lanes, commands(3, 6))))
      yield* pass(250)
      assert.strictEqual((yield* Metric.value(EngineMetrics.timeouts)).count, 3)
      assert.strictEqual((yield* Metric.value(EngineMetrics.refusals)).count, 3)
      store.gate.openUnsafe()
      yield* heard(callers)
    }).pipe(measured)
  )

  it.effect("a caller who has gone away is not counted as told", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const lanes = yield* Lanes.make(atOnce(store.commit), { commandTimeoutMillis: 100 })
      store.gate.closeUnsafe()
      const caller = yield* call(lanes, command(1))
      yield* settle
      yield* Fiber.interrupt(caller)
      yield* pass(100)
      const { count } = yield* Metric.value(EngineMetrics.timeouts)
      store.gate.openUnsafe()
      assert.strictEqual(count, 0)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
