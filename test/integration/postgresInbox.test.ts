/**
 * The inbox and the effect of a message on a real server: one transaction, whatever happens to it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import { Inbox } from "@turnout/core/ports/Inbox"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as TestDatabase from "../support/TestDatabase.ts"

const services = PostgresInbox.layerFromClient().pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 10 })))

const sql = <Row = Record<string, unknown>>(text: string) =>
  SqlClient.SqlClient.use((client) => client.unsafe(text) as unknown as Effect.Effect<ReadonlyArray<Row>, never>)

const once = <E, R>(key: string, effect: Effect.Effect<unknown, E, R>) =>
  Inbox.use((inbox) => inbox.once("test", key, effect))

const mails = Effect.map(sql<{ to: string }>(`SELECT "to" FROM mails ORDER BY 1`), (rows) => rows.map(({ to }) => to))
const records = Effect.map(sql("SELECT 1 FROM turnout.inbox"), ({ length }) => length)

describe("the inbox on a server", () => {
  it.live("I5, N1: writes the record and the effect together, or neither", () =>
    Effect.gen(function* () {
      yield* sql(`CREATE TABLE mails ("to" text PRIMARY KEY)`)
      const write = (to: string) => sql(`INSERT INTO mails VALUES ('${to}')`)
      yield* once("1", write("ada"))
      yield* Effect.exit(once("2", Effect.andThen(write("bob"), Effect.fail("no"))))
      yield* Effect.exit(once("3", Effect.andThen(write("eve"), Effect.die("bug"))))
      // Fails within the database: the whole transaction is void.
      yield* Effect.exit(once("4", Effect.andThen(write("dan"), write("ada"))))
      assert.deepStrictEqual([yield* mails, yield* records], [["ada"], 1])
      yield* once("2", write("bob"))
      assert.deepStrictEqual([yield* mails, yield* records], [["ada", "bob"], 2])
    }).pipe(Effect.provide(services))
  )

  it.live("N1: changes nothing if the connection is lost in between, and says so with an error, not a defect", () =>
    Effect.gen(function* () {
      yield* sql(`CREATE TABLE mails ("to" text PRIMARY KEY)`)
      const lost = sql("INSERT INTO mails VALUES ('ada')").pipe(
        Effect.andThen(sql("SELECT pg_terminate_backend(pg_backend_pid())"))
      )
      const error = yield* Effect.flip(once("1", lost))
      assert.include(["StoreError", "SqlError"], (error as { _tag: string })._tag)
      assert.deepStrictEqual([yield* mails, yield* records], [[], 0])
      yield* once("1", sql("INSERT INTO mails VALUES ('ada')"))
      assert.deepStrictEqual([yield* mails, yield* records], [["ada"], 1])
    }).pipe(Effect.provide(services))
  )

  it.live("becomes part of a transaction of the host", () =>
    Effect.gen(function* () {
      const client = yield* SqlClient.SqlClient
      yield* Effect.exit(client.withTransaction(Effect.andThen(once("1", Effect.void), Effect.fail("no"))))
      assert.strictEqual(yield* records, 0)
      yield* client.withTransaction(once("1", Effect.void))
      assert.strictEqual(yield* records, 1)
    }).pipe(Effect.provide(services))
  )
})
