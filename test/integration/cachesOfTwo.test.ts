/**
 * C2 of two processes with caches in one Redis, one of which writes: whatever the other one has kept, it shows what was acknowledged.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as RedisLink from "@turnout/adapters/redis"
import * as RedisCache from "@turnout/adapters/redis/cache"
import * as CachedReads from "@turnout/core/admission/application/caching/CachedReads"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Context, Effect, Layer, Metric } from "effect"
import * as Given from "../support/Given.ts"
import { PATIENT, toUrl } from "../support/RedisLinks.ts"
import * as RedisServer from "../support/RedisServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const makeProcess = (url: string, redis: string) => {
  const shared = RedisCache.layer.pipe(Layer.provide(Layer.orDie(RedisLink.layer({ ...toUrl(redis), ...PATIENT }))))
  const store = Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ url })))
  const layer = Turnout.layer({ caches: CachedReads.caches() }).pipe(Layer.provide(shared), Layer.provide(store))
  return Effect.map(Layer.build(Layer.fresh(layer)), Context.get(Turnout.Turnout))
}

/** How many lists were answered from a cache. */
const listed = Effect.map(Metric.snapshot, (all) =>
  all
    .filter(({ attributes, id }) => id === "turnout_cache_reads_total" && attributes?.["kind"] === "list")
    .filter(({ attributes }) => ["hit", "shared"].includes(String(attributes?.["outcome"])))
    .reduce((sum, { state }) => sum + (state as { readonly count: number }).count, 0)
)

describe("a process with caches", { timeout: 60_000 }, () => {
  it.live("C2: shows what another one was told, in events, lists, counts, places and registrations", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const redis = yield* Effect.acquireRelease(
        Effect.promise(() => RedisServer.start()),
        (one) => Effect.promise(() => one[Symbol.asyncDispose]())
      )
      const writer = yield* makeProcess(url, redis.url)
      const reader = yield* makeProcess(url, redis.url)
      const ADA = "mailto:ada@example.com"
      const titles = Effect.map(reader.listEvents({ total: true }), ({ items, total }) => [
        total,
        ...items.map(({ counts, status, title }) => `${title} ${status} ${counts.confirmed + counts.waitlisted}`)
      ])
      const found = (search: string) => Effect.map(reader.listEvents({ search }), ({ items }) => items.length)
      const states = Effect.map(reader.listAttendeeRegistrations(ADA), ({ items }) => items.map(({ state }) => state))
      /** Looks twice, so that the second look finds what the first one has kept. */
      const shows = <A>(look: Effect.Effect<A, unknown>, expected: A) =>
        Effect.gen(function* () {
          for (const _ of [1, 2]) assert.deepStrictEqual(yield* look, expected)
        })

      yield* shows(titles, [0])
      for (let tries = 0; (yield* listed) < 5; tries++) {
        assert.isBelow(tries, 200, "the cache is not used")
        yield* Effect.andThen(titles, Effect.sleep(50))
      }
      const { id } = yield* writer.createEvent(Given.eventInput({ title: "Gala", capacity: 1 }))
      yield* shows(titles, [1, "Gala draft 0"])
      yield* shows(found("ball"), 0)
      yield* writer.updateEvent(id, { title: "Ball" })
      yield* shows(found("ball"), 1)
      yield* shows(titles, [1, "Ball draft 0"])
      yield* writer.publishEvent(id)
      yield* shows(titles, [1, "Ball published 0"])

      yield* shows(states, [])
      const first = yield* writer.register(id, { attendee: { email: "bob@example.com" } })
      const second = yield* writer.register(id, { attendee: { email: "ada@example.com" } })
      yield* shows(titles, [1, "Ball published 2"])
      yield* shows(states, ["waitlisted"])
      yield* shows(reader.waitlistPosition(id, second.registration.id), { position: 1, length: 1 })
      const waiting = Effect.map(
        reader.listRegistrations(id, { state: "waitlisted", total: true }),
        ({ total }) => total
      )
      yield* shows(waiting, 1)
      // Ada is promoted by what Bob does.
      yield* writer.cancelRegistration(id, first.registration.id)
      yield* shows(states, ["confirmed"])
      yield* shows(waiting, 0)

      const other = yield* writer.createEvent(Given.eventInput({ title: "Fair" }))
      yield* shows(found("fair"), 1)
      yield* writer.deleteEvent(other.id)
      yield* shows(found("fair"), 0)
      yield* shows(Effect.flip(reader.getEvent(other.id)).pipe(Effect.map(({ _tag }) => _tag)), "EventNotFound")
      yield* writer.cancelEvent(id)
      yield* shows(titles, [1, "Ball cancelled 0"])
      yield* shows(states, ["cancelled"])
    }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
