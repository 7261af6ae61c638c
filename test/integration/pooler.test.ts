/**
 * Turnout through a pooler that gives each transaction another session of the server.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Effect, Fiber, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { createTurnout } from "turnout"
import * as Database from "turnout/database"
import { inject } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as PgBouncer from "../support/PgBouncer.ts"
import { freePort } from "../support/PostgresServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** A new database, and its URL through a pooler with these settings. */
const pooled = Effect.fnUntraced(function* (...settings: ReadonlyArray<string>) {
  const url = yield* TestDatabase.make
  const pooler = yield* Effect.acquireRelease(
    Effect.promise(() => PgBouncer.start(inject("postgresUrl"), ...settings)),
    (started) => Effect.promise(() => started[Symbol.asyncDispose]())
  )
  return { url, through: pooler.through(url), pooler }
})

/** Runs an effect with the client of a database. */
const onClient = <A, E>(
  options: Parameters<typeof Database.layerClient>[0],
  use: (sql: SqlClient.SqlClient) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.scoped(use(sql))).pipe(
    Effect.provide(Database.layerClient(options))
  )

const TIMES = `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement,
  current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('enable_seqscan') AS scan,
  (SELECT count(*)::int FROM pg_prepared_statements) AS named`

const IN_FORCE = { lock: "5s", statement: "30s", idle: "10s", scan: "off", named: 0 }
const OF_THE_SERVER = { lock: "0", statement: "0", idle: "0", scan: "on" }

const event = {
  title: "Conference",
  organizer: "pooler",
  startsAt: new Date("2099-05-01T18:00:00Z"),
  endsAt: new Date("2099-05-02T18:00:00Z"),
  timeZone: "Europe/Berlin",
  capacity: 2
}

/** All settings that a session of Turnout begins with. */
const ALL = "plan_cache_mode,enable_seqscan,jit,lock_timeout,statement_timeout,idle_in_transaction_session_timeout"

/** Poolers, and how Turnout is told of them. */
const POOLERS: Readonly<Record<string, { readonly settings: ReadonlyArray<string>; readonly pooler?: true }>> = {
  "PgBouncer with nothing set": { settings: [] },
  "PgBouncer that passes over the settings of a session": { settings: [`ignore_startup_parameters = ${ALL}`] },
  "PgBouncer with one session for each connection": { settings: ["pool_mode = session"] },
  "PgBouncer that is said to be there": { settings: [], pooler: true as const }
}

