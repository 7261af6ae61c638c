/**
 * Processes that write to one database and have caches, and everything that may become of the cache that they share: it is away, or slow,
 * for some of them; it is emptied; it starts again with what it had a while ago; it is two servers at once.
 *
 * All runs in the time of a test clock, and by chance that a seed decides.
 */
import * as Coherence from "@turnout/core/caching/application/Coherence"
import { Generations } from "@turnout/core/caching/ports/Generations"
import { CurrentSharedCache, type SharedCache, SharedCacheError } from "@turnout/core/caching/ports/SharedCache"
import * as MemoryGenerations from "@turnout/adapters/memory/generations"
import { Context, Effect, Fiber, Layer, Scope } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as TestClock from "effect/testing/TestClock"

export const TIMES: Coherence.CoherenceTimes = { leaseMillis: 1_000, lapseMillis: 1_100, patienceMillis: 2_500 }
const SCOPES = ["a", "b", "c"] as const

/** A server of the shared cache. */
interface Server {
  id: string
  stamps: Map<string, string>
  saved: Map<string, string>
}

/** What a run has seen. */
export interface Seen {
  /** Reads that were older than what had been acknowledged before they began. */
  readonly stale: Array<string>
  reads: number
  hits: number
  writes: number
  /** Writes that had to wait for others to forget a generation. */
  withdrawals: number
}

type Draw = (below: number) => number

