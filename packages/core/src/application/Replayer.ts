/**
 * The replayer: sends to a sink again what operators have asked for (`domain/Replay`).
 *
 * Runs beside each relay of the sink; one of them at a time carries out a replay, under a lease. It sends in batches, at most
 * so many messages a second as the replay allows, and notes its progress after each, so whoever comes next goes on from there.
 * A sink that cannot be reached is waited for. An entry that the sink refuses again and again stops the replay, until an
 * operator resumes it.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Delivery, DeliveryOutcome } from "../domain/Delivery.ts"
import type { Replay } from "../domain/Replay.ts"
import { OUTAGE_PAUSES, pauseMillis, type RetryPolicy } from "../domain/RetryPolicy.ts"
import { storable } from "../domain/Text.ts"
import { type Advance, type HeldReplay, type ReplayPlace, Replays, type ReplaySlice } from "../ports/Replays.ts"
import type { Sink, SinkUnavailable } from "../ports/Sink.ts"
import type { StoreError } from "../ports/StoreError.ts"
import { monotonicMillis, newOwner } from "./LeaseHolder.ts"

export interface ReplayerOptions {
  /** The name of this worker, unique among all that run. Default: a random one. */
  readonly owner?: string
  /** For how long a lease is taken: a worker that dies is replaced after this time. Default 10 seconds. */
  readonly ttlMillis?: number
  /** The most entries that are sent at once. Default 500. */
  readonly batchSize?: number
  /** How often to look for a replay that nobody carries out. Default 2 seconds. */
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

/** The lease of a replay, as this process sees it. */
interface Lease {
  /** Whether it has run out by the clock of this process, which is before anybody else can have it. */
  readonly isOver: () => boolean
  /** As `Replays.advance`. */
  readonly advance: (advance: Advance) => Effect.Effect<Replay | undefined, StoreError>
}

/** A replay in hand, and the lease under which it is. */
interface Holding extends HeldReplay {
  readonly lease: Lease
}

/** What the sink has refused, first of all. */
interface Refusal {
  readonly entry: Entry
  readonly error: string
  readonly isFinal: boolean
}

const refusalOf = (entries: ReadonlyArray<Entry>, outcomes: ReadonlyArray<DeliveryOutcome>): Refusal | undefined => {
  const index = entries.findIndex((_, index) => outcomes[index]?._tag !== "Delivered")
  if (index === -1) return undefined
  const outcome = outcomes[index]
  const entry = entries[index]!
  return outcome === undefined || outcome._tag === "Delivered"
    ? { entry, error: "the sink said nothing about this delivery", isFinal: false }
    : { entry, error: outcome.error, isFinal: outcome._tag === "Failed" && outcome.isFinal }
}

const describe = ({ eventId, id, type, version }: Delivery): string =>
  `message ${id} (${type}, version ${version} of ${eventId})`

