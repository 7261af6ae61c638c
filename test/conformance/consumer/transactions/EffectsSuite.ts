/**
 * The contract of an inbox about effects that fail, are given up, or treat their transaction badly.
 */
import { assert } from "@effect/vitest"
import { HandlerTimedOut } from "@turnout/core/consumer/ports/Inbox"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Cause, Effect, Exit, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import {
  type Work,
  sql,
  once,
  statements,
  failureOf,
  statementOf,
  fresh,
  rows,
  isRecorded,
  MAKES,
  type Capabilities,
  type It
} from "./TransactionsGiven.ts"

export const effects = (it: It, { endsStatements, knowsStatements }: Capabilities): void => {
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
      const work = Effect.andThen(Effect.exit(twice), sql(`INSERT INTO ${mails} VALUES ('bob') ON CONFLICT DO NOTHING`))
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
            Effect.flatMap(Effect.forkDetach(stubborn), (fiber) => Effect.andThen(Fiber.await(fiber), Effect.never)),
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
}
