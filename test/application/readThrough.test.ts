/**
 * What is kept, for how long, and who reads it (C3): several processes as far as the caches are concerned, on one shared cache in memory.
 */
import { assert, describe, it } from "@effect/vitest"
import * as ReadThrough from "@turnout/core/caching/application/ReadThrough"
import { type SharedCache, SharedCacheError } from "@turnout/core/caching/ports/SharedCache"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Effect, Exit, Fiber, Metric, Schema } from "effect"
import * as TestClock from "effect/testing/TestClock"

const AGE = 60_000
const KIND = { name: "count", codec: Schema.Natural, maxAgeMillis: AGE, keepsNothing: true, entries: 100 }
const STATE = { text: "stamp", generation: "generation" }

/** A shared cache, which can be made to fail. */
const sharedCache = () => {
  const values = new Map<string, { readonly text: string; readonly until: number }>()
  const claims = new Map<string, number>()
  const world = { isAway: false, asked: 0 }
  const command = <A>(work: (now: number) => A) =>
    Effect.gen(function* () {
      world.asked += 1
      if (world.isAway) return yield* new SharedCacheError({ cause: new Error("away") })
      return work(yield* Effect.clockWith((clock) => clock.currentTimeMillis))
    })
  const cache: SharedCache = {
    stamps: () => Effect.die("not asked for"),
    forget: () => Effect.die("not asked for"),
    value: (_, key) =>
      command((now) => {
        const found = values.get(key)
        return found === undefined || found.until <= now
          ? undefined
          : { text: found.text, leftMillis: found.until - now }
      }),
    keep: (_, key, text, millis) => command((now) => void values.set(key, { text, until: now + millis })),
    claim: (_, task, millis) =>
      command((now) => {
        if ((claims.get(task) ?? 0) > now) return false
        claims.set(task, now + millis)
        return true
      })
  }
  return Object.assign(world, { cache })
}

/** A store that counts how often it is read, and answers with that. */
const countingStore = () => {
  const store = { reads: 0, fails: false, has: true }
  const load = Effect.gen(function* () {
    store.reads += 1
    const { reads } = store
    yield* Effect.sleep(10)
    if (store.fails)
      return yield* new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause: new Error("away") }) })
    return store.has ? reads : undefined
  })
  return Object.assign(store, { load })
}

const processOn = (cache: SharedCache | undefined, kind = KIND) =>
  Effect.map(ReadThrough.make({ shared: cache }), (through) => through.of(kind))

/** The same read of as many who ask at the same time. */
const atOnce = <A, E>(callers: number, read: Effect.Effect<A, E>) =>
  Effect.all(
    Array.from({ length: callers }, () => read),
    { concurrency: "unbounded" }
  )

/** Runs a read to its end, which takes a moment of the test's clock. */
const done = <A, E>(read: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(read, { startImmediately: true })
    yield* TestClock.adjust(20)
    return yield* Fiber.join(fiber)
  })

const run = <A>(test: Effect.Effect<A, unknown, never>) => Effect.provideService(test, Metric.MetricRegistry, new Map())

