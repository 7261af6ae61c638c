/**
 * The replayer: sends to a sink again what operators have asked for (`Replay`).
 *
 * A replayer runs beside each relay of the sink; one of them at a time carries out a replay, under a lease. It sends in
 * batches, at most `perSecond` messages a second, and notes its progress after each batch, so that another replayer can go on
 * from there. It waits for a sink that cannot be reached; entries of a batch that the sink has accepted count as progress, and
 * are not sent again. An entry that the sink refuses again and again stops the replay, until an operator resumes it.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { type DeliveryOutcome, unanswered } from "../domain/DeliveryOutcome.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import { OUTAGE_PAUSES, pauseMillis, type RetryPolicy } from "../../kernel/domain/Backoff.ts"
import type { Replay } from "../domain/Replay.ts"
import { storable } from "../../kernel/domain/Text.ts"
import { type Advance, type ReplayPlace, Replays, type ReplaySlice } from "../ports/Replays.ts"
import type { Sink } from "../ports/Sink.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import * as DeliverySpan from "./DeliverySpan.ts"
import * as HeldLease from "./HeldLease.ts"
import * as Outage from "../../kernel/application/Outage.ts"
import * as StoreOutage from "../../kernel/application/StoreOutage.ts"

export interface ReplayerOptions {
  /** The name of this replayer, unique among all that run. Default: as that of a relay. */
  readonly owner?: string
  /** For how long a lease is taken: another replayer replaces one that dies after this time. Default 10 seconds. */
  readonly ttlMillis?: number
  /** The most entries that are sent at once. Default 500. */
  readonly batchSize?: number
  /** How often to look for a replay that no replayer carries out. Default 2 seconds. */
  readonly pollMillis?: number
  /** When to send again what was refused; once the attempts are used up, the replay stops. Default: five within a minute. */
  readonly retryPolicy?: RetryPolicy
}

const DEFAULTS = {
  ttlMillis: 10_000,
  batchSize: 500,
  pollMillis: 2_000,
  retryPolicy: { firstPauseMillis: 1_000, longestPauseMillis: 30_000, maxAttempts: 5 }
} as const satisfies ReplayerOptions

type Entry = ReplaySlice["entries"][number]

/** A replay that this replayer carries out. */
interface Holding {
  readonly lease: HeldLease.HeldLease
  readonly epoch: number
  /** The replay and its place, as the store has them. */
  replay: Replay
  place: ReplayPlace
  /** How far the current batch has come. It is written down whenever the lease is renewed. */
  reached: { readonly place: ReplayPlace; readonly count: number }
}

/** The first refusal among some outcomes. */
interface Refusal {
  readonly entry: Entry
  readonly error: string
  readonly isFinal: boolean
  /** The shortest time after which the sink welcomes another attempt. */
  readonly retryAfterMillis: number
}

const refusalOf = (entries: ReadonlyArray<Entry>, outcomes: Outcomes): Refusal | undefined => {
  for (const [index, entry] of entries.entries()) {
    const outcome = outcomes[index]
    if (outcome === undefined || outcome._tag === "Delivered") continue
    const { error } = outcome
    if (outcome._tag === "NotTried") return { entry, error, isFinal: false, retryAfterMillis: 0 }
    return { entry, error, isFinal: outcome.isFinal, retryAfterMillis: outcome.retryAfterMillis ?? 0 }
  }
  return undefined
}

/** The outcome of each entry; `undefined` if it is not known. */
type Outcomes = ReadonlyArray<DeliveryOutcome | undefined>

/**
 * The entries to send again: in each stream, the first that has not arrived, or of which nothing is known, and all after it. A
 * later one may have arrived, and is sent again after the earlier one, as a relay does.
 */
const leftOf = (entries: ReadonlyArray<Entry>, outcomes: Outcomes): ReadonlyArray<Entry> => {
  const held = new Set<EventId>()
  return entries.filter(({ delivery: { eventId } }, index) => {
    if (outcomes[index]?._tag !== "Delivered") held.add(eventId)
    return held.has(eventId)
  })
}

const describe = ({ eventId, id, type, version }: StoredEntry): string =>
  `message ${id} (${type}, version ${version} of ${eventId})`

/** A replayer at work. */
interface Replaying {
  readonly sink: Sink
  readonly options: Required<ReplayerOptions>
  readonly replays: Replays["Service"]
  readonly clock: HeldLease.LeaseClock
  readonly draw: () => number
  /** What is told of failures of the sink, and of the store. */
  readonly sinkOutage: Outage.Outage
  readonly storeOutage: Outage.Outage
}

/**
 * Notes how far a replay has come, and renews its lease. Returns the replay as it is then, or `undefined` if the lease was
 * lost.
 */
