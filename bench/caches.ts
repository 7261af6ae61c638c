/**
 * What caches spare the database: reads of events that are asked for by Zipf's law, with writes among them, through caches in Redis, through
 * caches of the process alone, and without caches.
 *
 *     npm run bench:caches -- [--rounds N] [--operations N] [--events N] [--readers N] [--writes PERCENT] [--json]
 *
 * A read that reaches the store is one statement, and so is a question for the versions of events; they are counted at the port. A write
 * registers somebody. The first event is asked for most, the n-th one n times less often.
 */
import * as RedisLink from "@turnout/adapters/redis"
import * as RedisCache from "@turnout/adapters/redis/cache"
import * as CachedReads from "@turnout/core/admission/application/caching/CachedReads"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Rec from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Stores from "turnout/database"
import * as RedisServer from "../test/support/RedisServer.ts"
import { alternate, summarise } from "./support/Contest.ts"
import * as Database from "./support/Database.ts"
import { format, print, progress } from "./support/Report.ts"
import * as Settings from "./support/Settings.ts"

const settings = Settings.read({ rounds: 3, operations: 100_000, events: 10_000, readers: 64, writes: 5 })

/** The sums of the weights of the events up to each one. */
const weights = new Float64Array(settings.events)
for (let n = 0; n < weights.length; n++) weights[n] = (weights[n - 1] ?? 0) + 1 / (n + 1)

/** Draws an event by Zipf's law. */
const draw = (): string => {
  const point = Math.random() * weights.at(-1)!
  let [low, high] = [0, weights.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (weights[middle]! < point) low = middle + 1
    else high = middle
  }
  return Database.eventId(low + 1)
}

interface Turn {
  readonly perSecond: number
  /** Of the reads that were asked for, those that the cache of the process, or of all processes, has answered. */
  readonly hits: number
  /** The statements that a read has cost. */
  readonly statements: number
}

/** Counts the reads that reach the store. */
const counting = (count: () => void) =>
  Layer.effect(
    AdmissionReads,
    Effect.map(AdmissionReads, (reads) => {
      const counted = Rec.map(
        reads as unknown as Record<string, (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown>>,
        (read) =>
          (...args: ReadonlyArray<unknown>) =>
            Effect.suspend(() => {
              count()
              return read(...args)
            })
      )
      return counted as unknown as AdmissionReads["Service"]
    })
  )

const hitsIn = (states: ReadonlyArray<Metric.Metric.Snapshot>): { readonly hits: number; readonly reads: number } => {
  let [hits, reads] = [0, 0]
  for (const { attributes, id, state } of states) {
    if (id !== "turnout_cache_reads_total" || attributes?.["kind"] !== "event") continue
    const { count } = state as { readonly count: number }
    reads += count
    if (["hit", "shared"].includes(String(attributes["outcome"]))) hits += count
  }
  return { hits, reads }
}

await using redis = await RedisServer.start()
await Database.use(async (database) => {
  const turn = async (options: Turnout.TurnoutOptions, shares: boolean): Promise<Turn> => {
    await database.clear()
    await Database.insertEvents(database, settings.events)
    await redis.run("FLUSHALL")
    let [statements, reads, people, left] = [0, 0, 0, settings.operations]
    const stores = counting(() => (statements += 1)).pipe(
      Layer.provideMerge(Layer.orDie(Stores.layer({ database: database.url })))
    )
    const shared = RedisCache.layer.pipe(Layer.provide(Layer.orDie(RedisLink.layer({ url: Redacted.make(redis.url) }))))
    const layer = Turnout.layer(options).pipe(Layer.provide(shares ? Layer.merge(stores, shared) : stores))
    const work = Effect.gen(function* () {
      const turnout = yield* Turnout.Turnout
      const one = Effect.suspend((): Effect.Effect<unknown, unknown> => {
        if (Math.random() * 100 < settings.writes)
          return turnout.register(draw(), { attendee: { email: `person-${(people += 1)}@example.com` } })
        reads += 1
        return turnout.getEvent(draw())
      })
      const reader = Effect.whileLoop({ while: () => left-- > 0, body: () => one, step: () => {} })
      // A cache that processes share is used when it has settled.
      for (let n = 0; n < 15; n++) yield* Effect.andThen(Effect.ignore(turnout.getEvent(draw())), Effect.sleep(100))
      ;[statements, reads] = [0, 0]
      const begunAt = performance.now()
      yield* Effect.all(
        Array.from({ length: settings.readers }, () => reader),
        { concurrency: "unbounded" }
      )
      const seconds = (performance.now() - begunAt) / 1_000
      const { hits, reads: counted } = hitsIn(yield* Metric.snapshot)
      return {
        perSecond: settings.operations / seconds,
        hits: counted === 0 ? 0 : hits / counted,
        statements: statements / reads
      }
    })
    return Effect.runPromise(
      work.pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map()), Effect.scoped)
    )
  }
  const caches = CachedReads.caches({ entries: 10_000 })
  const turns = await alternate(
    {
      "caches in Redis": () => turn({ caches }, true),
      "caches of the process": () => turn({ caches }, false),
      "without caches": () => turn({}, false)
    },
    settings.rounds,
    (name, round) => progress(`round ${round + 1} of ${settings.rounds}: ${name}`)
  )
  progress("")
  const figures = Rec.map(turns, (all) => ({
    perSecond: summarise(all.map((one) => one.perSecond)),
    hits: summarise(all.map((one) => one.hits)),
    statements: summarise(all.map((one) => one.statements))
  }))
  print(settings, {
    bench: "Caches",
    settings,
    figures,
    sections: [
      {
        title: `Reads of ${settings.events.toLocaleString("en")} events, with ${settings.writes} % writes`,
        head: ["what", "a second", "ratio of hits", "statements a read"],
        rows: Object.entries(figures).map(([name, { hits, perSecond, statements }]) => [
          name,
          format(perSecond.median),
          hits.median.toFixed(3),
          statements.median.toFixed(3)
        ])
      }
    ],
    targets: [
      { what: "ratio of hits, in Redis", value: figures["caches in Redis"]!.hits.median, target: 0.8 },
      {
        what: "statements a read, in Redis / without caches",
        value: figures["caches in Redis"]!.statements.median / figures["without caches"]!.statements.median,
        target: 0.25,
        atMost: true
      }
    ]
  })
})
