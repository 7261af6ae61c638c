/**
 * Lanes: group commit.
 *
 * Whatever is asked of one event takes turns at the lock of its row. One transaction per command would cap a hot event at
 * the speed of a single row; so commands wait in a lane, and all that wait are decided and committed together.
 *
 * ```text
 * submit ──▶ lane (by hash of the event id) ──▶ waiting ──▶ batch ──▶ one transaction ──▶ answers
 *                                                 ▲                        │
 *                                                 └── the next one gathers ┘
 * ```
 *
 * The transaction closes its batch itself, when it has the locks of its events: where it has to wait for them, because
 * another process serves the same events, whatever arrives in the meantime goes along.
 *
 * Guarantees:
 * - commands about one event are decided in the order in which they were submitted;
 * - a lane has one transaction under way; there is no timer, so an idle lane starts at once;
 * - a command that was accepted is carried out even if its caller goes away;
 * - a caller who has waited for `commandTimeoutMillis` is told that the outcome is unknown;
 * - a full lane refuses at once, with `Overloaded`;
 * - a batch that fails for a reason of its own, and not because the store is away, is split until the culprit stands
 *   alone: only that command fails;
 * - when the scope closes, what is waiting is carried out first, within `drainMillis`.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Hash from "effect/Hash"
import type * as Scope from "effect/Scope"
import type { Reply } from "../domain/Batch.ts"
import type { EventId } from "../domain/Event.ts"
import { eventIdOf, eventsOf, type Request } from "../domain/Request.ts"
import * as StoreError from "../ports/StoreError.ts"
import * as EngineMetrics from "./EngineMetrics.ts"
import { Overloaded } from "./Overloaded.ts"

export interface LaneOptions {
  /** Transactions under way at once, each for its part of the events. Default 3. */
  readonly lanes?: number
  /** The most commands in one transaction. Default 1,000. */
  readonly maxBatch?: number
  /** The most commands that wait in one lane. Default 20,000. */
  readonly maxWaiting?: number
  /** How long a caller waits for the answer. Default 30 seconds. */
  readonly commandTimeoutMillis?: number
  /** How long closing waits for what was accepted. Default 10 seconds. */
  readonly drainMillis?: number
}

export const DEFAULTS = {
  lanes: 3,
  maxBatch: 1_000,
  maxWaiting: 20_000,
  commandTimeoutMillis: 30_000,
  drainMillis: 10_000
} as const satisfies Required<LaneOptions>

export interface Lanes {
  /** Carries out a request together with whatever else waits. Interrupting it gives up the answer, not the command. */
  readonly submit: (request: Request) => Effect.Effect<Reply, StoreError.StoreError | Overloaded>
}

/**
 * Carries out requests about these events in one transaction: one reply to each, in order. Which requests it learns by
 * calling `close`, at most once.
 */
export type Commit = (
  events: ReadonlyArray<EventId>,
  close: () => ReadonlyArray<Request>
) => Effect.Effect<ReadonlyArray<Reply>, StoreError.StoreError>

/** A command on its way, and whom to tell. */
interface Entry {
  readonly request: Request
  readonly arrivedAt: number
  readonly answer: (told: Told) => void
  /** Whether nobody waits for the answer any more. */
  isGivenUp: boolean
}

type Told = Exit.Exit<Reply, StoreError.StoreError>

interface Lane {
  waiting: Array<Entry>
  underway: ReadonlyArray<Entry>
  isWorking: boolean
  /** Whether somebody looks after callers who wait for too long. */
  isWatched: boolean
  /** How long a command has taken of late, for telling when to come back. */
  millisPerCommand: number
}

/** How many callers go on at once when a batch is done, before it is the turn of others. */
const TOLD_AT_ONCE = 8

/** The shortest and the longest wait that a refused caller is told. */
const SHORTEST_RETRY_MILLIS = 50
const LONGEST_RETRY_MILLIS = 10_000

/**
 * Waits until the code that runs now has come to its end: sooner than a turn of the event loop. Another scheduler may know
 * another way.
 */
export const EndOfTurn: Context.Reference<Effect.Effect<void>> = Context.Reference<Effect.Effect<void>>(
  "@turnout/core/application/EndOfTurn",
  { defaultValue: () => Effect.callback<void>((resume) => queueMicrotask(() => resume(Effect.void))) }
)

