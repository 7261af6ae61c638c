/**
 * The relay: delivers the journal to a sink.
 *
 * Any number of relays, in any number of processes, share the slots of a sink evenly (`SlotLeases`): each holds leases, reads
 * the slots that it holds, delivers, and acknowledges. The number of entries in hand is bounded. Slots do not wait for each
 * other: while one waits for its sink, the others go on, and all slots that are ready at the same time are read, or
 * acknowledged, in one go.
 *
 * - A relay stops sending before its lease runs out (`HeldLease`), so a relay that was paused, or cut off from its store, falls
 *   silent before its successor begins, even if the wall clock jumps.
 * - If a lease is lost in spite of that, an acknowledgement under it changes nothing, and the successor sends the entries
 *   again.
 * - After a failover, the store may have lost commits, and not know the position of a slot. The relay then gives the slot back,
 *   claims it again, and goes on where the store is: some entries are sent again.
 * - The log tells when an outage of the sink or of the store begins and when it is over, and which streams are parked (`Outage`).
 * - A sink that cannot be reached blocks no stream: the relay waits, longer each time, and goes on where it was. Entries that
 *   the sink has accepted until then count (`RelayProgress`).
 * - A relay that is stopped waits up to `graceMillis` for what is under way, acknowledges it, and gives its leases back, so
 *   that other relays go on at once.
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
import { visible } from "../../kernel/domain/text/VisibleText.ts"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import type { Block } from "../domain/Block.ts"
import { delivered, type DeliveryOutcome, unanswered } from "../domain/DeliveryOutcome.ts"
import {
  DEFAULT_RETRY_POLICY,
  OUTAGE_PAUSES,
  pauseMillis,
  type RetryPolicy,
  STORE_PAUSES
} from "../../kernel/domain/Backoff.ts"
import { Outbox } from "../ports/Outbox.ts"
import type { StartFrom } from "../../journal/ports/JournalReader.ts"
import type { Replays } from "../ports/Replays.ts"
import type { Sink, SinkUnavailable } from "../ports/Sink.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import * as DeliverySpan from "./DeliverySpan.ts"
import * as HeldLease from "./HeldLease.ts"
import type { InvalidInput } from "../../kernel/application/InvalidInput.ts"
import * as RelayMetrics from "./RelayMetrics.ts"
import { deliveriesOf, failedOf, type Finished, RETRY_DEPTH, type Work, writingOf } from "./RelayProgress.ts"
import * as Replayer from "./Replayer.ts"
import * as SinkNames from "./SinkNames.ts"
import * as SlotLeases from "./SlotLeases.ts"
import * as Outage from "../../kernel/application/Outage.ts"
import * as StoreOutage from "../../kernel/application/StoreOutage.ts"

export interface RelayOptions {
  /** The name of this relay, unique among all that run. Default: its host, its process and a random part (`HeldLease.newOwner`). */
  readonly owner?: string
  /**
   * For how long a lease is taken: another relay replaces one that dies after this time. Less than an hour; default 10 seconds.
   */
  readonly ttlMillis?: number
  /** The most entries of a slot that are delivered at once. Default 500. */
  readonly batchSize?: number
  /** The most entries that are in hand at once. Default 4,000. */
  readonly maxInFlight?: number
  /** How often to look for what other processes have committed. Default 500 milliseconds. */
  readonly pollMillis?: number
  /** How long what is under way may take once the relay is to stop. Default 5 seconds. */
  readonly graceMillis?: number
  /** When to try again what could not be delivered. */
  readonly retryPolicy?: RetryPolicy
  /** Where to begin with a sink that the store does not know yet. Default: at the beginning. */
  readonly startFrom?: StartFrom
}

/** The settings of a relay that are not given. */
export const DEFAULTS = {
  ttlMillis: 10_000,
  batchSize: 500,
  maxInFlight: 4_000,
  pollMillis: 500,
  graceMillis: 5_000,
  retryPolicy: DEFAULT_RETRY_POLICY,
  startFrom: "beginning"
} as const satisfies RelayOptions

/** The shortest and the longest lease that operators may choose: a second, and ten minutes. */
export const LEASE_BOUNDS = { min: 1_000, max: 600_000 } as const

