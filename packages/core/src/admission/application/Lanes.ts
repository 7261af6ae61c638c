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
 * - a batch that fails for a reason of its own, and not because the store is away or takes no writes, is split until the
 *   culprit stands alone: only that command fails;
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
import type { EventId } from "../../kernel/domain/EventId.ts"
import { eventIdOf, eventsOf, type Request } from "../domain/state/Request.ts"
import * as StoreError from "../../kernel/ports/StoreError.ts"
import * as EngineMetrics from "./EngineMetrics.ts"
import { monotonicMillis } from "../../kernel/application/MonotonicTime.ts"
import { Overloaded } from "../../kernel/application/Overloaded.ts"

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
  /** By monotonic time. */
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
  "@turnout/EndOfTurn",
  { defaultValue: () => Effect.callback<void>((resume) => queueMicrotask(() => resume(Effect.void))) }
)

/** What a caller is told whose command has no answer. */
const failed = (reason: StoreError.StoreErrorReason) => Exit.fail(new StoreError.StoreError({ reason }))

/** Whether a batch failed because of what is in it: then a part of it may well succeed. */
const isOfItsOwn = (cause: Cause.Cause<StoreError.StoreError>): boolean =>
  cause.reasons.some((reason) => {
    if (!Cause.isFailReason(reason)) return Cause.isDieReason(reason)
    const why = reason.error.reason
    return why._tag === "Unexpected" && why.concernsAll !== true
  })

/** The lanes of a process at work. */
interface Working {
  readonly commit: Commit
  readonly options: Required<LaneOptions>
  readonly lanes: ReadonlyArray<Lane>
  readonly metrics: EngineMetrics.EngineMetrics
  /** Monotonic time, in milliseconds. */
  readonly now: () => number
  readonly endOfTurn: Effect.Effect<void>
  readonly runFork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** The lanes that carry out commands. */
  readonly running: Set<Fiber.Fiber<void>>
  /** Those who are told now have committed: nothing keeps the answer from them. */
  readonly telling: Set<Fiber.Fiber<void>>
  /** The lanes whose callers are looked after. */
  readonly watching: Set<Fiber.Fiber<void>>
  isClosed: boolean
}

const fork = ({ runFork }: Working, effect: Effect.Effect<void>, fibers: Set<Fiber.Fiber<void>>): void => {
  const fiber = runFork(effect)
  fibers.add(fiber)
  fiber.addObserver(() => fibers.delete(fiber))
}