/** What a caller is told whose command has no answer. */
const failed = (reason: StoreError.StoreErrorReason) => Exit.fail(new StoreError.StoreError({ reason }))

/** Whether a batch failed because of what is in it: then a part of it may well succeed. */
const isOfItsOwn = (cause: Cause.Cause<StoreError.StoreError>): boolean =>
  cause.reasons.some(
    (reason) => Cause.isDieReason(reason) || (Cause.isFailReason(reason) && reason.error.reason._tag === "Unexpected")
  )

export const make = Effect.fnUntraced(function* (
  commit: Commit,
  options: LaneOptions = {}
): Effect.fn.Return<Lanes, never, Scope.Scope> {
  const { commandTimeoutMillis, drainMillis, lanes: count, maxBatch, maxWaiting } = { ...DEFAULTS, ...options }
  const clock = yield* Clock.Clock
  const endOfTurn = yield* EndOfTurn
  const context = yield* Effect.context<never>()
  const metrics = EngineMetrics.make(context)
  // Not the callers' context: what they have open, a transaction or a span, is none of the batch's business.
  const runFork = Effect.runForkWith(context)
  const lanes = Array.from({ length: count }, (): Lane => ({
    waiting: [],
    underway: [],
    isWorking: false,
    isWatched: false,
    millisPerCommand: 0
  }))
  const running = new Set<Fiber.Fiber<void>>()
  /** Those who are told now have committed: nothing keeps the answer from them. */
  const telling = new Set<Fiber.Fiber<void>>()
  const watching = new Set<Fiber.Fiber<void>>()
  let isClosed = false

  const fork = (effect: Effect.Effect<void>, fibers: Set<Fiber.Fiber<void>>) => {
    const fiber = runFork(effect)
    fibers.add(fiber)
    fiber.addObserver(() => fibers.delete(fiber))
  }

  /** Takes those who wait for one of these events, in the order of their arrival, as many as a transaction may have. */
  const take = (lane: Lane, events: ReadonlyArray<EventId>): ReadonlyArray<Entry> => {
    const wanted = new Set(events)
    const taken: Array<Entry> = []
    const left: Array<Entry> = []
    for (const entry of lane.waiting) {
      if (taken.length < maxBatch && wanted.has(eventIdOf(entry.request))) taken.push(entry)
      else left.push(entry)
    }
    lane.waiting = left
    return taken
  }

  const attempt = (events: ReadonlyArray<EventId>, close: () => ReadonlyArray<Entry>) =>
    Effect.exit(Effect.suspend(() => commit(events, () => close().map(({ request }) => request))))

  /** What everybody in a batch is told, which is committed again in parts if need be. */
  const settle = (
    batch: ReadonlyArray<Entry>,
    exit: Exit.Exit<ReadonlyArray<Reply>, StoreError.StoreError>
  ): Effect.Effect<ReadonlyArray<Told>> => {
    if (Exit.isSuccess(exit)) return Effect.succeed(exit.value.map(Exit.succeed))
    if (batch.length < 2 || !isOfItsOwn(exit.cause)) {
      return Effect.succeed(batch.map(() => Exit.failCause(exit.cause)))
    }
    metrics.split()
    const middle = Math.ceil(batch.length / 2)
    return Effect.zipWith(carryOut(batch.slice(0, middle)), carryOut(batch.slice(middle)), (first, second) => [
      ...first,
      ...second
    ])
  }

  const carryOut = (part: ReadonlyArray<Entry>): Effect.Effect<ReadonlyArray<Told>> =>
    Effect.flatMap(
      attempt(eventsOf(part.map(({ request }) => request)), () => part),
      (exit) => settle(part, exit)
    )

  /** Tells everybody in a large batch, some at a time, so that what the next transaction needs done comes in between. */
  const tellInTurns = Effect.fnUntraced(function* (batch: ReadonlyArray<Entry>, told: ReadonlyArray<Told>) {
    for (let index = 0; index < batch.length; index++) {
      if (index % TOLD_AT_ONCE === 0) yield* Effect.yieldNow
      batch[index]!.answer(told[index]!)
    }
  })

  const tell = (batch: ReadonlyArray<Entry>, told: ReadonlyArray<Told>) => {
    if (batch.length > TOLD_AT_ONCE) fork(tellInTurns(batch, told), telling)
    else batch.forEach(({ answer }, index) => answer(told[index]!))
  }

  const work = Effect.fnUntraced(function* (lane: Lane) {
    // Whoever arrives in the same breath goes along.
    yield* endOfTurn
    while (lane.waiting.length > 0) {
      const events = eventsOf(lane.waiting.slice(0, maxBatch).map(({ request }) => request))
      const startedAt = clock.currentTimeMillisUnsafe()
      let batch: ReadonlyArray<Entry> | undefined
      const close = () => {
        batch = take(lane, events)
        lane.underway = batch
        const waited = batch.length === 0 ? 0 : clock.currentTimeMillisUnsafe() - batch[0]!.arrivedAt
        metrics.started(batch.length, lane.waiting.length, waited)
        return batch
      }
      const exit = yield* attempt(events, close)
      const told = yield* settle((batch ??= close()), exit)
      const millis = clock.currentTimeMillisUnsafe() - startedAt
      metrics.committed(millis)
      lane.millisPerCommand = (lane.millisPerCommand + millis / batch.length) / 2
      tell(batch, told)
    }
    lane.underway = []
    lane.isWorking = false
  })

  /** Callers who have waited for too long are told so; their commands go on. */
  const watch = Effect.fnUntraced(function* (lane: Lane) {
    while (true) {
      const now = clock.currentTimeMillisUnsafe()
      const late = (entry: Entry) => now - entry.arrivedAt >= commandTimeoutMillis
      const patient = [...lane.underway, ...lane.waiting].filter((entry) => !entry.isGivenUp)
      const cause = new Error(`There was no answer within ${commandTimeoutMillis} ms`)
      for (const entry of patient.filter(late)) {
        entry.isGivenUp = true
        metrics.timedOut()
        entry.answer(failed(new StoreError.OutcomeUnknown({ cause })))
      }
      const next = patient.find((entry) => !late(entry))
      if (next === undefined) break
      yield* Effect.sleep(next.arrivedAt + commandTimeoutMillis - now)
    }
    lane.isWatched = false
  })

  const refuse = (lane: Lane): Effect.Effect<never, Overloaded> => {
    metrics.refused()
    const millis = Math.ceil(lane.waiting.length * lane.millisPerCommand)
    const retryAfterMillis = Math.min(Math.max(millis, SHORTEST_RETRY_MILLIS), LONGEST_RETRY_MILLIS)
    return Effect.fail(new Overloaded({ retryAfterMillis }))
  }

  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      isClosed = true
      yield* Effect.timeoutOption(Fiber.awaitAll(running), drainMillis)
      for (const fiber of running) fiber.interruptUnsafe()
      for (const fiber of watching) fiber.interruptUnsafe()
      const cause = new Error("Turnout was closed before the command was carried out")
      for (const lane of lanes) {
        for (const { answer } of lane.underway) answer(failed(new StoreError.OutcomeUnknown({ cause })))
        for (const { answer } of lane.waiting) answer(failed(new StoreError.Unavailable({ cause })))
        // Whoever is told that nothing has happened does not go along with a transaction that waits for its locks.
        lane.waiting = []
      }
      yield* Fiber.awaitAll(telling)
    })
  )

  return {
    submit: (request) =>
      Effect.suspend((): Effect.Effect<Reply, StoreError.StoreError | Overloaded> => {
        if (isClosed) return failed(new StoreError.Unavailable({ cause: new Error("Turnout has been closed") }))
        const lane = lanes[(Hash.string(eventIdOf(request)) >>> 0) % count]!
        if (lane.waiting.length >= maxWaiting) return refuse(lane)
        return Effect.callback<Reply, StoreError.StoreError>((answer) => {
          const entry: Entry = { request, arrivedAt: clock.currentTimeMillisUnsafe(), answer, isGivenUp: false }
          lane.waiting.push(entry)
          if (!lane.isWorking) {
            lane.isWorking = true
            fork(work(lane), running)
          }
          if (!lane.isWatched) {
            lane.isWatched = true
            fork(watch(lane), watching)
          }
          return Effect.sync(() => (entry.isGivenUp = true))
        })
      })
  }
})
