/**
 * The relay: a worker that delivers the journal to a sink.
 *
 * Any number of workers, in any number of processes, share the slots of a sink evenly: each holds leases, reads the slots
 * that it holds, delivers, and acknowledges. What is in hand is bounded. Slots do not wait for each other: while one waits
 * for its sink, the others go on, and whatever slots are ready at the same time are read, or acknowledged, in one go.
 *
 * - A worker renews its leases at a third of their time. It stops sending at a deadline of its own clock, which runs out
 *   before the lease does, so a worker that was paused, or cut off from its store, falls silent before its successor begins.
 * - A lease that was lost in spite of that makes its acknowledgement void: what was sent is sent again by the successor.
 * - An entry that cannot be delivered blocks its stream, and nothing else (`domain/Block`).
 * - A sink that cannot be reached blocks nothing: the worker waits, longer each time, and starts over where it was.
 * - A worker that is stopped finishes what is under way, for a while, acknowledges, and gives its leases back, so that
 *   others go on at once.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import * as Struct from "effect/Struct"
import * as Block from "../domain/Block.ts"
import type { Delivery, DeliveryOutcome } from "../domain/Delivery.ts"
import { DEFAULT_RETRY_POLICY, OUTAGE_PAUSES, pauseMillis, type RetryPolicy } from "../domain/RetryPolicy.ts"
import { SLOTS } from "../domain/Slot.ts"
import {
  type Acknowledgement,
  type Claim,
  Outbox,
  type Position,
  type Retry,
  type Settlement,
  type StartFrom
} from "../ports/Outbox.ts"
import type { Replays } from "../ports/Replays.ts"
import type { Sink, SinkUnavailable } from "../ports/Sink.ts"
import type { StoreError } from "../ports/StoreError.ts"
import { CommitSignal, layer as CommitSignalLayer } from "./CommitSignal.ts"
import { monotonicMillis, newOwner } from "./LeaseHolder.ts"
import * as RelayMetrics from "./RelayMetrics.ts"
import * as Replayer from "./Replayer.ts"

export interface RelayOptions {
  /** The name of this worker, unique among all that run. Default: a random one. */
  readonly owner?: string
  /** For how long a lease is taken: a worker that dies is replaced after this time. Default 10 seconds. */
  readonly ttlMillis?: number
  /** The most entries of a slot that are delivered at once. Default 500. */
  readonly batchSize?: number
  /** The most entries that are in hand at once. Default 4,000. */
  readonly maxInFlight?: number
  /** How often to look for what other processes have committed. Default 500 milliseconds. */
  readonly pollMillis?: number
  /** How long what is under way may take once the worker is to stop. Default 5 seconds. */
  readonly graceMillis?: number
  /** When to try again what could not be delivered. */
  readonly retryPolicy?: RetryPolicy
  /** From where on a sink is given events that has never been given any. Default: from the beginning. */
  readonly startFrom?: StartFrom
}

const DEFAULTS = {
  ttlMillis: 10_000,
  batchSize: 500,
  maxInFlight: 4_000,
  pollMillis: 500,
  graceMillis: 5_000,
  retryPolicy: DEFAULT_RETRY_POLICY,
  startFrom: "beginning"
} as const satisfies RelayOptions

/** How often workers are counted, and expired leases looked for. */
const LOOK_AROUND_MILLIS = 500
/** How often the age of parked streams is looked at, for the metric. */
const PARKED_INTERVAL_MILLIS = 10_000
/** How often blocked streams are looked for. */
const RETRY_INTERVAL_MILLIS = 500
/** How many blocked streams of a slot are tried again together, and how many entries of each. */
const RETRIES_AT_ONCE = 20
const RETRY_DEPTH = 50
/** The pauses after a failure of the store. */
const STORE_PAUSES: RetryPolicy = { firstPauseMillis: 100, longestPauseMillis: 5_000, maxAttempts: Infinity }

/** How long writing what is left may take once a worker stops. */
const STOP_MILLIS = 1_000

/** What was asked of the sink, and what came of it; `undefined` if the sink could not be reached. */
type Work =
  | { readonly _tag: "Slice"; readonly deliveries: ReadonlyArray<Delivery>; readonly position: Position }
  | { readonly _tag: "Retries"; readonly retries: ReadonlyArray<Retry> }

interface Finished {
  readonly holding: Holding
  readonly work: Work
  readonly outcomes: ReadonlyArray<DeliveryOutcome> | undefined
}

