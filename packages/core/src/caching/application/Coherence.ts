/**
 * Coherence of caches: whoever was told that a change is made finds it in every cache, whichever process is asked, and whatever becomes of
 * the cache that they share.
 *
 * A change is told to the shared cache after it is committed and before anybody is told that it is made: the stamps of what it has changed
 * are taken away. What is read under a stamp was read after the stamp was made, so it has every change that was told before.
 *
 * That is right for as long as those who tell and those who read mean the same server. The database says which that is (`Generations`), and
 * each process knows it for a second at a time (`Lease`):
 *
 * - A reader believes a stamp only while it knows that the generation is there and settled, and only if the very server of the generation
 *   has sent it. A server that was started again, or has taken the place of another, is another server, whatever data it has.
 * - A process that cannot tell a change to that server replaces the generation.
 * - A generation is settled when all that was known before it was there has lapsed: nobody believes in an earlier one any more. Until then,
 *   nobody reads by it, and a process that tells it a change waits for that before it says that everybody knows. Whoever waits settles it.
 *
 * So a cache that is away, hangs, was emptied or is two at once makes answers slower, and never older. A process that has no cache tells
 * the others in the same way: by the database.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { monotonicMillis } from "../../kernel/application/time/MonotonicTime.ts"
import * as Rest from "../../kernel/application/time/Rest.ts"
import * as StoreError from "../../kernel/ports/StoreError.ts"
import { type Generation, Generations } from "../ports/Generations.ts"
import { CurrentSharedCache, type SharedCache } from "../ports/SharedCache.ts"
import * as Gathering from "./Gathering.ts"
import * as Lease from "./Lease.ts"

/** A stamp that is believed now, and the generation that it is of. */
export interface Stamp {
  readonly text: string
  readonly generation: string
}

export interface Coherence {
  /** The stamp of a scope; `undefined` if none can be believed now, so that nothing may be taken from the cache. Never fails. */
  readonly stamp: (scope: string) => Effect.Effect<Stamp | undefined>
  /**
   * Tells that scopes have changed, which is committed. Once it succeeds, nobody reads what was before. It fails if that cannot be made
   * sure; then nobody may be told that the change is made.
   */
  readonly changed: (scopes: () => ReadonlyArray<string>) => Effect.Effect<void, StoreError.StoreError>
  /**
   * Within a transaction that somebody else will commit: makes it a part of that transaction that no cache is believed. All know it a
   * second after the commit.
   */
  readonly withdrawWithin: Effect.Effect<void, StoreError.StoreError>
  /** The cache itself, for values. */
  readonly shared: SharedCache | undefined
}

export interface CoherenceTimes {
  /** How long what was heard of the generation is certain. Default 1 second. */
  readonly leaseMillis: number
  /** After how much time what anybody has heard before is not certain any more: the same, and a tenth for clocks that are slow. */
  readonly lapseMillis: number
  /** How long a generation without a cache, or with another server, is left alone. Default 10 seconds. */
  readonly patienceMillis: number
}

/** The times of all processes that write to one database, which have to be the same. Tests have shorter ones. */
export const Times = Context.Reference<CoherenceTimes>("@turnout/CoherenceTimes", {
  defaultValue: () => ({ leaseMillis: 1_000, lapseMillis: 1_100, patienceMillis: 10_000 })
})

/** The most scopes that are asked for at once, and how many questions are on their way at a time. */
const STAMPS = { atOnce: 8, most: 200 }

/** How long a process tries to replace a generation before it says that nobody knows whether the others know of a change. */
const TRYING_MILLIS = 10_000
const PAUSES = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("1 second")])

const unknown = (words: string): StoreError.StoreError =>
  new StoreError.StoreError({ reason: new StoreError.OutcomeUnknown({ cause: new Error(words) }) })

/** Without a database that says which cache is believed, there is one process, and it keeps nothing. */
const alone: Coherence = {
  stamp: () => Effect.undefined,
  changed: () => Effect.void,
  withdrawWithin: Effect.void,
  shared: undefined
}

/** A process at work. */
interface Working {
  readonly generations: Generations["Service"]
  readonly lease: Lease.Lease
  readonly random: SecureRandom.SecureRandom["Service"]
  readonly times: CoherenceTimes
  /** Monotonic time in milliseconds. */
  readonly now: () => number
}

/** Waits until nobody believes in an earlier generation than this one, and says so. */
const settle = Effect.fnUntraced(function* (working: Working, { id, isSettled }: Generation, seenAt: number) {
  if (isSettled) return
  const { generations, lease, now, times } = working
  const left = seenAt + times.lapseMillis - now()
  if (left > 0) yield* Rest.millis(left)
  yield* Effect.ignore(generations.settle(id))
  lease.end()
})