/** How often the age of parked streams is measured. */
const PARKED_INTERVAL_MILLIS = 10_000
/** How often blocked streams are looked for. */
const RETRY_INTERVAL_MILLIS = 500
/** The most blocked streams of a slot that are tried again together. */
const RETRIES_AT_ONCE = 20
/** How long a relay that stops may take to write what is left. */
const STOP_MILLIS = 1_000
/** How long it may take to give up what is under way. */
const GIVING_UP_MILLIS = 200

/** A relay at work. */
interface Relaying {
  readonly sink: Sink
  readonly options: Required<Omit<RelayOptions, "owner">>
  readonly outbox: Outbox["Service"]
  readonly leases: SlotLeases.SlotLeases
  readonly metrics: RelayMetrics.RelayMetrics
  /** Monotonic time, in milliseconds; all moments below are by it. */
  readonly now: () => number
  readonly wallNow: () => number
  readonly draw: () => number
  readonly wakeUp: Queue.Queue<void>
  /** Work that the sink is done with, and that the relay has not written down yet. */
  readonly finished: Array<Finished>
  /** Entries that the sink has in hand. */
  inFlight: number
  /** The journal was read to its end, and is not read again before this moment, unless this process commits something. */
  readAt: number
  /** The moment before which blocked streams are not looked for. */
  retryAt: number
  /** The moment before which the age of parked streams is not measured. */
  parkedAt: number
  /** Failures of the sink, and of the store, since the last success. */
  sinkFailures: number
  sinkRestsUntil: number
  storeFailures: number
  /** What is told of failures of the sink, and of the store. */
  readonly sinkOutage: Outage.Outage
  readonly storeOutage: Outage.Outage
  /** When the first entry of the last slice of a slot happened that was not empty, in milliseconds of wall time. */
  readonly oldest: Map<SlotLeases.Holding, number>
}

const wake = ({ wakeUp }: Relaying): void => void Queue.offerUnsafe(wakeUp, undefined)

/**
 * Delivers some work to the sink and notes the outcomes. Entries that have arrived before are not sent. The end of the lease
 * ends the attempt.
 */
const attempt = (
  sink: Sink,
  { arrived, epoch, lease, slot }: SlotLeases.Holding,
  all: ReadonlyArray<StoredEntry>,
  outcomes: Array<DeliveryOutcome | undefined>
): Effect.Effect<void, SinkUnavailable> => {
  // The indices of the entries that are sent; `undefined` if all are, as is usual.
  const places = arrived.size === 0 ? undefined : [...all.keys()].filter((index) => outcomes[index] === undefined)
  const placeOf = (index: number): number => (places === undefined ? index : places[index]!)
  const deliveries = places === undefined ? all : places.map((index) => all[index]!)
  if (deliveries.length === 0) return Effect.void
  const settled = (index: number, outcome: DeliveryOutcome): void => void (outcomes[placeOf(index)] = outcome)
  const inTime = Effect.raceFirst(Effect.andThen(lease.untilOver, Effect.interrupt))
  return Effect.map(inTime(DeliverySpan.deliver(sink, { slot, epoch, deliveries, settled })), (answers) => {
    for (let index = 0; index < deliveries.length; index++) settled(index, answers[index] ?? unanswered)
  })
}

const messageOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Begins to deliver some work of a slot. */
const start = Effect.fnUntraced(function* (relaying: Relaying, holding: SlotLeases.Holding, work: Work) {
  const { finished, metrics, now, sink } = relaying
  const deliveries = deliveriesOf(work)
  const { arrived } = holding
  const outcomes: Array<DeliveryOutcome | undefined> =
    arrived.size === 0
      ? Array.from<undefined>({ length: deliveries.length })
      : deliveries.map(({ id }) => (arrived.has(id) ? delivered : undefined))
  const count = deliveries.length
  const beganAt = now()
  // Reading may have taken longer than the lease. Then another relay delivers the slot.
  if (holding.lease.isOver()) return
  relaying.inFlight += count
  const job = attempt(sink, holding, deliveries, outcomes).pipe(
    Effect.tapCause((cause) => {
      if (Cause.hasInterruptsOnly(cause) || !relaying.sinkOutage.failed(messageOf(cause))) return Effect.void
      return Effect.logWarning(`the sink ${sink.name} failed; it will be tried again`, cause)
    }),
    Effect.onExit((exit) =>
      Effect.sync(() => {
        relaying.inFlight -= count
        if (count > 0) metrics.sent(now() - beganAt)
        finished.push({ holding, work, outcomes: [...outcomes], isCut: Exit.isFailure(exit) })
        wake(relaying)
      })
    )
  )
  // The job begins at once, so that `onExit` runs even if the job is interrupted at once.
  holding.job = yield* Effect.forkDetach(job, { startImmediately: true })
})