/** A slot that this worker holds. */
interface Holding {
  readonly slot: number
  readonly epoch: number
  position: Position
  /** By the clock of this process: nothing is sent afterwards. */
  deadline: number
  renewAt: number
  /** Whether nothing has been read of it yet. */
  isFresh: boolean
  /** What is under way; the slot is left alone until it is acknowledged. */
  job: Fiber.Fiber<unknown, SinkUnavailable> | undefined
}

const deliveriesOf = (work: Work): ReadonlyArray<Delivery> =>
  work._tag === "Slice" ? work.deliveries : work.retries.flatMap(({ deliveries }) => deliveries)

/** A part of the lease is left unused: the holder's clock and the store's do not run alike. */
const usable = (ttlMillis: number): number => ttlMillis * 0.9

/**
 * Delivers to the sink until it is interrupted. Failures of the store and of the sink are waited out, whatever they are,
 * and logged.
 */
export const run = Effect.fnUntraced(function* (
  sink: Sink,
  options: RelayOptions = {}
): Effect.fn.Return<never, never, Outbox | CommitSignal> {
  const { batchSize, graceMillis, maxInFlight, pollMillis, retryPolicy, startFrom, ttlMillis } = {
    ...DEFAULTS,
    ...options
  }
  const outbox = yield* Outbox
  const signal = yield* CommitSignal
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const owner = options.owner ?? newOwner(random, "worker")
  const draw = () => random.nextDoubleUnsafe()
  const now = (): number => monotonicMillis(clock)

  const metrics = RelayMetrics.make(sink.name, yield* Effect.context<never>())

  const holdings = new Map<number, Holding>()
  const finished: Array<Finished> = []
  const wakeUp = yield* Queue.sliding<void>(1)
  const wake = () => void Queue.offerUnsafe(wakeUp, undefined)
  let inFlight = 0
  let lookAroundAt = 0
  let parkedAt = 0
  let retryAt = 0
  /** The journal is not read before, unless something is committed: it was read to its end. */
  let readAt = 0
  let sinkFailures = 0
  let sinkRestsUntil = 0

  const drop = (holding: Holding) => {
    if (holdings.get(holding.slot) === holding) holdings.delete(holding.slot)
    holding.job?.interruptUnsafe()
  }
  /** Lets go of the slots that turned out not to be held any more. */
  const dropStale = (asked: ReadonlyArray<Holding>, held: ReadonlyArray<number>): number => {
    const stale = asked.filter(({ slot }) => !held.includes(slot))
    stale.forEach(drop)
    return stale.length
  }

  /** The times of a lease that was asked for at some moment. */
  const timesOf = (askedAt: number) => ({ deadline: askedAt + usable(ttlMillis), renewAt: askedAt + ttlMillis / 3 })

  const hold = ({ epoch, position, slot }: Claim, askedAt: number): void =>
    void holdings.set(slot, { slot, epoch, position, ...timesOf(askedAt), isFresh: true, job: undefined })

  const renew = Effect.fnUntraced(function* (due: ReadonlyArray<Holding>) {
    const askedAt = now()
    const held = yield* outbox.renew(sink.name, due, ttlMillis)
    dropStale(due, held)
    for (const holding of due) Object.assign(holding, timesOf(askedAt))
  })

  /** Counts the workers, and takes slots or gives them up until this one has its share. */
  const balance = Effect.gen(function* () {
    const workers = yield* outbox.announce(sink.name, owner, ttlMillis)
    const share = Math.ceil(SLOTS / Math.max(workers, 1))
    const askedAt = now()
    if (holdings.size < share) {
      const claims = yield* outbox.claim(sink.name, { owner, ttlMillis, limit: share - holdings.size })
      claims.forEach((claim) => hold(claim, askedAt))
      metrics.claimed(claims)
      if (claims.length > 0) readAt = 0
    } else if (holdings.size > share) {
      const idle = [...holdings.values()].filter(({ job }) => job === undefined)
      const excess = idle.slice(0, holdings.size - share)
      excess.forEach(drop)
      yield* outbox.release(sink.name, excess)
    }
  })

  const keepLeases = Effect.gen(function* () {
    const at = now()
    for (const holding of holdings.values()) if (at >= holding.deadline) drop(holding)
    const due = [...holdings.values()].filter(({ renewAt }) => at >= renewAt)
    if (due.length > 0) yield* renew(due)
    if (now() < lookAroundAt) return
    lookAroundAt = now() + LOOK_AROUND_MILLIS
    yield* balance
    if (now() < parkedAt) return
    parkedAt = now() + PARKED_INTERVAL_MILLIS
    metrics.parkedFor(yield* outbox.parkedMillis(sink.name))
  })

  const untilDeadline = (holding: Holding): Effect.Effect<void> =>
    Effect.suspend(() => {
      const millis = holding.deadline - now()
      return millis <= 0 ? Effect.void : Effect.andThen(Effect.sleep(Math.ceil(millis)), untilDeadline(holding))
    })

  /** What the sink makes of some work; the time of the lease ends it. */
  const attempt = (holding: Holding, work: Work): Effect.Effect<ReadonlyArray<DeliveryOutcome>, SinkUnavailable> => {
    const { epoch, slot } = holding
    const deliveries = deliveriesOf(work)
    if (deliveries.length === 0) return Effect.succeed([])
    const inTime = Effect.raceFirst(Effect.andThen(untilDeadline(holding), Effect.interrupt))
    return inTime(sink.deliver({ slot, epoch, deliveries }))
  }

  const start = Effect.fnUntraced(function* (holding: Holding, work: Work) {
    const count = deliveriesOf(work).length
    const beganAt = now()
    // Reading may have taken longer than the lease: it is another's turn by now.
    if (beganAt >= holding.deadline) return
    inFlight += count
    const job = attempt(holding, work).pipe(
      Effect.tapCause((cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Effect.void
          : Effect.logWarning(`the sink ${sink.name} failed; it will be tried again`, cause)
      ),
      Effect.onExit((exit) =>
        Effect.sync(() => {
          inFlight -= count
          if (count > 0) metrics.sent(now() - beganAt)
          finished.push({ holding, work, outcomes: Exit.isSuccess(exit) ? exit.value : undefined })
          wake()
        })
      )
    )
    // Begun at once, so that it ends as it should even if it is interrupted at once.
    holding.job = yield* Effect.forkDetach(job, { startImmediately: true })
  })

  /** Writes what has become of slices and retries that are over. */
  const acknowledge = Effect.gen(function* () {
    // What was sent under a lease that is no longer held is somebody else's to acknowledge.
    const over = finished.filter(({ holding }) => holdings.get(holding.slot) === holding)
    finished.splice(0, finished.length, ...over)
    const asked: Array<Holding> = []
    const acknowledgements: Array<Acknowledgement> = []
    const settlements: Array<Settlement> = []
    for (const { holding, outcomes, work } of over) {
      if (outcomes === undefined) continue
      const { epoch, slot } = holding
      asked.push(holding)
      if (work._tag === "Slice") {
        const blocked = Block.blocks(work.deliveries, outcomes, retryPolicy, draw)
        acknowledgements.push({ slot, epoch, position: work.position, blocked })
        continue
      }
      let from = 0
      for (const { attempts, deliveries, stream, version } of work.retries) {
        const own = outcomes.slice(from, (from += deliveries.length))
        const isAll = deliveries.length < RETRY_DEPTH
        const block = Block.retried({ attempts, deliveries, isAll }, own, retryPolicy, draw)
        settlements.push({ slot, epoch, stream, version, block })
      }
    }
    const held: Array<number> = []
    if (acknowledgements.length > 0) held.push(...(yield* outbox.acknowledge(sink.name, acknowledgements)))
    if (settlements.length > 0) held.push(...(yield* outbox.settle(sink.name, settlements)))
    // If the store fails before, all of it is written again.
    finished.splice(0, over.length)
    if (over.length === 0) return
    for (const { holding, outcomes, work } of over) {
      holding.job = undefined
      if (outcomes !== undefined && work._tag === "Slice") holding.position = work.position
    }
    const lost = dropStale(asked, held)
    metrics.lost(lost)
    if (lost > 0)
      yield* Effect.logWarning(
        `${owner} has lost the lease of ${lost} slots of ${sink.name}: others deliver them again`
      )
    const blocks = [...acknowledgements.flatMap(({ blocked }) => blocked), ...settlements.map(({ block }) => block)]
    metrics.blocked(blocks.filter((block) => block !== null && block.attempts > 0) as ReadonlyArray<Block.Block>)
    for (const { outcomes = [] } of over) metrics.delivered(outcomes.filter(({ _tag }) => _tag === "Delivered").length)
    if (over.some(({ outcomes }) => outcomes === undefined)) {
      sinkFailures += 1
      sinkRestsUntil = now() + pauseMillis(OUTAGE_PAUSES, sinkFailures, draw())!
    } else sinkFailures = 0
    readAt = 0
  })

  const ready = (): ReadonlyArray<Holding> => {
    const at = now()
    return [...holdings.values()].filter(({ deadline, job }) => job === undefined && at < deadline)
  }

  const startRetries = Effect.gen(function* () {
    const idle = ready()
    if (now() < retryAt || idle.length === 0) return
    const due = yield* outbox.due(sink.name, idle, { limit: RETRIES_AT_ONCE, depth: RETRY_DEPTH })
    retryAt = now() + (due.length === 0 ? RETRY_INTERVAL_MILLIS : 0)
    for (const [slot, retries] of Map.groupBy(due, ({ slot }) => slot)) {
      const holding = idle.find((one) => one.slot === slot)
      if (holding !== undefined) yield* start(holding, { _tag: "Retries", retries })
    }
  })

  const startSlices = Effect.gen(function* () {
    if (now() < readAt) return
    const idle = ready()
    const room = maxInFlight - inFlight
    if (idle.length === 0 || room <= 0) return
    const limit = Math.max(1, Math.min(batchSize, Math.floor(room / idle.length)))
    readAt = now() + pollMillis
    const slices = yield* outbox.read(sink.name, idle, limit)
    for (const { deliveries, isFull, position, slot } of slices) {
      const holding = holdings.get(slot)
      if (holding === undefined || holding.job !== undefined) continue
      const [first] = deliveries
      if (first !== undefined) {
        const happenedAt = first.occurredAt.getTime()
        metrics.read(Math.max(0, clock.currentTimeMillisUnsafe() - happenedAt), holding.isFresh)
      }
      // Without deliveries there is little to acknowledge: the position is written with the next ones, unless there is much
      // of it, which may be in the way of others.
      if (first !== undefined || isFull) yield* start(holding, { _tag: "Slice", deliveries, position })
      else holding.position = position
    }
    for (const holding of idle) holding.isFresh = false
  })

  /** Sleeps until there is something to do: what is due, what was delivered, what was committed in this process. */
  const rest = Effect.suspend(() => {
    const canStart = ready().length > 0 && inFlight < maxInFlight
    const startAt = canStart ? Math.max(Math.min(readAt, retryAt), sinkRestsUntil) : Infinity
    const leases = [...holdings.values()].map(({ renewAt }) => renewAt)
    const millis = Math.min(startAt, lookAroundAt, ...leases) - now()
    return millis <= 0 ? Effect.yieldNow : Queue.take(wakeUp).pipe(Effect.timeoutOption(Math.ceil(millis)))
  })

  const round = Effect.gen(function* () {
    yield* acknowledge
    yield* keepLeases
    if (now() >= sinkRestsUntil) {
      yield* startRetries
      yield* startSlices
    }
    if (finished.length === 0) yield* rest
  })

  let storeFailures = 0
  const waitForStore = (error: StoreError): Effect.Effect<void> =>
    Effect.logWarning(`the relay of ${sink.name} waits for its store`, error).pipe(
      Effect.andThen(Effect.sleep(pauseMillis(STORE_PAUSES, ++storeFailures, draw())!))
    )
  const register: Effect.Effect<void> = Effect.catch(outbox.register(sink.name, startFrom), (error) =>
    Effect.andThen(waitForStore(error), register)
  )
  const patientRound = Effect.matchEffect(round, {
    onSuccess: () => Effect.sync(() => void (storeFailures = 0)),
    onFailure: waitForStore
  })

  /** Finishes what is under way, and lets others go on. */
  const stop = Effect.gen(function* () {
    const jobs = [...holdings.values()].flatMap(({ job }) => (job === undefined ? [] : [job]))
    yield* Effect.timeoutOption(Fiber.awaitAll(jobs), graceMillis)
    yield* acknowledge
    const held = [...holdings.values()]
    held.forEach(drop)
    yield* outbox.release(sink.name, held)
    yield* outbox.depart(sink.name, owner)
  }).pipe(
    Effect.timeout(graceMillis + STOP_MILLIS),
    Effect.catchCause((cause) => Effect.logWarning(`the leases of ${sink.name} are left to expire`, cause)),
    // A fiber of its own: here, nothing could be given up any more.
    Effect.forkDetach,
    Effect.flatMap(Fiber.await)
  )

  const stopListening = signal.listen(() => {
    readAt = 0
    wake()
  })
  return yield* Effect.andThen(register, Effect.forever(patientRound)).pipe(
    Effect.ensuring(Effect.andThen(Effect.sync(stopListening), stop))
  )
})

/** Delivers to the sink, and carries out replays to it, for as long as the layer is there. */
export const layer = (sink: Sink, options: RelayOptions = {}): Layer.Layer<never, never, Outbox | Replays> => {
  const replaying = Replayer.run(sink, Struct.pick(options, ["batchSize", "owner", "ttlMillis"]))
  return Layer.effectDiscard(Effect.andThen(Effect.forkScoped(run(sink, options)), Effect.forkScoped(replaying))).pipe(
    Layer.provide(CommitSignalLayer)
  )
}