/** Takes the entries that wait for one of these events, in the order of their arrival, as many as a transaction may have. */
const take = (lane: Lane, events: ReadonlyArray<EventId>, maxBatch: number): ReadonlyArray<Entry> => {
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

const attempt = ({ commit }: Working, events: ReadonlyArray<EventId>, close: () => ReadonlyArray<Entry>) =>
  Effect.exit(Effect.suspend(() => commit(events, () => close().map(({ request }) => request))))

/** What the callers of a batch are told, which is committed again in parts if need be. */
const settle = (
  working: Working,
  batch: ReadonlyArray<Entry>,
  exit: Exit.Exit<ReadonlyArray<Reply>, StoreError.StoreError>
): Effect.Effect<ReadonlyArray<Told>> => {
  if (Exit.isSuccess(exit)) return Effect.succeed(exit.value.map(Exit.succeed))
  if (batch.length < 2 || !isOfItsOwn(exit.cause)) {
    return Effect.succeed(batch.map(() => Exit.failCause(exit.cause)))
  }
  working.metrics.split()
  const middle = Math.ceil(batch.length / 2)
  const halves = [batch.slice(0, middle), batch.slice(middle)]
  return Effect.map(
    Effect.forEach(halves, (half) => carryOut(working, half)),
    (told) => told.flat()
  )
}

const carryOut = (working: Working, part: ReadonlyArray<Entry>): Effect.Effect<ReadonlyArray<Told>> =>
  Effect.flatMap(
    attempt(working, eventsOf(part.map(({ request }) => request)), () => part),
    (exit) => settle(working, part, exit)
  )

/** Tells the callers of a large batch, some at a time, so that what the next transaction needs done comes in between. */
const tellInTurns = Effect.fnUntraced(function* (batch: ReadonlyArray<Entry>, told: ReadonlyArray<Told>) {
  for (let index = 0; index < batch.length; index++) {
    if (index % TOLD_AT_ONCE === 0) yield* Effect.yieldNow
    batch[index]!.answer(told[index]!)
  }
})

const tell = (working: Working, batch: ReadonlyArray<Entry>, told: ReadonlyArray<Told>): void => {
  if (batch.length > TOLD_AT_ONCE) fork(working, tellInTurns(batch, told), working.telling)
  else batch.forEach(({ answer }, index) => answer(told[index]!))
}

/** Carries out what waits in a lane, until nothing does. */
const work = Effect.fnUntraced(function* (working: Working, lane: Lane) {
  const { endOfTurn, metrics, now } = working
  const { maxBatch } = working.options
  // A command that arrives in the same breath goes along.
  yield* endOfTurn
  while (lane.waiting.length > 0) {
    const events = eventsOf(lane.waiting.slice(0, maxBatch).map(({ request }) => request))
    const startedAt = now()
    let batch: ReadonlyArray<Entry> | undefined
    const close = () => {
      batch = take(lane, events, maxBatch)
      lane.underway = batch
      const waited = batch.length === 0 ? 0 : now() - batch[0]!.arrivedAt
      metrics.started(batch.length, lane.waiting.length, waited)
      return batch
    }
    const exit = yield* attempt(working, events, close)
    const told = yield* settle(working, (batch ??= close()), exit)
    const millis = now() - startedAt
    metrics.committed(millis)
    lane.millisPerCommand = (lane.millisPerCommand + millis / batch.length) / 2
    tell(working, batch, told)
  }
  lane.underway = []
  lane.isWorking = false
})

/** Tells callers who have waited for too long that the outcome is unknown; their commands go on. */
const watch = Effect.fnUntraced(function* ({ metrics, now: readNow, options }: Working, lane: Lane) {
  const { commandTimeoutMillis } = options
  while (true) {
    const now = readNow()
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

/** Refuses a command for which a lane has no room, and says when to come back. */
const refuse = ({ metrics }: Working, lane: Lane): Effect.Effect<never, Overloaded> => {
  metrics.refused()
  const millis = Math.ceil(lane.waiting.length * lane.millisPerCommand)
  const retryAfterMillis = Math.min(Math.max(millis, SHORTEST_RETRY_MILLIS), LONGEST_RETRY_MILLIS)
  return Effect.fail(new Overloaded({ retryAfterMillis }))
}

const submit = (working: Working, request: Request): Effect.Effect<Reply, StoreError.StoreError | Overloaded> =>
  Effect.suspend((): Effect.Effect<Reply, StoreError.StoreError | Overloaded> => {
    const { lanes, now, options, running, watching } = working
    if (working.isClosed) return failed(new StoreError.Unavailable({ cause: new Error("Turnout has been closed") }))
    const lane = lanes[(Hash.string(eventIdOf(request)) >>> 0) % lanes.length]!
    if (lane.waiting.length >= options.maxWaiting) return refuse(working, lane)
    return Effect.callback<Reply, StoreError.StoreError>((answer) => {
      const entry: Entry = { request, arrivedAt: now(), answer, isGivenUp: false }
      lane.waiting.push(entry)
      if (!lane.isWorking) {
        lane.isWorking = true
        fork(working, work(working, lane), running)
      }
      if (!lane.isWatched) {
        lane.isWatched = true
        fork(working, watch(working, lane), watching)
      }
      return Effect.sync(() => (entry.isGivenUp = true))
    })
  })

/** Carries out what was accepted, for as long as there is time, and answers the rest. */
const close = Effect.fnUntraced(function* (working: Working) {
  const { lanes, options, running, telling, watching } = working
  working.isClosed = true
  yield* Effect.timeoutOption(Fiber.awaitAll(running), options.drainMillis)
  for (const fiber of running) fiber.interruptUnsafe()
  for (const fiber of watching) fiber.interruptUnsafe()
  const cause = new Error("Turnout was closed before the command was carried out")
  for (const lane of lanes) {
    for (const { answer } of lane.underway) answer(failed(new StoreError.OutcomeUnknown({ cause })))
    for (const { answer } of lane.waiting) answer(failed(new StoreError.Unavailable({ cause })))
    // A command whose caller is told that nothing has happened goes along with no transaction that waits for its locks.
    lane.waiting = []
  }
  yield* Fiber.awaitAll(telling)
})

export const make = Effect.fnUntraced(function* (
  commit: Commit,
  given: LaneOptions = {}
): Effect.fn.Return<Lanes, never, Scope.Scope> {
  const options = { ...DEFAULTS, ...given }
  const clock = yield* Clock.Clock
  const context = yield* Effect.context<never>()
  const working: Working = {
    commit,
    options,
    lanes: Array.from({ length: options.lanes }, (): Lane => ({
      waiting: [],
      underway: [],
      isWorking: false,
      isWatched: false,
      millisPerCommand: 0
    })),
    metrics: EngineMetrics.make(context),
    now: () => monotonicMillis(clock),
    endOfTurn: yield* EndOfTurn,
    // Not the callers' context: what they have open, a transaction or a span, is none of the batch's business.
    runFork: Effect.runForkWith(context),
    running: new Set(),
    telling: new Set(),
    watching: new Set(),
    isClosed: false
  }
  yield* Effect.addFinalizer(() => close(working))
  return { submit: (request) => submit(working, request) }
})
