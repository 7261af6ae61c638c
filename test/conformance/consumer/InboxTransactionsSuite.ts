/**
 * The contract of an inbox whose store speaks SQL, as a suite: what becomes of the transaction of an effect, whatever its
 * statements come to. One line runs it on an inbox:
 *
 * ```ts
 * suite("my inbox", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { HandlerTimedOut, Inbox } from "@turnout/core/consumer/ports/Inbox"
import * as FailedStatement from "@turnout/core/kernel/ports/FailedStatement"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Cause, Effect, Exit, Fiber, type Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"

/** The differences between inboxes, as data. */
export interface Capabilities {
  /** Whether the client knows the statements of an effect: that of a host may not. */
  readonly knowsStatements: boolean
  /** Whether a statement that runs can be ended: an embedded database runs it in this thread. */
  readonly endsStatements: boolean
}

type Work = Effect.Effect<unknown, unknown, SqlClient.SqlClient>

const sql = <Row = Record<string, unknown>>(text: string, parameters?: ReadonlyArray<unknown>) =>
  SqlClient.SqlClient.use(
    (client) => client.unsafe(text, parameters) as unknown as Effect.Effect<ReadonlyArray<Row>, never>
  )

const once = (key: string, effect: Work, timeoutMillis?: number) =>
  Inbox.use((inbox) => inbox.once("test", key, effect, timeoutMillis))

/** Several statements, one after the other. */
const statements = (...texts: ReadonlyArray<string>): Work => Effect.forEach(texts, (text) => sql(text))

const failureOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : assert.fail("it succeeded")

const statementOf = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) ? FailedStatement.find(exit.cause) : undefined

/** A function that raises an error of a code, and what a trigger calls at the end of a transaction. */
const raising = (name: string, code: string) => [
  `CREATE TABLE ${name} (id text)`,
  `CREATE FUNCTION ${name}_raise() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE 'not like that' USING ERRCODE = '${code}'; END $$`,
  `CREATE CONSTRAINT TRIGGER ${name}_check AFTER INSERT ON ${name} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ${name}_raise()`
]

let names = 0
const fresh = (what: string) => `${what}_${++names}`

const rows = (table: string) => Effect.map(sql(`SELECT * FROM ${table}`), ({ length }) => length)

const isRecorded = (key: string) => Effect.map(once(key, Effect.void), (ran) => !ran)

/** What handlers make of a failure of their statements. */
const MAKES: Readonly<Record<string, (work: Work) => Work>> = {
  "lets it pass": (work) => work,
  "makes another of it": Effect.mapError(() => new Error("no mail")),
  "makes a defect of it": (work) => Effect.catch(work, () => Effect.die(new Error("no mail"))),
  "says nothing of it": (work) => Effect.ignore(work)
}

/** What a COMMIT is answered with that is the fault of the message, and not to be tried again. */
const AT_FAULT = [
  "23505",
  "23503",
  "23514",
  "22012",
  "22P02",
  "42P01",
  "42883",
  "42601",
  "25P02",
  "55P03",
  "57014",
  "P0001",
  "XX000"
]

