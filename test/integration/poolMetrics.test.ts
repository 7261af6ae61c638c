/**
 * The gauges of the pools of connections: who has one, and who waits for one.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Fiber, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const POOL_SIZE = 4

/** The gauges of a pool: connections in use, those who wait, and the most connections. */
const gauges = (pool: string) =>
  Effect.map(Metric.snapshot, (all) =>
    ["turnout_pool_connections_in_use", "turnout_pool_waiting", "turnout_pool_connections_limit"].map((id) => {
      const { state } = all.find((one) => one.id === id && one.attributes?.["pool"] === pool)!
      return (state as { readonly value: number }).value
    })
  )

const until = (pool: string, expected: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    for (let tries = 0; JSON.stringify(yield* gauges(pool)) !== JSON.stringify(expected); tries++) {
      assert.isBelow(tries, 200, `${pool}: ${JSON.stringify(yield* gauges(pool))} instead of ${expected.join(", ")}`)
      yield* Effect.sleep(20)
    }
  })

describe("the pools of connections", { timeout: 60_000 }, () => {
  it.live("tell how many connections are in use, and how many wait for one", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const store = Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ url, poolSize: POOL_SIZE })))
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const event = yield* Given.publishedEvent()
        yield* until("transactions", [0, 0, POOL_SIZE / 2])
        yield* until("reading", [0, 0, POOL_SIZE / 2])

        const sleeping = Effect.forEach([1, 2, 3, 4, 5], () => sql`SELECT pg_sleep(0.5)`, { concurrency: "unbounded" })
        const asleep = yield* Effect.forkChild(sleeping, { startImmediately: true })
        yield* until("reading", [2, 3, 2])
        yield* Fiber.join(asleep)
        yield* until("reading", [0, 0, 2])

        // Another connection has the event, so the transaction waits for it.
        const other = yield* TestDatabase.client(url)
        const [registering] = yield* other.withTransaction(
          Effect.gen(function* () {
            yield* other.unsafe(`SELECT 1 FROM turnout.events WHERE id = '${event.id}' FOR UPDATE`)
            const fiber = yield* Effect.forkChild(Given.register(event.id, 1), { startImmediately: true })
            yield* until("transactions", [1, 0, 2])
            return [fiber]
          })
        )
        yield* Fiber.join(registering!)
        yield* until("transactions", [0, 0, 2])

        // One who gives up does not count any more, whether they had one or not.
        const others = yield* Effect.forkChild(sleeping, { startImmediately: true })
        yield* until("reading", [2, 3, 2])
        yield* Fiber.interrupt(others)
        yield* until("reading", [0, 0, 2])
      }).pipe(Effect.provide(Turnout.layer().pipe(Layer.provideMerge(store))))
    }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