/** Logs that streams were parked: in one line, however many they are. */
const tellParked = ({ name }: Sink, failed: ReadonlyArray<Block>): Effect.Effect<void> => {
  const parked = failed.filter(({ retryAfterMillis }) => retryAfterMillis === null)
  const [first] = parked
  if (first === undefined) return Effect.void
  const which = parked.length === 1 ? "a stream is parked" : `${parked.length} streams are parked, the first of them`
  return Effect.logWarning(
    `${which} for ${name}: ${first.stream} from version ${first.version} on: ${visible(first.error)}`
  )
}

/** Logs that an outage is over. */
const tellOver = Effect.fnUntraced(function* ({ sink: { name }, sinkOutage, storeOutage }: Relaying) {
  const [ofSink, ofStore] = [sinkOutage.over(), storeOutage.over()]
  if (ofSink !== undefined) yield* Effect.logInfo(`the sink ${name} works again after ${Outage.inWords(ofSink)}`)
  if (ofStore !== undefined) yield* StoreOutage.logOver(`the relay of ${name} has its store again`, ofStore)
})

/** Writes the outcomes of slices and retries that have ended. */
const acknowledge = Effect.fnUntraced(function* (relaying: Relaying) {
  const { draw, finished, leases, metrics, now, options, outbox, sink } = relaying
  // Work whose lease is no longer held is left out: the relay that has the slot now acknowledges it.
  const over = finished.filter(({ holding }) => leases.isHeld(holding))
  finished.splice(0, finished.length, ...over)
  const writing = writingOf(over, options.retryPolicy, draw)
  const { acknowledgements, arrived, asked, moves, settlements } = writing
  const held: Array<number> = []
  if (acknowledgements.length > 0) held.push(...(yield* outbox.acknowledge(sink.name, acknowledgements)))
  if (settlements.length > 0) held.push(...(yield* outbox.settle(sink.name, settlements)))
  // If the store has failed before this line, all of it is written again.
  finished.splice(0, over.length)
  if (over.length === 0) return
  for (const { holding } of over) Object.assign(holding, moves.get(holding), { job: undefined })
  const failed = failedOf(writing)
  metrics.blocked(failed)
  yield* tellParked(sink, failed)
  metrics.delivered(arrived)
  if (over.some(({ isCut }) => isCut)) {
    // If some entries got through, the failure is taken for a passing one, and the pause is short.
    relaying.sinkFailures = arrived > 0 ? 1 : relaying.sinkFailures + 1
    relaying.sinkRestsUntil = now() + pauseMillis(OUTAGE_PAUSES, relaying.sinkFailures, draw())!
  } else {
    relaying.sinkFailures = 0
    relaying.sinkOutage.worked()
  }
  relaying.readAt = 0
  yield* leases.giveUp(asked.filter(({ slot }) => !held.includes(slot)))
})

const startRetries = Effect.fnUntraced(function* (relaying: Relaying) {
  const { leases, now, outbox, sink } = relaying
  const idle = leases.ready()
  if (now() < relaying.retryAt || idle.length === 0) return
  const due = yield* outbox.due(sink.name, idle, { limit: RETRIES_AT_ONCE, depth: RETRY_DEPTH })
  relaying.retryAt = now() + (due.length === 0 ? RETRY_INTERVAL_MILLIS : 0)
  for (const [slot, retries] of Map.groupBy(due, ({ slot }) => slot)) {
    const holding = idle.find((one) => one.slot === slot)
    if (holding !== undefined) yield* start(relaying, holding, { _tag: "Retries", retries })
  }
})

/** Measures for how long the entries in hand have waited. */
const measureBehind = ({ leases, metrics, oldest, wallNow }: Relaying): void => {
  for (const holding of oldest.keys()) if (!leases.isHeld(holding)) oldest.delete(holding)
  metrics.behind(oldest.size === 0 ? 0 : Math.max(0, wallNow() - Math.min(...oldest.values())))
}

