/**
 * Lanes: group commit.
 *
 * Commands about one event take turns at the lock of its row. One transaction for each command would cap a popular event at the
 * speed of a single row; so commands wait in a lane, and all that wait are decided and committed together.
 *
 * ```text
 * submit ──▶ lane (by hash of the event id) ──▶ waiting ──▶ batch ──▶ one transaction ──▶ answers
 *                                                 ▲                        │
 *                                                 └── the next one gathers ┘
 * ```
 *
 * The transaction closes its batch itself, when it has the locks of its events. If it has to wait for them, because another
 * process serves the same events, commands that arrive meanwhile join the batch.
 *
 * Guarantees:
 * - commands about one event are decided in the order in which they were submitted;
 * - a lane has one transaction under way; there is no timer, so an idle lane starts at once;
 * - a command that was accepted is carried out even if its caller goes away;
 * - a caller who has waited for `commandTimeoutMillis` gets `OutcomeUnknown`;
 * - a full lane refuses a command at once, with `Overloaded`;
 * - a batch that fails because of its own commands, and not because the store is away or takes no writes, is split until the
 *   command at fault stands alone: only that command fails;
 * - when the scope closes, the commands that wait are carried out first, within `drainMillis`.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Hash from "effect/Hash"
import type * as Scope from "effect/Scope"
import type { Reply } from "../../domain/Batch.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import { eventIdOf, eventsOf, type PendingRequest } from "../../domain/state/Request.ts"
import * as StoreError from "../../../kernel/ports/StoreError.ts"
import * as EngineMetrics from "./EngineMetrics.ts"
import { monotonicMillis } from "../../../kernel/application/time/MonotonicTime.ts"
import { Overloaded } from "../../../kernel/application/Overloaded.ts"
import * as Rest from "../../../kernel/application/time/Rest.ts"

export interface LaneOptions {
  /** The number of lanes, which is the number of transactions under way at once. Default 3. */
  readonly lanes?: number
  /** The most commands in one transaction. Default 1,000. */
  readonly maxBatch?: number
  /** The most commands that wait in one lane. Default 20,000. */
  readonly maxWaiting?: number
  /** How long a caller waits for the answer. Default 30 seconds. */
  readonly commandTimeoutMillis?: number
  /** How long closing waits for commands that were accepted. Default 10 seconds. */
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
  /** Carries out a request in one transaction with others that wait. Interrupting it gives up the answer, not the command. */
  readonly submit: (request: PendingRequest) => Effect.Effect<Reply, StoreError.StoreError | Overloaded>
}

/**
 * Carries out requests about these events in one transaction, and returns one reply to each, in order. It gets the requests by
 * calling `close`, at most once.
 */
export type Commit = (
  events: ReadonlyArray<EventId>,
  close: () => ReadonlyArray<PendingRequest>
) => Effect.Effect<ReadonlyArray<Reply>, StoreError.StoreError>

/** A command that was accepted, and the callback for its answer. */
interface Entry {
  readonly request: PendingRequest
  /** The moment of its arrival, by monotonic time. */
  readonly arrivedAt: number
  readonly answer: (told: Told) => void
  /** Whether no caller waits for the answer any more. */
  isGivenUp: boolean
}

type Told = Exit.Exit<Reply, StoreError.StoreError>

interface Lane {
  waiting: Array<Entry>
  underway: ReadonlyArray<Entry>
  isWorking: boolean
  /** Whether `watch` runs for this lane. */
  isWatched: boolean
  /** The recent average time for one command, from which `refuse` estimates when to come back. */
  millisPerCommand: number
}

/** How many callers of a batch get their answers before other work has a turn. */
const TOLD_AT_ONCE = 8

/** The shortest and the longest wait that a refused caller is asked for. */
const SHORTEST_RETRY_MILLIS = 50
const LONGEST_RETRY_MILLIS = 10_000

/**
 * Waits until the code that runs now has come to its end: less than a turn of the event loop. Another scheduler may provide
 * another way.
 */
export const EndOfTurn: Context.Reference<Effect.Effect<void>> = Context.Reference<Effect.Effect<void>>(
  "@turnout/EndOfTurn",
  { defaultValue: () => Effect.callback<void>((resume) => queueMicrotask(() => resume(Effect.void))) }
)

/** The answer to a command that could not be carried out, or whose outcome is unknown. */
const failed = (reason: StoreError.StoreErrorReason) => Exit.fail(new StoreError.StoreError({ reason }))

/** Whether a batch failed because of its own commands: then a part of it may well succeed. */
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
  /** The batches that are being answered. They have committed, so nothing keeps their answers from the callers. */
  readonly telling: Set<Fiber.Fiber<void>>
  /** The runs of `watch`. */
  readonly watching: Set<Fiber.Fiber<void>>
  isClosed: boolean
}

const fork = ({ runFork }: Working, effect: Effect.Effect<void>, fibers: Set<Fiber.Fiber<void>>): void => {
  const fiber = runFork(effect)
  fibers.add(fiber)
  fiber.addObserver(() => fibers.delete(fiber))
}

/** Takes the entries about these events, in the order of their arrival, as many as a transaction may have. */
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

/** Returns the answers to a batch. A batch that failed because of its own commands is first committed again in parts. */
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

/** Answers the callers of a large batch a few at a time, so that work of the next transaction gets a turn in between. */
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

/** Carries out the commands that wait in a lane, until none does. */
const work = Effect.fnUntraced(function* (working: Working, lane: Lane) {
  const { endOfTurn, metrics, now } = working
  const { maxBatch } = working.options
  // Commands that are submitted in the same turn go along.
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

/** Answers callers who have waited for too long with `OutcomeUnknown`; their commands go on. */
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
    // While a command is under way, the connection to the store keeps the process alive.
    yield* Rest.millis(next.arrivedAt + commandTimeoutMillis - now)
  }
  lane.isWatched = false
})

/** Refuses a command for which the lane has no room, and says when to come back. */
const refuse = ({ metrics }: Working, lane: Lane): Effect.Effect<never, Overloaded> => {
  metrics.refused()
  const millis = Math.ceil(lane.waiting.length * lane.millisPerCommand)
  const retryAfterMillis = Math.min(Math.max(millis, SHORTEST_RETRY_MILLIS), LONGEST_RETRY_MILLIS)
  return Effect.fail(new Overloaded({ retryAfterMillis }))
}

const submit = (working: Working, request: PendingRequest): Effect.Effect<Reply, StoreError.StoreError | Overloaded> =>
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

/** Carries out the commands that were accepted, within `drainMillis`, and answers the others. */
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
    // These callers are told that nothing has happened, so no transaction that still waits for its locks may take their
    // commands.
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
    // The fibers do not run in the context of the callers, whose open transactions and spans are not those of the batch.
    runFork: Effect.runForkWith(context),
    running: new Set(),
    telling: new Set(),
    watching: new Set(),
    isClosed: false
  }
  yield* Effect.addFinalizer(() => close(working))
  return { submit: (request) => submit(working, request) }
})