const note = Effect.fnUntraced(function* (
  { clock, options: { owner, ttlMillis }, replays }: Replaying,
  { epoch, lease, replay: { id, sent } }: Holding,
  { count, error, place, state }: Holding["reached"] & Pick<Advance, "error" | "state">
): Effect.fn.Return<Replay | undefined, StoreError> {
  const asked = clock.ask()
  const after = yield* replays.advance({ id, epoch, owner, place, sent: sent + count, state, error }, ttlMillis)
  if (after !== undefined) lease.renewed(asked)
  return after
})

/** Renews the lease in the middle of a batch. Returns whether the replay is to go on. */
const renew = (replaying: Replaying, held: Holding): Effect.Effect<boolean, StoreError> =>
  Effect.suspend(() =>
    Effect.map(
      note(replaying, held, { ...held.reached, state: "running", error: null }),
      (after) => after?.state === "running"
    )
  )

/** Goes on to the next place. Returns whether the replay is to go on. */
const advance = Effect.fnUntraced(function* (
  replaying: Replaying,
  held: Holding,
  place: ReplayPlace,
  count: number,
  state: Advance["state"],
  error: string | null = null
): Effect.fn.Return<boolean, StoreError> {
  const after = yield* note(replaying, held, { place, count, state, error })
  if (after !== undefined) Object.assign(held, { replay: after, place, reached: { place, count: 0 } })
  return after?.state === "running"
})

/** Renews the lease while `work` runs. Returns `undefined`, and interrupts the work, if the replay is not to go on. */
const keeping = <A, E>(
  replaying: Replaying,
  held: Holding,
  work: Effect.Effect<A, E>
): Effect.Effect<A | undefined, E | StoreError> => {
  const pause = HeldLease.renewalMillis(replaying.options.ttlMillis)
  const untilLost = Effect.repeat(Effect.delay(renew(replaying, held), pause), { while: (goesOn) => goesOn })
  return Effect.raceFirst(work, Effect.as(untilLost, undefined))
}

/**
 * Sends entries of one or more slots. Returns the known outcomes, and whether the sink could not be reached for some entries.
 */
const deliver = (
  { sink, sinkOutage }: Replaying,
  { replay }: Holding,
  entries: ReadonlyArray<Entry>
): Effect.Effect<{ readonly outcomes: Outcomes; readonly isCut: boolean }> => {
  const bySlot = Array.from(Map.groupBy(entries, ({ slot }) => slot))
  const known = new Map<Entry, DeliveryOutcome>()
  let isCut = false
  const deliverSlot = ([slot, own]: (typeof bySlot)[number]): Effect.Effect<void> =>
    DeliverySpan.deliver(sink, {
      slot,
      replay: replay.id,
      deliveries: own.map(({ delivery }) => delivery),
      settled: (index, outcome) => void known.set(own[index]!, outcome)
    }).pipe(
      Effect.map((outcomes) => own.forEach((entry, index) => known.set(entry, outcomes[index] ?? unanswered))),
      Effect.catchCause((cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
        isCut = true
        const error = Cause.squash(cause)
        if (!sinkOutage.failed(error instanceof Error ? error.message : String(error))) return Effect.void
        return Effect.logWarning(`the replay to ${sink.name} waits for its sink`, cause)
      })
    )
  return Effect.map(Effect.forEach(bySlot, deliverSlot, { concurrency: "unbounded", discard: true }), () => ({
    outcomes: entries.map((entry) => known.get(entry)),
    isCut
  }))
}

/**
 * Sends entries until each has arrived, or one has been refused for good, and returns this refusal. Waits while the sink cannot
 * be reached. Returns `undefined` if the replay is not to go on.
 */
const send = Effect.fnUntraced(function* (
  replaying: Replaying,
  held: Holding,
  entries: ReadonlyArray<Entry>
): Effect.fn.Return<{ readonly refusal: Refusal | undefined } | undefined, StoreError> {
  const { clock, draw, options } = replaying
  let left = entries
  let attempts = 0
  let outages = 0
  while (left.length > 0) {
    yield* clock.look
    if (held.lease.isDoubtful() && !(yield* renew(replaying, held))) return undefined
    // The process may have been paused for longer than the lease. Then another replayer has the replay.
    if (held.lease.isOver()) return undefined
    const { isCut, outcomes } = yield* deliver(replaying, held, left)
    const before = left
    left = leftOf(before, outcomes)
    const arrived = left.length === 0 ? entries.length : entries.indexOf(left[0]!)
    if (arrived > 0) held.reached = { place: entries[arrived - 1]!.place, count: arrived }
    if (!isCut) replaying.sinkOutage.worked()
    const outage = replaying.sinkOutage.over()
    if (outage !== undefined)
      yield* Effect.logInfo(`the replay to ${replaying.sink.name} goes on after ${Outage.inWords(outage)}`)
    if (isCut) {
      // If some entries got through, the failure is taken for a passing one, and the pause is short.
      outages = left.length < before.length ? 1 : outages + 1
      yield* Effect.sleep(pauseMillis(OUTAGE_PAUSES, outages, draw())!)
      continue
    }
    const refusal = refusalOf(before, outcomes)
    if (refusal === undefined) break
    attempts += 1
    const pause = refusal.isFinal ? null : pauseMillis(options.retryPolicy, attempts, draw())
    if (pause === null) return { refusal }
    yield* Effect.sleep(Math.max(pause, refusal.retryAfterMillis))
  }
  return { refusal: undefined }
})

