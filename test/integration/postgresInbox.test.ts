/**
 * The inbox and the effect of a message on a real server: one transaction, whatever happens to it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as FaultProxy from "../support/FaultProxy.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const services = PostgresInbox.layerFromClient().pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 10 })))

/** A server of version 17 or newer. */
const embedded = PostgresInbox.layerFromClient().pipe(
  Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layerClient())))
)

const sql = <Row = Record<string, unknown>>(text: string) =>
  SqlClient.SqlClient.use((client) => client.unsafe(text) as unknown as Effect.Effect<ReadonlyArray<Row>, never>)

const once = <E, R>(key: string, effect: Effect.Effect<unknown, E, R>) =>
  Inbox.use((inbox) => inbox.once("test", key, effect))

const mails = Effect.map(sql<{ to: string }>(`SELECT "to" FROM mails ORDER BY 1`), (rows) => rows.map(({ to }) => to))
const records = Effect.map(sql("SELECT 1 FROM turnout.inbox"), ({ length }) => length)

describe("the inbox on a server", () => {
  const GIVEN = `CREATE TABLE mails ("to" text PRIMARY KEY)`
  /** What the server refuses, rather than what is asked for. */
  const REFUSED = [
    ["25006", "SET LOCAL transaction_read_only = on", "INSERT INTO mails VALUES ('ada')"],
    ["42501", "SET LOCAL ROLE pg_monitor", "INSERT INTO mails VALUES ('ada')"],
    ["53100", "", "DO $$ BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$"],
    ["58030", "", "DO $$ BEGIN RAISE 'Input/output error' USING ERRCODE = '58030'; END $$"]
  ] as const
  /** What handlers make of a failure of their statements. */
  const MAKES: Readonly<Record<string, (work: Effect.Effect<unknown, unknown, SqlClient.SqlClient>) => typeof work>> = {
    "lets it pass": (work) => work,
    "makes another of it": Effect.mapError(() => new Error("no mail")),
    "makes a defect of it": (work) => Effect.catch(work, () => Effect.die(new Error("no mail"))),
    "says nothing of it": (work) => Effect.ignore(work)
  }
  for (const [code, before, statement] of REFUSED)
    it.live.each(Object.keys(MAKES))(
      `N1: a handler that the server refuses (${code}) is not at fault, if it %s`,
      (what) =>
        Effect.gen(function* () {
          yield* sql(GIVEN)
          const work = before === "" ? sql(statement) : Effect.andThen(sql(before), sql(statement))
          const error = yield* Effect.flip(once("1", MAKES[what]!(work)))
          assert.instanceOf(error, StoreError)
          assert.strictEqual(error.reason._tag, "Unavailable")
          assert.include(error.words, code)
          assert.deepStrictEqual([yield* mails, yield* records], [[], 0])
        }).pipe(Effect.provide(services))
    )

  it.live.each([
    ["a table that it forgot to make", "INSERT INTO letters VALUES ('ada')"],
    ["what is no SQL", "INSERT OVER mails"],
    ["a value that does not fit", "INSERT INTO mails VALUES (NULL)"]
  ] as const)("N3: a handler that asks for %s is at fault", ([, statement]) =>
    Effect.gen(function* () {
      yield* sql(GIVEN)
      const error = yield* Effect.flip(once("1", sql(statement)))
      assert.notInstanceOf(error, StoreError)
    }).pipe(Effect.provide(services))
  )

  it.live("knows whether it takes records, and writes none to learn it", () =>
    Effect.gen(function* () {
      const ready = Inbox.use((inbox) => inbox.ready)
      yield* ready
      assert.strictEqual(yield* records, 0)
      const client = yield* SqlClient.SqlClient
      const refused = client.withTransaction(Effect.andThen(sql("SET LOCAL transaction_read_only = on"), ready))
      const error = yield* Effect.flip(refused)
      assert.strictEqual((error as StoreError).reason._tag, "Unavailable")
      yield* ready
    }).pipe(Effect.provide(services))
  )

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

  const SETTINGS = ["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"]
  const settings = Effect.map(
    sql<Record<string, string>>(`SELECT ${SETTINGS.map((name) => `current_setting('${name}') AS ${name}`).join(", ")}`),
    ([row]) => SETTINGS.map((name) => row![name])
  )

  it.live("N5: raises the time-outs of its transaction that are shorter than the limit, and no others", () =>
    Effect.gen(function* () {
      const client = yield* SqlClient.SqlClient
      const before = ["5s", "30s", "10s"]
      const seen: Array<unknown> = []
      const look = Effect.tap(settings, (found) => Effect.sync(() => seen.push(found)))
      const limits = [undefined, 20_000, 1_000]
      for (const [index, limit] of limits.entries())
        yield* Inbox.use((inbox) => inbox.once("test", String(index), look, limit))
      assert.deepStrictEqual(seen.splice(0), [
        ["65s", "65s", "65s"],
        ["25s", "30s", "25s"],
        ["6s", "30s", "10s"]
      ])
      yield* once("setting", sql("SET lock_timeout = '1ms'"))
      // A transaction of the host keeps its own.
      yield* client.withTransaction(once("host", look))
      assert.deepStrictEqual(seen.splice(0), [before])
      for (let time = 0; time < 12; time++) assert.deepStrictEqual(yield* client.withTransaction(settings), before)
    }).pipe(Effect.provide(services))
  )

  it.live(
    "N5: takes away a limit of the whole transaction, where the server has it, and sets none where there is none",
    () =>
      Effect.gen(function* () {
        yield* sql("SET transaction_timeout = '7s'")
        const shown = Effect.map(
          sql<Record<string, string>>(
            "SELECT current_setting('transaction_timeout') AS whole, current_setting('statement_timeout') AS each"
          ),
          ([row]) => [row!["whole"], row!["each"]]
        )
        const seen: Array<unknown> = []
        yield* once(
          "1",
          Effect.tap(shown, (found) => Effect.sync(() => seen.push(found)))
        )
        assert.deepStrictEqual(seen, [["0", "0"]])
        assert.deepStrictEqual(yield* shown, ["7s", "0"])
      }).pipe(Effect.provide(embedded))
  )

  it.live.each(["silence after commit", "silence before an answer", "after commit", "before commit"] as const)(
    "N1: waits for no answer for ever (%s), and has one effect",
    (fault) =>
      Effect.gen(function* () {
        const url = yield* TestDatabase.make
        const proxy = yield* FaultProxy.make(url)
        const through = PostgresInbox.layerFromClient().pipe(
          Layer.provideMerge(PostgresStore.layerClient({ url: proxy.url, attemptTimeoutMillis: 500 }))
        )
        yield* Effect.gen(function* () {
          yield* Migrations.up()
          yield* sql(GIVEN)
          proxy.arm(fault)
          const work = sql("INSERT INTO mails VALUES ('ada')")
          const deal = Inbox.use((inbox) => inbox.once("test", "1", work, 500))
          const begun = performance.now()
          const error = yield* Effect.flip(deal)
          assert.strictEqual((error as StoreError).reason._tag, "Unavailable")
          assert.isBelow(performance.now() - begun, 10_000)
          yield* deal
          assert.deepStrictEqual([yield* mails, yield* records], [["ada"], 1])
          assert.strictEqual(proxy.faults(), 1)
        }).pipe(Effect.provide(through))
      }).pipe(Effect.scoped)
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
