/**
 * How many connections a process takes: each lane has one to commit with, and there are some for reading.
 */
import { createTurnout } from "turnout"
import * as PostgresStore from "@turnout/adapters/postgres"
import { Effect, type Scope } from "effect"
import { assert, describe, it } from "@effect/vitest"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const EVENTS = 200

interface Counts {
  /** Connections of the process, and transactions that wait for a lock. */
  readonly connections: number
  readonly waiting: number
}

/** What a process has on the server while every lane is busy: no transaction can lock its event. */
const whileBusy = (options: { readonly lanes?: number; readonly poolSize?: number }) =>
  Effect.gen(function* (): Effect.fn.Return<Counts, unknown, Scope.Scope> {
    const url = yield* TestDatabase.make
    const turnout = yield* Effect.acquireRelease(
      Effect.sync(() => createTurnout({ database: url, ...options })),
      (turnout) => Effect.promise(() => turnout.close())
    )
    const create = () => turnout.createEvent(Given.eventInput())
    const events = yield* Effect.promise(() => Promise.all(Array.from({ length: EVENTS }, create)))
    const sql = yield* TestDatabase.client(url)
    const counting = sql<Counts>`
      SELECT count(*)::integer AS connections, count(*) FILTER (WHERE wait_event_type = 'Lock')::integer AS waiting
        FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'turnout'`
    let published: Promise<unknown> | undefined
    const counts = yield* Effect.gen(function* () {
      yield* sql`LOCK TABLE turnout.events IN EXCLUSIVE MODE`
      published = Promise.all(events.map(({ id }) => turnout.publishEvent(id)))
      // Reads are not held up.
      yield* Effect.promise(() => Promise.all(events.map(({ id }) => turnout.getEvent(id))))
      yield* Effect.sleep(1_000)
      return (yield* counting)[0]!
    }).pipe(sql.withTransaction)
    yield* Effect.promise(() => published!)
    return counts
  }).pipe(Effect.scoped)

describe("the connections of a process", { timeout: 60_000 }, () => {
  it.live.each([
    [{}, 3, 10],
    [{ lanes: 1 }, 1, 8],
    [{ lanes: 12 }, 12, 19],
    [{ lanes: 12, poolSize: 40 }, 12, 40],
    [{ lanes: 12, poolSize: 10 }, 5, 10],
    [{ poolSize: 1 }, 1, 2]
  ] as const)("with %j: %i transactions at once, and at most %i in all", ([options, transactions, most]) =>
    Effect.map(whileBusy(options), ({ connections, waiting }) => {
      assert.strictEqual(waiting, transactions)
      assert.isAtMost(connections, most)
    })
  )

  it("are shared out", () => {
    assert.deepStrictEqual(PostgresStore.connectionsOf({}), { transactions: 4, reading: 6 })
    assert.deepStrictEqual(PostgresStore.connectionsOf({ lanes: 64 }), { transactions: 65, reading: 6 })
    assert.deepStrictEqual(PostgresStore.connectionsOf({ lanes: 64, poolSize: 10 }), { transactions: 5, reading: 5 })
    assert.deepStrictEqual(PostgresStore.connectionsOf({ lanes: 64, poolSize: 1_000 }), {
      transactions: 65,
      reading: 935
    })
    assert.deepStrictEqual(PostgresStore.connectionsOf({ poolSize: 7 }), { transactions: 3, reading: 4 })
    assert.deepStrictEqual(PostgresStore.connectionsOf({ poolSize: 1 }), { transactions: 1, reading: 1 })
  })
})
