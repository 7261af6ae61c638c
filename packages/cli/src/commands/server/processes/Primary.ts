/**
 * The primary of a server of several processes. It serves nothing itself: it starts the processes, shares the port among them, says once
 * that they serve, replaces each that ends, and stops them all when it is stopped.
 *
 * ```text
 * start the first ──serves──▶ start the others ──all serve──▶ announce; replace each that ends, until stopped
 *      │ ends                       │ one ends
 *      ▼                            ▼
 *    stop the processes, and fail as a server of one process would
 * ```
 *
 * The first process relays, if any does, and so do those that take its place. It starts alone, so that what is wrong with an option or
 * the database is found once. Every process has the same options but for relaying, and the same stores; what they must not do twice,
 * the database keeps apart, as it does for servers on several machines.
 */
import { pauseMillis } from "@turnout/core/kernel/domain/Backoff"
import { monotonicMillis } from "@turnout/core/kernel/application/time/MonotonicTime"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { CliError } from "../../../CliError.ts"
import * as Running from "../../../Running.ts"
import * as Announcement from "../Announcement.ts"
import * as Listening from "../Listening.ts"
import type * as Mailing from "../Mailing.ts"
import type { ServeOptions } from "../ServeOptions.ts"
import * as StopTime from "../StopTime.ts"
import * as Child from "./Child.ts"

/** A process that has run for this long was started well: the next one follows at once. */
const STEADY_MILLIS = 60_000
/** The pauses before a process that takes the place of one that ended soon, except for the first. */
const PAUSES = { firstPauseMillis: 1_000, longestPauseMillis: 30_000, maxAttempts: Infinity }

/** The place of one process after another. */
interface Place {
  readonly options: ServeOptions
  /** Done when a process has served here, with the address. */
  readonly served: Deferred.Deferred<string>
  /** The address of the metrics of the process that served here last. */
  metrics: string | null
  /** The process that served here last. */
  pid: number
}

/** How long all may take to stop, and whether those that have were clean. */
interface Stopping {
  readonly millis: number
  isClean: boolean
}

const inWords = ({ code, failure, signal }: Child.Ended): string => {
  if (failure !== undefined) return `could not start: ${failure.message}`
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
}

/** Whether a process that was told to stop has done so. A signal ends a process that has not begun to serve. */
const isClean = ({ code, signal }: Child.Ended): boolean => code === 0 || signal === "SIGTERM" || signal === "SIGINT"

const runIn = (place: Place, stopping: Stopping): Effect.Effect<Child.Ended> =>
  Child.run(
    place.options,
    {
      onServing: (pid, address, metrics) => {
        place.pid = pid
        place.metrics = metrics
        Deferred.doneUnsafe(place.served, Effect.succeed(address))
      },
      onStopped: (ended) => {
        stopping.isClean &&= isClean(ended)
      }
    },
    stopping.millis + StopTime.BEYOND_MILLIS
  )

/**
 * Keeps a process in a place: one that ends is followed by another, at once if it was the first or ran for long, and else after a pause.
 * Fails if a process ends before any has served here.
 */
const keep = Effect.fnUntraced(function* (place: Place, stopping: Stopping): Effect.fn.Return<never, Error> {
  const clock = yield* Clock.Clock
  for (let endedSoon = 0; ;) {
    const began = monotonicMillis(clock)
    const ended = yield* runIn(place, stopping)
    if (!(yield* Deferred.isDone(place.served)))
      return yield* Effect.fail(
        ended.failure ?? new CliError(`a process of the server ${inWords(ended)} before it served`)
      )
    endedSoon = monotonicMillis(clock) - began < STEADY_MILLIS ? endedSoon + 1 : 1
    const pause = endedSoon === 1 ? 0 : pauseMillis(PAUSES, endedSoon - 1, Math.random())!
    const next = pause === 0 ? "at once" : `in ${pause} ms`
    yield* Effect.logWarning(
      `process ${ended.pid ?? "that was to start"} of the server ${inWords(ended)}; another one takes its place ${next}`
    )
    yield* Effect.sleep(pause)
  }
})

/** Keeps processes in all places, of which the first is filled alone, and calls `onServing` once when all serve. */
const keepAll = (
  places: ReadonlyArray<Place>,
  stopping: Stopping,
  onServing: (address: string) => void
): Effect.Effect<never, Error> => {
  const first = places[0]!
  const all = Effect.forEach(
    places,
    (place) => Effect.andThen(place === first ? Effect.void : Deferred.await(first.served), keep(place, stopping)),
    { concurrency: "unbounded", discard: true }
  )
  const announced = Effect.forEach(places, ({ served }) => Deferred.await(served)).pipe(
    Effect.map(([address]) => onServing(address!))
  )
  return Effect.andThen(Effect.all([all, announced], { concurrency: "unbounded", discard: true }), Effect.never)
}

/** Serves with several processes until this one is stopped. */
export const run = async (options: ServeOptions, open: boolean, mailing: Mailing.Way): Promise<boolean> => {
  const port = await Listening.claim(options)
  const places = Array.from({ length: options.processes }, (_, index): Place => ({
    options: { ...options, port, relay: options.relay && index === 0, metricsOffset: index },
    served: Deferred.makeUnsafe(),
    metrics: null,
    pid: 0
  }))
  const stopping: Stopping = { millis: StopTime.of(options, mailing), isClean: true }
  const announce = (address: string) =>
    Announcement.print(
      options,
      {
        address,
        metrics: places.flatMap(({ metrics }) => metrics ?? []),
        pids: places.map(({ pid }) => pid)
      },
      open,
      mailing
    )
  Child.prepare()
  // However this process ends, none of the others outlives it, unless it has no time to say so.
  process.on("exit", Child.killAll)
  await Running.untilStopped(options, keepAll(places, stopping, announce), stopping.millis)
  return stopping.isClean
}