describe("a pooler", { timeout: 120_000 }, () => {
  for (const [name, { settings, ...told }] of Object.entries(POOLERS))
    describe(name, () => {
      it.live("every statement has its time-outs, and none has a name", () =>
        Effect.gen(function* () {
          const { through } = yield* pooled(...settings)
          yield* onClient({ database: through, ...told }, (sql) =>
            Effect.gen(function* () {
              const ask = Effect.map(sql.unsafe(TIMES), ([row]) => row)
              for (let times = 0; times < 5; times++) assert.deepStrictEqual(yield* ask, IN_FORCE)
              assert.deepStrictEqual(yield* sql.withTransaction(ask), IN_FORCE)
              assert.deepStrictEqual(yield* sql.withTransaction(sql.withTransaction(ask)), IN_FORCE)
              const after = Effect.andThen(Effect.ignore(sql.withTransaction(Effect.fail("inner"))), ask)
              assert.deepStrictEqual(yield* sql.withTransaction(after), IN_FORCE)
              const reserved = yield* sql.reserve
              const [row] = yield* reserved.execute(TIMES, [], undefined)
              assert.deepStrictEqual(row, IN_FORCE)
              assert.deepStrictEqual(yield* reserved.executeValues("SELECT $1::int", [1]), [[1]])
            })
          )
        }).pipe(Effect.scoped)
      )

      it.live("commits have their time-outs as well", () =>
        Effect.gen(function* () {
          const { through, url } = yield* pooled(...settings)
          const migrate = Migrations.up().pipe(Effect.provide(Database.layerClient({ database: through, ...told })))
          yield* migrate
          const direct = yield* TestDatabase.client(url)
          yield* direct.unsafe("CREATE TABLE seen (lock text, statement text, idle text, scan text, named int)")
          yield* direct.unsafe(
            `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen ${TIMES}; RETURN NEW; END $$`
          )
          yield* direct.unsafe(
            "CREATE TRIGGER note AFTER INSERT ON turnout.journal FOR EACH ROW EXECUTE FUNCTION note()"
          )
          const turnout = createTurnout({ database: through, ...told })
          yield* Effect.promise(async () => {
            const { id } = await turnout.createEvent(event)
            await turnout.publishEvent(id)
            await Promise.all(
              ["a", "b", "c"].map((one) => turnout.register(id, { attendee: { email: `${one}@example.com` } }))
            )
            await turnout.close()
          })
          const seen = yield* direct.unsafe("SELECT * FROM seen")
          assert.strictEqual(seen.length, 5)
          for (const row of seen) assert.deepStrictEqual(row, IN_FORCE)
        }).pipe(Effect.scoped)
      )
    })

  it.live("nothing of it stays with a session that others get after Turnout", () =>
    Effect.gen(function* () {
      const { through } = yield* pooled("default_pool_size = 1")
      yield* onClient({ database: through }, (sql) => sql.unsafe(TIMES))
      const others = yield* TestDatabase.client(through)
      const [row] = yield* others.unsafe(TIMES)
      assert.deepInclude(row, OF_THE_SERVER)
    }).pipe(Effect.scoped)
  )

  for (const [outcome, last] of [
    ["commits", "SELECT 1"],
    ["fails", "SELECT 1 / 0"]
  ] as const)
    it.live(`what a handler that ${outcome} leaves on a session does not stay with it either`, () =>
      Effect.gen(function* () {
        const { through } = yield* pooled("default_pool_size = 1")
        const others = yield* TestDatabase.client(through)
        yield* others.unsafe("CREATE TABLE seen (memory text)")
        yield* others.unsafe(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN UPDATE seen SET memory = current_setting('work_mem'); RETURN NULL; END $$`)
        yield* others.unsafe(
          "CREATE CONSTRAINT TRIGGER note AFTER INSERT ON seen DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note()"
        )
        const handler = Effect.flatMap(SqlClient.SqlClient, (sql) =>
          Effect.forEach(
            [
              "INSERT INTO seen VALUES ('')",
              "SET work_mem = '1MB'",
              "LISTEN them",
              "CREATE TEMP TABLE own (id int)",
              "PREPARE one AS SELECT 1",
              "SELECT pg_advisory_lock(7)",
              last
            ],
            (statement) => sql.unsafe(statement)
          )
        )
        yield* Effect.gen(function* () {
          const exit = yield* Effect.exit(Inbox.use((inbox) => inbox.once("test", "key", handler)))
          assert.strictEqual(exit._tag, outcome === "commits" ? "Success" : "Failure")
          // A session that is closed in the middle of a transaction ends a little later.
          yield* others.unsafe("SELECT pg_advisory_xact_lock(7)").pipe(Effect.timeout("5 seconds"))
          const [row] = yield* others.unsafe(
            `SELECT current_setting('work_mem') AS memory, (SELECT count(*)::int FROM pg_listening_channels()) AS channels,
              to_regclass('pg_temp.own') AS own, (SELECT count(*)::int FROM pg_prepared_statements WHERE from_sql) AS named,
              (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND objid = 7) AS locks`
          )
          assert.deepStrictEqual(row, { memory: "4MB", channels: 0, own: null, named: 0, locks: 0 })
          // Constraints are checked with the settings of the handler, as they are on a direct connection.
          assert.deepStrictEqual(
            yield* others.unsafe("SELECT memory FROM seen"),
            outcome === "commits" ? [{ memory: "1MB" }] : []
          )
        }).pipe(Effect.provide(Database.layerInbox({ database: through })))
      }).pipe(Effect.scoped)
    )

  it.live("a statement that fails, or is given up, leaves no transaction open, and the next one works", () =>
    Effect.gen(function* () {
      const { through, url } = yield* pooled("default_pool_size = 2")
      yield* onClient({ database: through, poolSize: 2 }, (sql) =>
        Effect.gen(function* () {
          const failed = yield* Effect.flip(sql.unsafe("SELECT 1 / 0"))
          assert.include(String(failed.reason.cause), "division by zero")
          const slow = yield* Effect.forkChild(sql.unsafe("SELECT pg_sleep(20)"))
          yield* Effect.sleep(300)
          yield* Fiber.interrupt(slow)
          const reserved = yield* Effect.forkChild(
            Effect.scoped(Effect.flatMap(sql.reserve, (own) => own.execute("SELECT pg_sleep(20)", [], undefined)))
          )
          yield* Effect.sleep(300)
          yield* Fiber.interrupt(reserved)
          const [row] = yield* sql.unsafe(TIMES)
          assert.deepStrictEqual(row, IN_FORCE)
          const direct = yield* TestDatabase.client(url)
          const open = Effect.map(
            direct.unsafe(
              "SELECT FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
            ),
            ({ length }) => length
          )
          // The connections that were given up end in the background, sooner than the server would end their transactions.
          for (let tries = 0; tries < 50 && (yield* open) > 0; tries++) yield* Effect.sleep(100)
          assert.strictEqual(yield* open, 0)
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("a lock that another holds is given up after its time", () =>
    Effect.gen(function* () {
      const { through, url } = yield* pooled()
      const direct = yield* TestDatabase.client(url)
      yield* direct.unsafe("CREATE TABLE held (id int)")
      const error = yield* onClient({ database: through }, (sql) =>
        Effect.gen(function* () {
          const holder = yield* direct
            .withTransaction(Effect.andThen(direct.unsafe("LOCK TABLE held"), Effect.sleep(20_000)))
            .pipe(Effect.forkChild)
          yield* Effect.sleep(200)
          const began = performance.now()
          const failed = yield* Effect.flip(sql.unsafe("SELECT * FROM held"))
          assert.isBelow(performance.now() - began, 10_000)
          yield* Fiber.interrupt(holder)
          return failed
        })
      )
      assert.include(String(error.reason.cause), "lock timeout")
    }).pipe(Effect.scoped)
  )

  it.live("a direct connection has its settings from the beginning, and its statements have names", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const ask = (told: { readonly pooler?: boolean } = {}) =>
        onClient({ database: url, ...told }, (sql) =>
          Effect.gen(function* () {
            yield* sql.unsafe(TIMES)
            const [row] = yield* sql.unsafe(TIMES)
            return row
          })
        )
      assert.deepStrictEqual(yield* ask(), { ...IN_FORCE, named: 1 })
      assert.deepStrictEqual(yield* ask({ pooler: false }), { ...IN_FORCE, named: 1 })
      assert.deepStrictEqual(yield* ask({ pooler: true }), IN_FORCE)
    }).pipe(Effect.scoped)
  )

  it.live("what a pooler refuses is named", () =>
    Effect.gen(function* () {
      const { through } = yield* pooled()
      const statement = yield* pooled("pool_mode = statement")
      const nobody = yield* Effect.acquireRelease(
        Effect.promise(async () => PgBouncer.start(`postgres://postgres@127.0.0.1:${await freePort()}/x`)),
        (started) => Effect.promise(() => started[Symbol.asyncDispose]())
      )
      const reason = Effect.fnUntraced(function* (database: string, told: { readonly pooler?: boolean } = {}) {
        const turnout = createTurnout({ database, ...told })
        const error = yield* Effect.promise(() => turnout.listEvents().catch((failure: unknown) => failure))
        yield* Effect.promise(() => turnout.close())
        assert.instanceOf(error, StoreError)
        return (error as StoreError).words
      })
      const options = yield* reason(`${through}?options=-c%20work_mem%3D4MB`)
      assert.include(options, "unsupported startup parameter: options")
      assert.include(options, "ignore_startup_parameters of PgBouncer")
      assert.include(yield* reason(through, { pooler: false }), "unsupported startup parameter: plan_cache_mode")
      assert.include(yield* reason(statement.through), "pool_mode = transaction of PgBouncer")
      assert.include(
        yield* reason(nobody.through("postgres://postgres@127.0.0.1:1/x")),
        "a pooler gives none while it cannot reach its server"
      )
      assert.include(yield* reason(through.replace("?", "").concat("?sslmode=require")), "speaks no TLS")
    }).pipe(Effect.scoped)
  )

  it("the commands work through it: migrate, import, lists, serve and relay", async () => {
    await using scratch = await TestDatabase.scratch(inject("postgresUrl"))
    await using pooler = await PgBouncer.start(inject("postgresUrl"))
    await using turnout = await CommandLine.embedded()
    const run = async (...args: ReadonlyArray<string>) => {
      const ended = await turnout.run("--database", pooler.through(scratch.url), ...args)
      assert.strictEqual(ended.code, 0, ended.stderr)
      return ended.stdout
    }
    await run("migrate", "up")
    await run(
      "import",
      turnout.write("people.csv", "email\nada@example.com\nbob@example.com\n"),
      "--title",
      "Party",
      "--capacity",
      "1"
    )
    const event = JSON.parse(await run("events", "list", "--json")) as { items: ReadonlyArray<{ id: string }> }
    assert.include(await run("waitlist", "show", event.items[0]!.id), "bob@example.com")
    const relay = turnout.start(["--database", pooler.through(scratch.url), "relay", "--stdout", "printed"])
    await CommandLine.until(() => relay.printed.stdout.includes("AttendeeWaitlisted"), "the messages")
    relay.process.kill("SIGTERM")
    assert.strictEqual((await relay.ended).code, 0)
    assert.match(await run("outbox", "status"), /stdout:printed/)
  })
})