const startSlices = Effect.fnUntraced(function* (relaying: Relaying) {
  const { leases, metrics, now, outbox, sink, wallNow } = relaying
  const { batchSize, maxInFlight, pollMillis } = relaying.options
  if (now() < relaying.readAt) return
  const idle = leases.ready()
  const room = maxInFlight - relaying.inFlight
  if (idle.length === 0 || room <= 0) return
  const limit = Math.max(1, Math.min(batchSize, Math.floor(room / idle.length)))
  relaying.readAt = now() + pollMillis
  const slices = yield* outbox.read(sink.name, idle, limit)
  for (const holding of idle) relaying.oldest.delete(holding)
  const setBack: Array<SlotLeases.Holding> = []
  for (const slice of slices) {
    const { deliveries, isFull, position, positionAfter, slot } = slice
    const holding = leases.get(slot)
    if (holding === undefined || holding.job !== undefined) continue
    if (slice.isSetBack) {
      setBack.push(holding)
      continue
    }
    const [first] = deliveries
    if (first !== undefined) {
      relaying.oldest.set(holding, first.occurredAt.getTime())
      metrics.read(Math.max(0, wallNow() - first.occurredAt.getTime()), holding.isFresh)
    }
    // The position of a slice without deliveries is written along with the next deliveries. That of a full one is written at
    // once: it skips many entries, and others may wait for it.
    if (first !== undefined || isFull)
      yield* start(relaying, holding, { _tag: "Slice", deliveries, position, positionAfter })
    else holding.position = position
  }
  for (const holding of idle) holding.isFresh = false
  measureBehind(relaying)
  yield* leases.giveUp(setBack)
})

const measureParked = Effect.fnUntraced(function* (relaying: Relaying) {
  const { metrics, now, outbox, sink } = relaying
  if (now() < relaying.parkedAt) return
  relaying.parkedAt = now() + PARKED_INTERVAL_MILLIS
  metrics.parkedFor(yield* outbox.parkedMillis(sink.name))
})

/** Sleeps until there is something to do: something is due, was delivered, or was committed in this process. */
const rest = (relaying: Relaying): Effect.Effect<unknown> =>
  Effect.suspend(() => {
    const { inFlight, leases, now, options, readAt, retryAt, sinkRestsUntil, wakeUp } = relaying
    const canStart = leases.ready().length > 0 && inFlight < options.maxInFlight
    const startAt = canStart ? Math.max(Math.min(readAt, retryAt), sinkRestsUntil) : Infinity
    const millis = Math.min(startAt, leases.keepAt()) - now()
    return millis <= 0 ? Effect.yieldNow : Queue.take(wakeUp).pipe(Effect.timeoutOption(Math.ceil(millis)))
  })

const round = Effect.fnUntraced(function* (relaying: Relaying) {
  yield* acknowledge(relaying)
  if (yield* relaying.leases.keep) relaying.readAt = 0
  yield* measureParked(relaying)
  if (relaying.now() >= relaying.sinkRestsUntil) {
    yield* startRetries(relaying)
    yield* startSlices(relaying)
  }
  if (relaying.finished.length === 0) yield* rest(relaying)
})

const waitForStore = (relaying: Relaying, error: StoreError): Effect.Effect<void> =>
  Effect.suspend(() =>
    relaying.storeOutage.failed(StoreOutage.causeOf(error))
      ? StoreOutage.log(`the relay of ${relaying.sink.name} waits for its store`, error)
      : Effect.void
  ).pipe(Effect.andThen(Effect.sleep(pauseMillis(STORE_PAUSES, ++relaying.storeFailures, relaying.draw())!)))

const register = (relaying: Relaying): Effect.Effect<void> =>
  Effect.catch(relaying.leases.register, (error) =>
    Effect.andThen(
      waitForStore(relaying, error),
      Effect.suspend(() => register(relaying))
    )
  )

const patientRound = (relaying: Relaying): Effect.Effect<void> =>
  Effect.matchEffect(round(relaying), {
    onSuccess: () =>
      Effect.suspend(() => {
        relaying.storeFailures = 0
        relaying.storeOutage.worked()
        return tellOver(relaying)
      }),
    onFailure: (error) => waitForStore(relaying, error)
  })