/** Replaces the generation by none, and waits until nobody believes in an earlier one. */
const withdraw = (working: Working): Effect.Effect<void, StoreError.StoreError> =>
  Effect.gen(function* () {
    const { generations, lease, now, random } = working
    const id = yield* random.uuidV7()
    yield* Effect.retry(generations.replace({ id, server: null }), PAUSES)
    lease.end()
    yield* settle(working, { id, server: null, isSettled: false, ageMillis: 0 }, now())
  }).pipe(
    Effect.timeoutOrElse({
      duration: TRYING_MILLIS,
      orElse: () => Effect.fail(unknown("it is not sure that the caches of other processes know of the change"))
    })
  )

/** Begins a generation in the shared cache, unless the one that is there is of use to a process with this cache. */
const begin = Effect.fnUntraced(function* (working: Working, shared: SharedCache, before: Generation | null) {
  const { generations, lease, random } = working
  const id = yield* random.uuidV7()
  const { server } = yield* shared.stamps(id, [])
  if (before !== null && before.isSettled && before.server === server) return
  yield* generations.propose({ id, server }, before?.id ?? null)
  lease.end()
  const sight = yield* lease.sight
  if (sight?.generation?.id === id) yield* settle(working, sight.generation, sight.seenAt)
})

/** One run at a time: those who ask while it runs get its end. */
const sharing = <E>(
  effect: Effect.Effect<void, E>,
  runFork: <A, F>(effect: Effect.Effect<A, F>) => Fiber.Fiber<A, F>
): Effect.Effect<void, E> => {
  let running: Fiber.Fiber<void, E> | undefined
  return Effect.suspend(() => {
    const fiber = running ?? runFork(effect)
    running = fiber
    // An observer of a fiber that has ended already is called at once.
    fiber.addObserver(() => {
      if (running === fiber) running = undefined
    })
    return Fiber.join(fiber)
  })
}

/** The coherence of this process with all others that write to the same database. What it has under way ends with the scope. */
export const make: Effect.Effect<Coherence, never, SecureRandom.SecureRandom | Scope.Scope> = Effect.gen(function* () {
  const generations = Option.getOrUndefined(yield* Effect.serviceOption(Generations))
  if (generations === undefined) return alone
  const shared = yield* CurrentSharedCache
  const clock = yield* Clock.Clock
  const times = yield* Times
  // The fibers do not run in the context of the callers, who may have a transaction open.
  const runFork = yield* FiberSet.makeRuntime<never>()
  const lease = Lease.make(generations.current, times.leaseMillis, clock, runFork)
  const random = yield* SecureRandom.SecureRandom
  const working: Working = { generations, lease, random, times, now: () => monotonicMillis(clock) }
  const withdrawn = sharing(withdraw(working), runFork)

  /** Tells the generation, and returns whether it knows now. */
  const isTold = (generation: Generation, scopes: () => ReadonlyArray<string>): Effect.Effect<boolean> => {
    if (generation.server === null) return Effect.succeed(true)
    if (shared === undefined) return Effect.succeed(false)
    return Effect.match(shared.forget(generation.id, scopes()), {
      onFailure: () => false,
      onSuccess: (server) => server === generation.server
    })
  }

  const tell = Effect.fnUntraced(function* (scopes: () => ReadonlyArray<string>) {
    const sight = yield* lease.sight
    if (sight === undefined) return yield* withdrawn
    const { generation, seenAt } = sight
    if (generation === null) return
    if (!(yield* isTold(generation, scopes))) return yield* withdrawn
    yield* settle(working, generation, seenAt)
  })

  let isBeginning = false
  /** Begins another generation in the background, unless the one that is there is to be left alone. */
  const beginLater = (before: Generation | null): void => {
    if (isBeginning || shared === undefined) return
    if (before !== null && before.ageMillis < times.patienceMillis) return
    isBeginning = true
    runFork(Effect.ignore(begin(working, shared, before))).addObserver(() => (isBeginning = false))
  }

  const stamps = Effect.fnUntraced(function* (cache: SharedCache, scopes: ReadonlyArray<string>) {
    const none = scopes.map(() => undefined)
    const sight = yield* lease.sight
    if (sight === undefined) return none
    const { generation } = sight
    if (generation === null || generation.server === null || !generation.isSettled) {
      beginLater(generation)
      return none
    }
    const answer = Option.getOrUndefined(yield* Effect.option(cache.stamps(generation.id, scopes)))
    if (answer?.server === generation.server)
      return answer!.stamps.map((text): Stamp => ({ text, generation: generation.id }))
    if (answer !== undefined) beginLater(generation)
    return none
  })

  return {
    stamp:
      shared === undefined
        ? () => Effect.undefined
        : Gathering.make<Stamp | undefined, never>((scopes) => stamps(shared, scopes), STAMPS, runFork),
    changed: tell,
    withdrawWithin: Effect.gen(function* () {
      const generation = yield* generations.current
      if (generation === null || generation.server === null) return
      yield* generations.replace({ id: yield* random.uuidV7(), server: null })
    }),
    shared
  }
})