/** Stops at an entry that the sink has refused, so that an operator decides. */
const stopAt = (
  replaying: Replaying,
  held: Holding,
  entries: ReadonlyArray<Entry>,
  { entry, error }: Refusal
): Effect.Effect<boolean, StoreError> => {
  const index = entries.indexOf(entry)
  const place = index === 0 ? held.place : entries[index - 1]!.place
  const why = storable(`${describe(entry.delivery)} was refused: ${error}`)
  return advance(replaying, held, place, index, "stopped", why)
}

/** Carries out a replay to its end, or until its lease is lost, or it is stopped or cancelled. */
const carryOut = Effect.fnUntraced(function* (replaying: Replaying, held: Holding): Effect.fn.Return<void, StoreError> {
  const { clock, options, replays } = replaying
  const { perSecond, sent: sentBefore } = held.replay
  const atOnce = Math.min(options.batchSize, perSecond ?? options.batchSize)
  const beganAt = clock.now()
  const batch = Effect.gen(function* () {
    const slice = yield* replays.read(held.replay, held.place, atOnce)
    const outcome = yield* send(replaying, held, slice.entries)
    return outcome && { ...slice, ...outcome }
  })
  while (true) {
    const step = yield* keeping(replaying, held, batch)
    if (step === undefined) return
    const { entries, isLast, place, refusal } = step
    if (refusal !== undefined) {
      yield* stopAt(replaying, held, entries, refusal)
      return
    }
    const goesOn = yield* advance(replaying, held, place, entries.length, isLast ? "finished" : "running")
    if (!goesOn) return
    if (perSecond === null) continue
    const early = beganAt + ((held.replay.sent - sentBefore) * 1_000) / perSecond - clock.now()
    if (early > 0 && (yield* keeping(replaying, held, Effect.as(Effect.sleep(early), true))) === undefined) return
  }
})

/** Takes the next replay that no replayer carries out, and carries it out. */
const next = Effect.fnUntraced(function* (replaying: Replaying): Effect.fn.Return<void, StoreError> {
  const { clock, options, replays, sink } = replaying
  const asked = clock.ask()
  const claimed = yield* replays.claim(sink.name, options.owner, options.ttlMillis)
  if (claimed === undefined) return yield* Effect.sleep(options.pollMillis)
  const { epoch, owner, place, replay } = claimed
  const held: Holding = { lease: clock.hold(asked), epoch, replay, place, reached: { place, count: 0 } }
  yield* carryOut(replaying, held).pipe(
    // Another replayer goes on at once. If giving the lease back fails as well, it goes on when the lease has run out.
    Effect.onInterrupt(() => Effect.ignore(replays.release({ id: replay.id, epoch, owner })))
  )
})

/** Logs that the store is there again. */
const tellStore = ({ sink, storeOutage }: Replaying): Effect.Effect<void> =>
  Effect.suspend(() => {
    storeOutage.worked()
    const millis = storeOutage.over()
    return millis === undefined
      ? Effect.void
      : StoreOutage.logOver(`replays to ${sink.name} have their store again`, millis)
  })

const waitForStore = ({ options, sink, storeOutage }: Replaying, error: StoreError): Effect.Effect<void> =>
  Effect.suspend(() =>
    storeOutage.failed(StoreOutage.causeOf(error))
      ? StoreOutage.log(`replays to ${sink.name} wait for their store`, error)
      : Effect.void
  ).pipe(Effect.andThen(Effect.sleep(options.pollMillis)))

/** Carries out replays for the sink until it is interrupted. */
export const run = Effect.fnUntraced(function* (
  sink: Sink,
  options: ReplayerOptions = {}
): Effect.fn.Return<never, never, Replays> {
  const replays = yield* Replays
  const random = yield* Random.Random
  const owner = options.owner ?? HeldLease.newOwner(random)
  const settings = { ...DEFAULTS, ...options, owner }
  const clock = HeldLease.make(yield* Clock.Clock, settings.ttlMillis)
  const replaying: Replaying = {
    sink,
    options: settings,
    replays,
    clock,
    draw: () => random.nextDoubleUnsafe(),
    sinkOutage: Outage.make(clock.now),
    storeOutage: Outage.make(clock.now)
  }
  return yield* Effect.forever(
    Effect.matchEffect(next(replaying), {
      onSuccess: () => tellStore(replaying),
      onFailure: (error) => waitForStore(replaying, error)
    })
  )
})