/** Finishes what is under way, and gives the leases back. */
const stop = (relaying: Relaying): Effect.Effect<unknown> => {
  const { leases, options, sink } = relaying
  return Effect.gen(function* () {
    const jobs = leases.jobs()
    yield* Effect.timeoutOption(Fiber.awaitAll(jobs), options.graceMillis)
    // The sink may have accepted a part of what is interrupted here, and that part counts.
    yield* Effect.timeoutOption(Fiber.interruptAll(jobs), GIVING_UP_MILLIS)
    yield* acknowledge(relaying)
    yield* leases.resign
  }).pipe(
    Effect.timeout(options.graceMillis + STOP_MILLIS),
    Effect.catchCause((cause) => Effect.logWarning(`the leases of ${sink.name} are left to expire`, cause)),
    // A fiber of its own: in a finalizer, nothing can be interrupted, and no time-out would work.
    Effect.forkDetach,
    Effect.flatMap(Fiber.await)
  )
}

/**
 * Delivers to the sink until it is interrupted. After any failure of the store or of the sink, it logs the failure, waits, and
 * goes on.
 */
export const run = Effect.fnUntraced(function* (
  sink: Sink,
  { owner, ...given }: RelayOptions = {}
): Effect.fn.Return<never, never, Outbox> {
  const options = { ...DEFAULTS, ...given }
  const { startFrom, ttlMillis } = options
  const outbox = yield* Outbox
  const wallClock = yield* Clock.Clock
  const random = yield* Random.Random
  const clock = HeldLease.make(wallClock, ttlMillis)
  const metrics = RelayMetrics.make(sink, yield* Effect.context<never>())
  const relaying: Relaying = {
    sink,
    options,
    outbox,
    leases: SlotLeases.make({
      outbox,
      sink: sink.name,
      owner: owner ?? HeldLease.newOwner(random),
      ttlMillis,
      startFrom,
      clock,
      metrics
    }),
    metrics,
    now: clock.now,
    wallNow: () => wallClock.currentTimeMillisUnsafe(),
    draw: () => random.nextDoubleUnsafe(),
    wakeUp: yield* Queue.sliding<void>(1),
    finished: [],
    inFlight: 0,
    readAt: 0,
    retryAt: 0,
    parkedAt: 0,
    sinkFailures: 0,
    sinkRestsUntil: 0,
    storeFailures: 0,
    sinkOutage: Outage.make(clock.now),
    storeOutage: Outage.make(clock.now),
    oldest: new Map()
  }
  const stopListening = outbox.onCommit(() => {
    relaying.readAt = 0
    wake(relaying)
  })
  return yield* Effect.andThen(register(relaying), Effect.forever(patientRound(relaying))).pipe(
    Effect.ensuring(
      Effect.andThen(
        Effect.sync(stopListening),
        Effect.ensuring(
          Effect.suspend(() => stop(relaying)),
          Effect.sync(metrics.ended)
        )
      )
    )
  )
})

/**
 * Delivers to the sink, and carries out replays to it, for as long as the layer is there. Fails with `InvalidInput` if another
 * relay of this process delivers to another sink of the same name, from the same store.
 *
 * The relay reads at once what this process commits to the same database. It finds commits of other processes by asking every
 * `pollMillis`.
 */
export const layer = (sink: Sink, options: RelayOptions = {}): Layer.Layer<never, InvalidInput, Outbox | Replays> => {
  const replaying = Replayer.run(sink, Struct.pick(options, ["batchSize", "owner", "ttlMillis"]))
  const relaying = Effect.andThen(Effect.forkScoped(run(sink, options)), Effect.forkScoped(replaying))
  return Layer.effectDiscard(Effect.andThen(SinkNames.claim(sink), relaying))
}

/**
 * Delivers to each of the sinks. Fails with `InvalidInput`, before anything is delivered to any, if two of them have one
 * name or lead to the same place.
 */
export const layers = (
  sinks: ReadonlyArray<Sink>,
  options: RelayOptions = {}
): Layer.Layer<never, InvalidInput, Outbox | Replays> =>
  Layer.unwrap(
    Effect.map(SinkNames.check(sinks), () =>
      sinks.map((sink) => layer(sink, options)).reduce((all, one) => Layer.merge(all, one), Layer.empty as never)
    )
  )