describe("what is read through a cache", () => {
  it.effect("is read once for all who ask at the same time, and kept under its key and its state", () =>
    run(
      Effect.gen(function* () {
        const store = countingStore()
        const read = yield* processOn(undefined)
        const all = yield* done(atOnce(50, read("a", STATE, store.load)))
        assert.deepStrictEqual(new Set(all), new Set([1]))
        assert.strictEqual(yield* done(read("a", STATE, store.load)), 1)
        assert.strictEqual(yield* done(read("b", STATE, store.load)), 2)
        assert.strictEqual(yield* done(read("a", { ...STATE, text: "later" }, store.load)), 3)
        // Without a state, nothing is known to be right.
        assert.strictEqual(yield* done(read("a", undefined, store.load)), 4)
      }).pipe(Effect.scoped)
    )
  )

  it.effect("C3: is not older than its age, whichever cache it is in", () =>
    run(
      Effect.gen(function* () {
        const { cache } = sharedCache()
        const store = countingStore()
        const [one, other] = [yield* processOn(cache), yield* processOn(cache)]
        assert.strictEqual(yield* done(one("a", STATE, store.load)), 1)
        yield* TestClock.adjust(AGE / 2)
        assert.strictEqual(yield* done(other("a", STATE, store.load)), 1, "another process has read it")
        yield* TestClock.adjust(AGE / 2 - 30)
        // The copy of the other process is as old as that of the first: both are gone.
        assert.strictEqual(yield* done(other("a", STATE, store.load)), 2)
        assert.strictEqual(yield* done(one("a", STATE, store.load)), 2)
      }).pipe(Effect.scoped)
    )
  )

  it.effect("is read again ahead of time by one process, while all go on with what they have", () =>
    run(
      Effect.gen(function* () {
        const { cache } = sharedCache()
        const store = countingStore()
        const processes = yield* Effect.forEach([1, 2, 3], () => processOn(cache))
        for (const read of processes) assert.strictEqual(yield* done(read("a", STATE, store.load)), 1)
        yield* TestClock.adjust(AGE * 0.95)
        const read = (of: (typeof processes)[number]) => of("a", STATE, store.load)
        const meanwhile = (yield* Effect.forEach(processes, (one) => atOnce(20, read(one)))).flat()
        // Nobody has waited, since the clock has not moved.
        assert.deepStrictEqual(new Set(meanwhile), new Set([1]))
        yield* TestClock.adjust(20)
        assert.strictEqual(store.reads, 2)
        for (const one of processes) yield* done(read(one))
        yield* TestClock.adjust(AGE * 0.1)
        for (const one of processes) assert.strictEqual(yield* done(read(one)), 2)
        assert.strictEqual(store.reads, 2)
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "comes from the store, once for all who wait, while the shared cache fails, and is kept in the process",
    () =>
      run(
        Effect.gen(function* () {
          const shared = sharedCache()
          const store = countingStore()
          const read = yield* processOn(shared.cache)
          shared.isAway = true
          const all = yield* done(atOnce(20, read("a", STATE, store.load)))
          assert.deepStrictEqual([new Set(all), store.reads], [new Set([1]), 1])
          assert.strictEqual(yield* done(read("a", STATE, store.load)), 1)
          const states = yield* Metric.snapshot
          const value = (id: string, outcome?: string) =>
            states.find((one) => one.id === id && (outcome === undefined || one.attributes?.["outcome"] === outcome))
          const { count: errors } = value("turnout_cache_errors_total")!.state as { readonly count: number }
          assert.isAtLeast(errors, 1)
        }).pipe(Effect.scoped)
      )
  )

  it.effect("is not kept if the store fails, and for a short time if there is nothing", () =>
    run(
      Effect.gen(function* () {
        const shared = sharedCache()
        const store = countingStore()
        const read = yield* processOn(shared.cache)
        store.fails = true
        assert.isTrue(Exit.isFailure(yield* done(Effect.exit(read("a", STATE, store.load)))))
        store.fails = false
        store.has = false
        assert.isUndefined(yield* done(read("a", STATE, store.load)))
        store.has = true
        assert.isUndefined(yield* done(read("a", STATE, store.load)))
        yield* TestClock.adjust(5_000)
        assert.strictEqual(yield* done(read("a", STATE, store.load)), 3)
        const careful = yield* processOn(shared.cache, { ...KIND, name: "place", keepsNothing: false })
        store.has = false
        assert.isUndefined(yield* done(careful("a", STATE, store.load)))
        store.has = true
        assert.strictEqual(yield* done(careful("a", STATE, store.load)), 5)
      }).pipe(Effect.scoped)
    )
  )

  it.effect("is what was asked for last, if there is no room for all", () =>
    run(
      Effect.gen(function* () {
        const store = countingStore()
        const read = yield* processOn(undefined, { ...KIND, entries: 2 })
        for (const key of ["a", "b", "a", "c"]) yield* done(read(key, STATE, store.load))
        assert.strictEqual(store.reads, 3)
        yield* done(read("a", STATE, store.load))
        assert.strictEqual(store.reads, 3)
        yield* done(read("b", STATE, store.load))
        assert.strictEqual(store.reads, 4)
      }).pipe(Effect.scoped)
    )
  )
})
