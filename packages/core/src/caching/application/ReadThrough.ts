/**
 * A cache that reads through: in the memory of the process, and behind it in the cache that all processes share.
 *
 * A value is kept under the stamp of its scope, so it need not be found when the scope changes: nobody asks for that stamp again. It is
 * kept for no longer than the age of its kind, counted from the moment before it was read from the store, whichever cache it is in.
 *
 * - Of those who ask for one value at the same time, one reads it, and the others get the same answer.
 * - A value that is nearly too old is read again by one process, ahead of time, while all go on with the one that they have.
 * - A cache that fails is not a miss: it is counted apart, and what was to be read comes from the store, once for all who wait.
 * - That there is nothing is kept as well, for a short time, and only in the process.
 */
import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../kernel/application/time/MonotonicTime.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import * as CacheMetrics from "./CacheMetrics.ts"
import type { Coherence, Stamp } from "./Coherence.ts"
import * as Kept from "./Kept.ts"
import * as SharedValues from "./SharedValues.ts"

/** What is kept of one sort: how, and for how long at most. */
export interface Kind<A> extends SharedValues.SharedKind<A> {
  /** The name, which is also that in the metrics. */
  readonly name: string
  /** Whether it is kept that there is nothing. */
  readonly keepsNothing: boolean
  /** The most values in the memory of a process. */
  readonly entries: number
}

export type State = Kept.State

/** The state that a stamp names. */
export const ofStamp = ({ generation, text }: Stamp): State => ({ text, generation })

/**
 * Reads what is asked for by a key, in a state of its scope. Without a state, nothing is kept. `load` reads it from the store, and one key
 * stands for one `load`.
 */
export type Read<A> = <B extends A | undefined>(
  key: string,
  state: State | undefined,
  load: Effect.Effect<B, StoreError>
) => Effect.Effect<B, StoreError>

/** Reads everything from the store. */
export const uncached =
  <A>(): Read<A> =>
  (_key, _state, load) =>
    load

export interface ReadThrough {
  /** Makes the reading of one kind, which has a memory of its own. */
  readonly of: <A>(kind: Kind<A>) => Read<A>
}

/** What the caches of all kinds have in common. */
interface Surroundings {
  readonly shared: Coherence["shared"]
  readonly context: Context.Context<never>
  readonly now: () => number
  readonly random: () => number
  /** Runs what nobody waits for. */
  readonly runFork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
}

const makeKind = <A>(
  { context, now, random, runFork, shared }: Surroundings,
  { entries, keepsNothing, name, ...kind }: Kind<A>
): Read<A> => {
  const metrics = CacheMetrics.make(name, context)
  const values = SharedValues.make(shared, kind, { now, random, failed: metrics.failed })

  const load = (key: Kept.Key<A>): Effect.Effect<Kept.Kept<A>, StoreError> =>
    Effect.suspend(() => {
      const readAt = now()
      return Effect.map(key.load, (value) => {
        const kept = Kept.make(value, readAt, kind.maxAgeMillis, random())
        if (shared !== undefined) runFork(values.keep(key, kept))
        return kept
      })
    })

  const lookUp = (key: Kept.Key<A>): Effect.Effect<Kept.Kept<A>, StoreError> => {
    key.isLookedUp = true
    return Effect.flatMap(values.find(key), (found) => {
      if (found === undefined) {
        metrics.read.miss()
        return load(key)
      }
      metrics.read.shared()
      metrics.aged(now() - found.readAt)
      return Effect.succeed(found)
    })
  }

  const timeToLive = (exit: Exit.Exit<Kept.Kept<A>, StoreError>): Duration.Duration =>
    Exit.isFailure(exit) || (exit.value.value === undefined && !keepsNothing)
      ? Duration.zero
      : Duration.millis(Math.max(0, exit.value.tooOldAt - now()))

  const memory = Effect.runSync(
    Cache.makeWith<Kept.Key<A>, Kept.Kept<A>, StoreError>(lookUp, { capacity: entries, timeToLive })
  )

  /** Reads a value again ahead of time, unless another process does or has done. */
  const readAhead = (key: Kept.Key<A>) =>
    Effect.gen(function* () {
      const found = yield* values.find(key)
      if (found !== undefined && found.earlyAt > now()) return yield* Cache.set(memory, key, found)
      if (yield* values.claim(key)) yield* Cache.set(memory, key, yield* load(key))
    })

  const use = (key: Kept.Key<A>, found: Kept.Kept<A>): Kept.Load<A> => {
    if (key.isLookedUp) return Effect.succeed(found.value)
    const at = now()
    // The memory forgets by a clock that may have been set back.
    if (at >= found.tooOldAt) return Effect.map(Cache.refresh(memory, key), ({ value }) => value)
    metrics.read.hit()
    metrics.aged(at - found.readAt)
    if (at >= found.earlyAt && !found.isBeingRead && found.value !== undefined) {
      found.isBeingRead = true
      runFork(Effect.ignore(readAhead(key))).addObserver(() => (found.isBeingRead = false))
    }
    return Effect.succeed(found.value)
  }

  const read = (asked: string, state: State | undefined, load: Kept.Load<A>): Kept.Load<A> => {
    if (state === undefined) {
      metrics.read.uncached()
      return load
    }
    return Effect.suspend(() => {
      const key = new Kept.Key(`${name} ${asked}`, state, load)
      return Effect.flatMap(Cache.get(memory, key), (found) => use(key, found))
    })
  }
  // What is kept of a key is what its `load` gave.
  return read as Read<A>
}

/** A cache before which a coherence says what is believed. */
export const make = Effect.fnUntraced(function* ({
  shared
}: Pick<Coherence, "shared">): Effect.fn.Return<ReadThrough, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const surroundings: Surroundings = {
    shared,
    context: yield* Effect.context<never>(),
    now: () => monotonicMillis(clock),
    random: () => random.nextDoubleUnsafe(),
    runFork: yield* FiberSet.makeRuntime<never>()
  }
  return { of: (kind) => makeKind(surroundings, kind) }
})
