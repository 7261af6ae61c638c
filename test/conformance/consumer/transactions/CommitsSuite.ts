/**
 * The contract of an inbox about what a COMMIT is answered with.
 */
import { assert } from "@effect/vitest"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Effect, Exit } from "effect"
import { randomUUID } from "node:crypto"
import {
  sql,
  once,
  statements,
  failureOf,
  statementOf,
  raising,
  fresh,
  rows,
  isRecorded,
  MAKES,
  AT_FAULT,
  type Capabilities,
  type It
} from "./TransactionsGiven.ts"

export const commits = (it: It, { knowsStatements }: Capabilities): void => {
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
}