export const suite = <E>(
  name: string,
  layer: Layer.Layer<Inbox | SqlClient.SqlClient, E>,
  { endsStatements, knowsStatements }: Capabilities
): void => {
  describe(`transactions of the inbox: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("N3: a COMMIT that a deferred UNIQUE refuses is the failure of the message", () =>
        Effect.gen(function* () {
          const [seats, key] = [fresh("seats"), randomUUID()]
          yield* sql(`CREATE TABLE ${seats} (seat integer UNIQUE DEFERRABLE INITIALLY DEFERRED)`)
          yield* sql(`INSERT INTO ${seats} VALUES (1)`)
          const exit = yield* Effect.exit(once(key, sql(`INSERT INTO ${seats} VALUES (1)`)))
          const error = failureOf(exit) as StoreError
          assert.instanceOf(error, StoreError)
          assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["Unexpected", false])
          assert.include(error.words, "23505")
          assert.deepStrictEqual(statementOf(exit), { statement: "COMMIT", sqlState: "23505" })
          assert.strictEqual(yield* rows(seats), 1)
          assert.isFalse(yield* isRecorded(key))
        })
      )

      // The client of a host may send COMMIT again after these, and take the second answer for that to the first.
      const asUnprepared = knowsStatements ? ["0A000", "26000"] : []
      it.effect.each([...AT_FAULT, ...asUnprepared])(
        "N3: a COMMIT that is answered with %s is the failure of the message",
        (code) =>
          Effect.gen(function* () {
            const [table, key] = [fresh("checked"), randomUUID()]
            yield* statements(...raising(table, code))
            const exit = yield* Effect.exit(once(key, sql(`INSERT INTO ${table} VALUES ('a')`)))
            const error = failureOf(exit) as StoreError
            assert.instanceOf(error, StoreError)
            assert.deepStrictEqual([error.reason._tag, error.isRetryable], ["Unexpected", false])
            assert.include(error.words, `SQLSTATE ${code}: not like that`)
            assert.strictEqual(yield* rows(table), 0)
            assert.isFalse(yield* isRecorded(key))
          })
      )

      it.effect.each(["40001", "40P01", "40000"])("a COMMIT that is answered with %s may be tried again", (code) =>
        Effect.gen(function* () {
          const [table, key] = [fresh("checked"), randomUUID()]
          yield* statements(...raising(table, code))
          const error = failureOf(yield* Effect.exit(once(key, sql(`INSERT INTO ${table} VALUES ('a')`))))
          assert.strictEqual((error as StoreError).reason._tag, "Contention")
          assert.isFalse(yield* isRecorded(key))
        })
      )

      it.effect("a COMMIT that is answered with a full disk is the failure of the store", () =>
        Effect.gen(function* () {
          const [table, key] = [fresh("checked"), randomUUID()]
          yield* statements(...raising(table, "53100"))
          const error = failureOf(yield* Effect.exit(once(key, sql(`INSERT INTO ${table} VALUES ('a')`))))
          assert.strictEqual((error as StoreError).reason._tag, "Unavailable")
          assert.isFalse(yield* isRecorded(key))
        })
      )

      it.effect("N1: refusals of the server leave the transactions of others as they are", () =>
        Effect.gen(function* () {
          const mails = fresh("mails")
          yield* sql(`CREATE TABLE ${mails} (n integer)`)
          const refused = sql("DO $$ BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$")
          const write = (n: number) => sql(`INSERT INTO ${mails} VALUES (${n})`)
          const exits = yield* Effect.forEach(
            Array.from({ length: 40 }, (_, n) => n),
            (n) => {
              const work = n % 2 === 0 ? Effect.andThen(write(n), refused) : Effect.andThen(write(n), write(n))
              return Effect.exit(once(randomUUID(), work))
            },
            { concurrency: 10 }
          )
          const failed = exits.filter(Exit.isFailure).map((exit) => failureOf(exit) as StoreError)
          assert.deepStrictEqual(
            failed.map(({ words }) => words),
            Array.from({ length: 20 }, () => "SQLSTATE 53100: No space left on device")
          )
          assert.strictEqual(yield* rows(mails), 40)
        })
      )

      for (const code of ["40001", "40P01"])
        it.effect.each(Object.keys(MAKES))(
          `a statement that is answered with ${code} may be tried again, if the effect %s`,
          (what) =>
            Effect.gen(function* () {
              const key = randomUUID()
              const raise = sql(`DO $$ BEGIN RAISE 'not now' USING ERRCODE = '${code}'; END $$`)
              const error = failureOf(yield* Effect.exit(once(key, MAKES[what]!(raise)))) as StoreError
              // Only our own client knows what an effect has kept to itself.
              if (knowsStatements || what === "lets it pass") {
                assert.instanceOf(error, StoreError)
                assert.strictEqual(error.reason._tag, "Contention")
                assert.include(error.words, code)
              }
              assert.isFalse(yield* isRecorded(key))
            })
        )

      it.effect.each(Object.keys(MAKES))(
        "N1, N3: a message is not dealt with if a statement of its effect fails, and the effect %s",
        (what) =>
          Effect.gen(function* () {
            const [mails, key] = [fresh("mails"), randomUUID()]
            yield* sql(`CREATE TABLE ${mails} ("to" text PRIMARY KEY)`)
            yield* sql(`INSERT INTO ${mails} VALUES ('ada')`)
            const insert = (to: string) => sql(`INSERT INTO ${mails} VALUES ($1)`, [to])
            const work = Effect.andThen(insert("bob"), MAKES[what]!(insert("ada")))
            const exit = yield* Effect.exit(once(key, work))
            const error = failureOf(exit)
            if (error instanceof StoreError) assert.strictEqual(error.reason._tag, "Unexpected")
            if (knowsStatements)
              assert.deepStrictEqual(statementOf(exit), {
                statement: `INSERT INTO ${mails} VALUES ($1)`,
                sqlState: "23505"
              })
            assert.strictEqual(yield* rows(mails), 1)
            assert.isFalse(yield* isRecorded(key))
          })
      )

      it.effect("a failed statement that the effect has taken back to a savepoint does no harm", () =>
        Effect.gen(function* () {
          const [mails, key, other] = [fresh("mails"), randomUUID(), randomUUID()]
          yield* sql(`CREATE TABLE ${mails} ("to" text PRIMARY KEY)`)
          const client = yield* SqlClient.SqlClient
          const twice = client.withTransaction(Effect.andThen(sql(`INSERT INTO ${mails} VALUES ('ada')`), sql(`BOO`)))
          const work = Effect.andThen(
            Effect.exit(twice),
            sql(`INSERT INTO ${mails} VALUES ('bob') ON CONFLICT DO NOTHING`)
          )
          assert.isTrue(yield* once(key, work))
          assert.strictEqual(yield* rows(mails), 1)
          // A later failure of its own is no failure of a statement.
          const exit = yield* Effect.exit(once(other, Effect.andThen(work, Effect.fail("no"))))
          assert.strictEqual(failureOf(exit), "no")
        })
      )

      if (knowsStatements)
        it.effect("names a failed statement on one line, cut to a bound, and without parameters", () =>
          Effect.gen(function* () {
            const long = `SELECT\n  ${Array.from({ length: 500 }, (_, n) => `${n}`).join(", ")},\n $1::integer`
            const exit = yield* Effect.exit(once(randomUUID(), sql(long, ["secret"])))
            const { sqlState, statement } = statementOf(exit)!
            assert.strictEqual(sqlState, "22P02")
            assert.isTrue(statement.startsWith("SELECT 0, 1, 2, "))
            assert.isAtMost(statement.length, 201)
            assert.notInclude(statement, "secret")
          })
        )

      it.effect("N5: nothing is left of an effect that was given up, and the next one finds a clean transaction", () =>
        Effect.gen(function* () {
          const [mails, key] = [fresh("mails"), randomUUID()]
          yield* sql(`CREATE TABLE ${mails} ("to" text PRIMARY KEY)`)
          const write = sql(`INSERT INTO ${mails} VALUES ('ada')`)
          for (const endless of [Effect.never, Effect.uninterruptible(Effect.never)]) {
            const error = failureOf(yield* Effect.exit(once(key, Effect.andThen(write, endless), 200)))
            assert.instanceOf(error, HandlerTimedOut)
            assert.strictEqual(yield* rows(mails), 0)
          }
          assert.isTrue(yield* once(key, write))
          assert.strictEqual(yield* rows(mails), 1)
        })
      )

      if (knowsStatements) {
        it.effect("N5: an effect that goes on after it was given up writes nothing", () =>
          Effect.gen(function* () {
            const [mails, key] = [fresh("mails"), randomUUID()]
            yield* sql(`CREATE TABLE ${mails} (n integer)`)
            const refused: Array<string> = []
            const end = performance.now() + 800
            // Writes on and on, whatever happens to it.
            const stubborn = sql(`INSERT INTO ${mails} VALUES (1)`).pipe(
              Effect.catchCause((cause) =>
                Effect.andThen(
                  Effect.sync(() => refused.push(Cause.pretty(cause))),
                  Effect.sleep(1)
                )
              ),
              Effect.repeat({ until: () => performance.now() > end || refused.length > 20 }),
              Effect.uninterruptible
            )
            const going = yield* Effect.forkChild(
              once(
                key,
                Effect.flatMap(Effect.forkDetach(stubborn), (fiber) =>
                  Effect.andThen(Fiber.await(fiber), Effect.never)
                ),
                150
              )
            )
            const error = failureOf(yield* Fiber.await(going))
            assert.instanceOf(error, HandlerTimedOut)
            yield* Effect.sleep(300)
            assert.isAbove(refused.length, 0)
            assert.include(refused[0]!, "its transaction is over")
            assert.strictEqual(yield* rows(mails), 0)
            assert.isFalse(yield* isRecorded(key))
          })
        )

        it.effect("N1: statements that an effect does not wait for are part of it, or are refused", () =>
          Effect.gen(function* () {
            const [mails, key] = [fresh("mails"), randomUUID()]
            yield* sql(`CREATE TABLE ${mails} (n integer PRIMARY KEY)`)
            const late: Array<Exit.Exit<unknown, unknown>> = []
            const insert = (n: number) => sql(`INSERT INTO ${mails} VALUES (${n})`)
            const forgotten = Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8, 9], (n) =>
              Effect.map(Effect.exit(insert(n)), (exit) => late.push(exit))
            )
            assert.isTrue(yield* once(key, Effect.forkDetach(forgotten, { startImmediately: true })))
            yield* Effect.sleep(500)
            assert.strictEqual(yield* rows(mails), late.filter(Exit.isSuccess).length)
            // One that fails takes the message with it.
            const both = randomUUID()
            yield* sql(`DELETE FROM ${mails}`)
            const exit = yield* Effect.exit(
              once(both, Effect.andThen(insert(1), Effect.forkDetach(insert(1), { startImmediately: true })))
            )
            assert.strictEqual(statementOf(exit)?.sqlState, "23505")
            assert.strictEqual(yield* rows(mails), 0)
          })
        )

        it.effect.each([
          "COMMIT",
          "commit and chain",
          " -- so\n/* it /* is */ */ END",
          "ROLLBACK",
          "Rollback Work",
          "ABORT",
          "PREPARE TRANSACTION 'mine'"
        ])("N1: an effect may not end its transaction: %s", (text) =>
          Effect.gen(function* () {
            const [mails, key] = [fresh("mails"), randomUUID()]
            yield* sql(`CREATE TABLE ${mails} ("to" text PRIMARY KEY)`)
            const write = (to: string) => sql(`INSERT INTO ${mails} VALUES ('${to}')`)
            for (const make of Object.values(MAKES)) {
              const work = write("ada").pipe(
                Effect.andThen(make(sql(text))),
                Effect.andThen(write("bob")),
                Effect.andThen(Effect.fail("no"))
              )
              assert.isTrue(Exit.isFailure(yield* Effect.exit(once(key, work))))
              assert.strictEqual(yield* rows(mails), 0)
            }
            assert.isFalse(yield* isRecorded(key))
          })
        )

        it.effect("an effect may use savepoints", () =>
          Effect.gen(function* () {
            const mails = fresh("mails")
            yield* sql(`CREATE TABLE ${mails} ("to" text PRIMARY KEY)`)
            const work = statements(
              `INSERT INTO ${mails} VALUES ('ada')`,
              "SAVEPOINT here",
              `INSERT INTO ${mails} VALUES ('bob')`,
              "ROLLBACK TO here",
              "ROLLBACK WORK TO SAVEPOINT here",
              "RELEASE here"
            )
            assert.isTrue(yield* once(randomUUID(), work))
            assert.strictEqual(yield* rows(mails), 1)
          })
        )

        it.effect.each([
          ["a setting", "SET search_path = pg_catalog", "SELECT current_setting('search_path') AS left"],
          ["a setting, by a function", "SELECT set_config('search_path', 'pg_catalog', false)", "SHOW search_path"],
          ["a role", "SET ROLE pg_monitor", "SELECT current_user AS left"],
          ["a temporary table", "CREATE TEMP TABLE odds (n integer)", "SELECT to_regclass('odds') AS left"],
          [
            "a lock of the session",
            "SELECT pg_advisory_lock(4711)",
            "SELECT count(*) AS left FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"
          ]
        ] as const)("an effect leaves nothing on its connection: %s", ([, text, look]) =>
          Effect.gen(function* () {
            const before = yield* sql(look)
            for (let time = 0; time < 3; time++) assert.isTrue(yield* once(randomUUID(), sql(text)))
            for (let time = 0; time < 6; time++) {
              let seen: unknown
              yield* once(
                randomUUID(),
                Effect.tap(sql(look), (found) => Effect.sync(() => (seen = found)))
              )
              assert.deepStrictEqual(seen, before)
              assert.deepStrictEqual(yield* sql(look), before)
            }
          })
        )
      }

      if (endsStatements)
        it.effect("N5: a statement that runs when the effect is given up is ended, by whomever it was begun", () =>
          Effect.gen(function* () {
            const sleep = sql("SELECT pg_sleep(50)")
            const ways: ReadonlyArray<Work> = [
              sleep,
              Effect.uninterruptible(sleep),
              Effect.andThen(Effect.forkDetach(sleep, { startImmediately: true }), Effect.never)
            ]
            for (const work of ways) {
              const key = randomUUID()
              const begun = performance.now()
              const exit = yield* Effect.exit(once(key, work, 200))
              assert.instanceOf(failureOf(exit), HandlerTimedOut)
              assert.isBelow(performance.now() - begun, 8_000)
              assert.isFalse(yield* isRecorded(key))
            }
          })
        )
    })
  })
}