/** Carries out replays for the sink until it is interrupted. */
export const run = Effect.fnUntraced(function* (
  sink: Sink,
  options: ReplayerOptions = {}
): Effect.fn.Return<never, never, Replays> {
  const { batchSize, pollMillis, retryPolicy, ttlMillis } = { ...DEFAULTS, ...options }
  const replays = yield* Replays
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const owner = options.owner ?? newOwner(random, "replayer")
  const draw = () => random.nextDoubleUnsafe()
  const now = (): number => monotonicMillis(clock)

  /** A lease that was asked for at this time. */
  const makeLease = (askedAt: number): Lease => {
    let deadline = askedAt + ttlMillis
    return {
      isOver: () => now() >= deadline,
      advance: (advance) =>
        Effect.suspend(() => {
          const renewedAt = now()
          return Effect.map(replays.advance(advance, ttlMillis), (replay) => {
            if (replay !== undefined) deadline = renewedAt + ttlMillis
            return replay
          })
        })
    }
  }

  /** Sends entries of one or more slots, and gives an outcome for each. */
  const deliver = (
    { epoch, replay }: HeldReplay,
    entries: ReadonlyArray<Entry>
  ): Effect.Effect<ReadonlyArray<DeliveryOutcome>, SinkUnavailable> => {
    const bySlot = Array.from(Map.groupBy(entries, ({ slot }) => slot))
    return Effect.map(
      Effect.forEach(
        bySlot,
        ([slot, own]) =>
          sink.deliver({ slot, epoch, replay: replay.id, deliveries: own.map(({ delivery }) => delivery) }),
        { concurrency: "unbounded" }
      ),
      (outcomes) => {
        const byEntry = new Map(bySlot.flatMap(([, own], slot) => own.map((entry, n) => [entry, outcomes[slot]?.[n]])))
        return entries.map((entry) => byEntry.get(entry)!)
      }
    )
  }

  /** Renews the lease while something else takes its time. Gives nothing if the replay is not to go on. */
  const holding = <A, E>(
    { epoch, lease, place, replay: { id, sent } }: Holding,
    work: Effect.Effect<A, E>
  ): Effect.Effect<A | undefined, E | StoreError> => {
    const renew = lease.advance({ id, epoch, place, sent, state: "running", error: null })
    const untilLost = Effect.as(
      Effect.repeat(Effect.delay(renew, ttlMillis / 3), { while: (replay) => replay !== undefined }),
      undefined
    )
    return Effect.raceFirst(work, untilLost)
  }

  /**
   * Sends entries until each has arrived, or one has been refused for good, and gives that one; an outage of the sink is
   * waited out. Gives nothing if the lease has run out meanwhile.
   */
  const send = (
    held: Holding,
    entries: ReadonlyArray<Entry>
  ): Effect.Effect<{ readonly refusal: Refusal | undefined } | undefined> =>
    Effect.gen(function* () {
      let left = entries
      let attempts = 0
      let outages = 0
      while (left.length > 0) {
        // A process that was paused finds out late: it is another's turn by now.
        if (held.lease.isOver()) return undefined
        const outcomes = yield* deliver(held, left).pipe(
          Effect.catchCause((cause) =>
            Cause.hasInterruptsOnly(cause)
              ? Effect.interrupt
              : Effect.as(Effect.logWarning(`the replay to ${sink.name} waits for its sink`, cause), undefined)
          )
        )
        if (outcomes === undefined) {
          yield* Effect.sleep(pauseMillis(OUTAGE_PAUSES, ++outages, draw())!)
          continue
        }
        const refusal = refusalOf(left, outcomes)
        if (refusal === undefined) break
        attempts += 1
        const pause = refusal.isFinal ? null : pauseMillis(retryPolicy, attempts, draw())
        if (pause === null) return { refusal }
        left = left.filter((_, index) => outcomes[index]?._tag !== "Delivered")
        yield* Effect.sleep(pause)
      }
      return { refusal: undefined }
    })

  /** Carries out a replay up to its end, or until it is lost, stopped or cancelled. */
  const carryOut = Effect.fnUntraced(function* (claimed: Holding): Effect.fn.Return<void, StoreError> {
    const { perSecond } = claimed.replay
    const atOnce = Math.min(batchSize, perSecond ?? batchSize)
    const beganAt = now()
    let held = claimed
    const advance = Effect.fnUntraced(function* (
      place: ReplayPlace,
      count: number,
      state: "running" | "stopped" | "finished",
      error: string | null = null
    ) {
      const { epoch, lease, replay } = held
      const sent = replay.sent + count
      const after = yield* lease.advance({ id: replay.id, epoch, place, sent, state, error })
      if (after !== undefined) held = { ...held, replay: after, place }
      return after?.state === "running"
    })
    while (true) {
      const step = yield* holding(
        held,
        Effect.gen(function* () {
          const slice = yield* replays.read(held.replay, held.place, atOnce)
          const outcome = yield* send(held, slice.entries)
          return outcome && { ...slice, ...outcome }
        })
      )
      if (step === undefined) return
      const { entries, isLast, place, refusal } = step
      if (refusal !== undefined) {
        const index = entries.indexOf(refusal.entry)
        const before = index === 0 ? held.place : entries[index - 1]!.place
        const error = `${describe(refusal.entry.delivery)} was refused: ${refusal.error}`
        yield* advance(before, index, "stopped", storable(error))
        return
      }
      const goesOn = yield* advance(place, entries.length, isLast ? "finished" : "running")
      if (!goesOn) return
      if (perSecond !== null) {
        const sent = held.replay.sent - claimed.replay.sent
        const early = beganAt + (sent * 1_000) / perSecond - now()
        if (early > 0 && (yield* holding(held, Effect.as(Effect.sleep(early), true))) === undefined) return
      }
    }
  })

  const next = Effect.gen(function* () {
    const lease = makeLease(now())
    const held = yield* replays.claim(sink.name, owner, ttlMillis)
    if (held === undefined) return yield* Effect.sleep(pollMillis)
    yield* carryOut({ ...held, lease }).pipe(
      // Others go on at once. If that fails as well, they go on when the lease runs out.
      Effect.onInterrupt(() => Effect.ignore(replays.release(held.replay.id, held.epoch)))
    )
  })

  return yield* Effect.forever(
    Effect.catch(next, (error) =>
      Effect.andThen(Effect.logWarning(`replays to ${sink.name} wait for their store`, error), Effect.sleep(pollMillis))
    )
  )
})
