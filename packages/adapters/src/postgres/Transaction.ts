/**
 * Transactions of the store: what to do when something goes wrong in between.
 *
 * ```text
 *            work fails                      commit is answered
 *  begin ──────┬─────────────▶ rolled back ◀─── with an error ──┐
 *              │ done                                           │
 *              └─────────────▶ commit ──────────────────────────┼──▶ committed
 *                                 │ connection lost             │
 *                                 ▼                             │
 *                              unknown ── next attempt, under the same locks, looks for what this one wrote
 * ```
 *
 * Work that fails has changed nothing, and is tried again if that may help. A connection that is lost while committing
 * leaves the outcome unknown: it is never simply tried again. The next attempt first waits for the locks, which the lost
 * transaction holds until the server has ended it, and then looks for the message id that it would have written.
 */
import * as StoreError from "@turnout/core/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { kindOf, toStoreError } from "./SqlFailure.ts"

/** Attempts after the first one, and the first pause between them, which doubles each time: about five seconds in all. */
const RETRIES = 9
const FIRST_PAUSE = "10 millis"

/** Two transactions wrote the same row at once, and this one came second. */
export class RowConflict {
  readonly _tag = "RowConflict"
}

/** What one attempt left behind when its connection was lost while committing. */
export interface Unresolved<Mark, A> {
  readonly mark: Mark
  readonly value: A
}

/**
 * The work of a transaction. `mark` is what to look for in the database to learn whether it was committed, or `null` if
 * doing the work again does no harm.
 */
export type Work<Mark, A> = (
  connection: Connection,
  unresolved: ReadonlyArray<Unresolved<Mark, A>>
) => Effect.Effect<{ readonly value: A; readonly mark: Mark | null }, SqlError | RowConflict>

class Failed {
  readonly _tag = "Failed"
  readonly cause: SqlError | RowConflict
  readonly isRetryable: boolean
  constructor(cause: SqlError | RowConflict) {
    this.cause = cause
    const kind = cause._tag === "RowConflict" ? "contended" : kindOf(cause)
    this.isRetryable = kind === "lost" || kind === "contended"
  }
}

const control = (connection: Connection, statement: string): Effect.Effect<unknown, SqlError> =>
  connection.execute(statement, [], undefined)

/** Runs work in a transaction of its own, tries again where that is safe, and succeeds only after the commit. */
export const run = <Mark, A>(sql: SqlClient, work: Work<Mark, A>): Effect.Effect<A, StoreError.StoreError> =>
  Effect.suspend(() => {
    const unresolved: Array<Unresolved<Mark, A>> = []
    const attempt = Effect.gen(function* () {
      const connection = yield* sql.reserve
      yield* control(connection, "BEGIN")
      const done = yield* work(connection, unresolved).pipe(
        // If the rollback fails as well, the connection is gone, and the transaction with it.
        Effect.onError(() => Effect.ignore(control(connection, "ROLLBACK")))
      )
      yield* control(connection, "COMMIT").pipe(
        Effect.tapError((error) => {
          if (kindOf(error) === "lost" && done.mark !== null) {
            unresolved.push({ mark: done.mark, value: done.value })
          }
          return Effect.void
        })
      )
      return done.value
    }).pipe(
      Effect.scoped,
      Effect.mapError((cause) => new Failed(cause))
    )
    return attempt.pipe(
      Effect.retry({
        while: (failed) => failed.isRetryable,
        times: RETRIES,
        schedule: Schedule.jittered(Schedule.exponential(FIRST_PAUSE))
      }),
      Effect.mapError(({ cause }) => {
        if (unresolved.length > 0) {
          return new StoreError.StoreError({ reason: new StoreError.OutcomeUnknown({ cause }) })
        }
        return cause._tag === "RowConflict" ? contention(cause) : toStoreError(cause)
      })
    )
  })

/**
 * Runs work inside the transaction that the host has open, behind a savepoint, once. A connection that is lost takes the
 * host's transaction with it, so nothing has changed.
 */
export const join = <Mark, A>(sql: SqlClient, work: Work<Mark, A>): Effect.Effect<A, StoreError.StoreError> =>
  sql
    .withTransaction(
      Effect.gen(function* () {
        const [connection] = Option.getOrThrow(yield* Effect.serviceOption(sql.transactionService))
        return (yield* work(connection, [])).value
      })
    )
    .pipe(
      Effect.mapError((cause) => (cause._tag === "RowConflict" ? contention(cause) : toStoreError(cause))),
      Effect.catchDefect((defect) => (isSqlError(defect) ? Effect.fail(toStoreError(defect)) : Effect.die(defect)))
    )

const contention = (cause: unknown) => new StoreError.StoreError({ reason: new StoreError.Contention({ cause }) })

const isSqlError = (defect: unknown): defect is SqlError =>
  typeof defect === "object" && defect !== null && "_tag" in defect && defect._tag === "SqlError"