/** A generator of whole numbers below a bound (Mulberry32). */
export const drawer = (seed: number): Draw => {
  let state = seed | 0
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const away = new SharedCacheError({ cause: new Error("away") })

/** Lets a few processes work for a while, and returns what they have seen. */
export const run = (seed: number, { processes = 3, rounds = 200 } = {}): Effect.Effect<Seen> =>
  Effect.gen(function* () {
    const draw = drawer(seed)
    const isMixed = draw(2) === 0
    /** How often something becomes of a server: once in so many rounds. */
    const calm = 8 + draw(40)
    const seen: Seen = { stale: [], reads: 0, hits: 0, writes: 0, withdrawals: 0 }
    let made = 0
    const fresh = (word: string) => `${word} ${made++}`
    const servers: ReadonlyArray<Server> = [0, 1].map(() => ({
      id: fresh("server"),
      stamps: new Map(),
      saved: new Map()
    }))
    /** The server that each process reaches; `undefined` for none. */
    const routes: Array<number | undefined> = Array.from({ length: processes }, () => 0)
    const database = new Map<string, number>(SCOPES.map((scope) => [scope, 0]))
    const acknowledged = new Map<string, number>(SCOPES.map((scope) => [scope, 0]))
    /** Values that processes share, by generation, scope and stamp. */
    const values = new Map<string, number>()

    const pause = (most: number) => Effect.suspend(() => Effect.sleep(draw(most + 1)))

    /** The shared cache as a process reaches it. A command may fail before or after it had its effect. */
    const cacheOf = (process: number): SharedCache => {
      const command = <A>(work: (server: Server) => A) =>
        Effect.gen(function* () {
          yield* pause(4)
          const route = routes[process]
          const fate = draw(120)
          if (route === undefined || fate === 0) return yield* away
          const answer = work(servers[route]!)
          yield* pause(4)
          return fate === 1 ? yield* away : answer
        })
      return {
        stamps: (generation, scopes) =>
          command((server) => ({
            server: server.id,
            stamps: scopes.map((scope) => {
              const key = `${generation} ${scope}`
              const stamp = server.stamps.get(key) ?? fresh("stamp")
              server.stamps.set(key, stamp)
              return stamp
            })
          })),
        forget: (generation, scopes) =>
          command((server) => {
            for (const scope of scopes) server.stamps.delete(`${generation} ${scope}`)
            return server.id
          }),
        value: () => Effect.succeed(undefined),
        keep: () => Effect.void,
        claim: () => Effect.succeed(true)
      }
    }

    const scope = yield* Effect.scope
    const shared = yield* Layer.build(MemoryGenerations.layer)
    const generations = Context.get(shared, Generations)
    const slow: Generations["Service"] = {
      current: Effect.tap(Effect.andThen(pause(3), generations.current), () => pause(3)),
      replace: (next) =>
        Effect.suspend(() => {
          if (next.server === null) seen.withdrawals += 1
          return Effect.andThen(pause(3), generations.replace(next))
        }),
      propose: (next, expected) => Effect.andThen(pause(3), generations.propose(next, expected)),
      settle: (id) => Effect.andThen(pause(3), generations.settle(id))
    }
    const coherences = yield* Effect.forEach(routes, (_, process) =>
      Coherence.make.pipe(
        // Of every other world, the last process has no cache, and tells the others all the same.
        Effect.provideService(CurrentSharedCache, isMixed && process === processes - 1 ? undefined : cacheOf(process)),
        Effect.provideService(Coherence.Times, TIMES),
        Effect.provideService(Generations, slow),
        Effect.provide(SecureRandom.layerWebCrypto),
        Scope.provide(scope)
      )
    )
    const memories = coherences.map(() => new Map<string, number>())

    const write = (process: number, name: string) =>
      Effect.gen(function* () {
        yield* pause(5)
        const version = database.get(name)! + 1
        database.set(name, version)
        yield* coherences[process]!.changed(() => [name])
        acknowledged.set(name, Math.max(acknowledged.get(name)!, version))
        seen.writes += 1
      })

    const read = (process: number, name: string) =>
      Effect.gen(function* () {
        const least = acknowledged.get(name)!
        const stamp = yield* coherences[process]!.stamp(name)
        const load = Effect.gen(function* () {
          yield* pause(5)
          const version = database.get(name)!
          yield* pause(20)
          return version
        })
        const key = stamp && `${stamp.generation} ${name} ${stamp.text}`
        const memory = memories[process]!
        const known = key === undefined ? undefined : (memory.get(key) ?? values.get(key))
        const version = known ?? (yield* load)
        if (key !== undefined && known === undefined) {
          memory.set(key, version)
          values.set(key, version)
        }
        seen.reads += 1
        if (known !== undefined) seen.hits += 1
        if (version < least)
          seen.stale.push(`process ${process} read ${name} ${version}, and ${least} was acknowledged`)
      })

    /** Something that becomes of the servers, or of the ways to them. */
    const disturb = (): void => {
      const server = servers[draw(servers.length)]!
      const process = draw(processes)
      switch (draw(8)) {
        case 0:
          server.stamps.clear()
          break
        case 1:
          server.saved = new Map(server.stamps)
          break
        case 2:
          // It starts again with what it has saved, or with what the other server has.
          server.id = fresh("server")
          server.stamps = new Map(draw(2) === 0 ? server.saved : servers[0]!.stamps)
          break
        case 3:
          routes[process] = undefined
          break
        case 4:
          routes[process] = 1
          break
        case 5:
          routes.fill(draw(2))
          break
        default:
          routes.fill(0)
      }
    }

    const work: Array<Fiber.Fiber<void, unknown>> = []
    const start = (effect: Effect.Effect<void, unknown>) =>
      Effect.map(Effect.forkChild(effect, { startImmediately: true }), (fiber) => void work.push(fiber))
    for (let round = 0; round < rounds; round++) {
      for (let some = draw(6); some > 0; some--) yield* start(read(draw(processes), SCOPES[draw(SCOPES.length)]!))
      if (draw(3) === 0) yield* start(write(draw(processes), SCOPES[draw(SCOPES.length)]!))
      if (draw(calm) === 0) disturb()
      // A process does not get all of its turns at the same time.
      yield* TestClock.adjust(draw(20) === 0 ? 1_000 + draw(2_000) : draw(60))
    }
    for (let waiting = 0; waiting < 40; waiting++) yield* TestClock.adjust(500)
    yield* Fiber.awaitAll(work)
    return seen
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))
