/**
 * An effect of another module or of the host in a transaction: its writes through the `SqlClient` in the context are part of
 * it.
 *
 * ```text
 *   begin ──▶ own statements and the effect ──▶ COMMIT ──▶ committed
 *                │ fails                          │ refused
 *                ▼                                ▼
 *             rolled back: the failure of      rolled back: the failure of
 *             the effect, or of the store      the effect, or of the store
 * ```
 *
 * Failures of the effect are passed on as they are, though they may be `SqlError`s as well; failures of the transaction become
 * `StoreError`s. Two failures of an effect are those of the store, even if the effect has turned them into other errors: if the
 * server is away, or refuses its statements (`Unavailable`), and if the server has given the transaction up for the sake of
 * others (`Contention`). A COMMIT that is refused for any other reason is `Unexpected`, since it would be refused again; so is
 * one that the server answers with ROLLBACK, because the effect has swallowed the failure of a statement.
 *
 * The cause of a failure tells the statement that it comes from: see `FailedStatement`.
 */
import * as FailedStatement from "@turnout/core/kernel/ports/FailedStatement"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { CurrentLoan, describe, Loan } from "./Loan.ts"
import {
  isAway,
  isGivenUpForOthers,
  isSqlError,
  kindOf,
  sqlErrorIn,
  toCommitError,
  toStoreError
} from "./SqlFailure.ts"

class TransactionFailed {
  readonly _tag = "TransactionFailed"
  readonly error: SqlError

  constructor(error: SqlError) {
    this.error = error
  }
}

class EffectFailed<E> {
  readonly _tag = "EffectFailed"
  readonly error: E

  constructor(error: E) {
    this.error = error
  }
}

type Failure<E> = TransactionFailed | EffectFailed<E>

/** Runs a statement of the transaction. */
export type Run = <Row>(
  text: string,
  parameters?: ReadonlyArray<unknown>
) => Effect.Effect<ReadonlyArray<Row>, TransactionFailed>

/** Lends the transaction to the effect that runs in it. */
type Own = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, EffectFailed<E>, R>

/** Whether a failure of an effect is that of the store. */
const isOfTheStore = (error: SqlError): boolean => isAway(kindOf(error)) || isGivenUpForOthers(error)

/** What a cause comes down to. A rollback that fails counts before the failure that it follows: the connection is gone. */
const reasonOf = (cause: Cause.Cause<unknown>): unknown => {
  const found: ReadonlyArray<unknown> = cause.reasons.flatMap((reason) => {
    if (Cause.isFailReason(reason)) return [reason.error]
    return Cause.isDieReason(reason) ? [reason.defect] : []
  })
  return found.find(isSqlError) ?? found[0]
}

/** The failure of an effect, or that of the store in its place, if it comes from there. */
const ofEffect = <E>(
  loan: Loan,
  error: unknown,
  cause: Cause.Cause<E>,
  onFailure: (error: SqlError) => StoreError
): Effect.Effect<never, E | StoreError> => {
  const answer = loan.failed?.error ?? sqlErrorIn(error)
  const failure: Cause.Cause<E | StoreError> =
    answer !== undefined && isOfTheStore(answer) ? Cause.fail(onFailure(answer)) : cause
  return Effect.failCause(FailedStatement.annotate(failure, loan.told))
}

/** The failure to commit: that of a statement before, if the effect has kept it to itself. */
const ofCommit = (
  loan: Loan,
  error: SqlError,
  onFailure: (error: SqlError) => StoreError
): Effect.Effect<never, StoreError> => {
  const failed = loan.attempt ?? loan.failed ?? { text: "COMMIT", error }
  const failure = isAway(kindOf(failed.error)) ? onFailure(failed.error) : toCommitError(failed.error)
  return Effect.failCause(FailedStatement.annotate(Cause.fail(failure), describe(failed)))
}

/**
 * Commits all of the work or nothing; within a transaction of the host, as a part of it. `onFailure` turns a failure of the
 * transaction into a `StoreError`.
 */
export const transact = <A, E, R>(
  sql: SqlClient.SqlClient,
  work: (run: Run, own: Own) => Effect.Effect<A, Failure<E>, R>,
  onFailure: (error: SqlError) => StoreError = toStoreError
): Effect.Effect<A, E | StoreError, R> => {
  const run: Run = <Row>(text: string, parameters?: ReadonlyArray<unknown>) =>
    Effect.mapError(
      sql.unsafe(text, parameters) as unknown as Effect.Effect<ReadonlyArray<Row>, SqlError>,
      (error) => new TransactionFailed(error)
    )
  return Effect.suspend(() => {
    let loan = new Loan(undefined)
    /** Whether all that is left is to commit. */
    let isDone = false
    const own: Own = (effect) =>
      Effect.provideService(effect, CurrentLoan, loan).pipe(
        Effect.onExit((exit) => loan.end(exit)),
        Effect.mapError((error) => new EffectFailed(error))
      )
    const within = Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) => {
      loan = new Loan(Option.getOrUndefined(open)?.[0])
      return Effect.tap(work(run, own), () => {
        isDone = true
        return loan.attempt === undefined ? Effect.void : Effect.fail(new TransactionFailed(loan.attempt.error))
      })
    })
    return Effect.catchCause(sql.withTransaction(within), (cause): Effect.Effect<never, E | StoreError> => {
      const reason = reasonOf(cause)
      if (reason instanceof EffectFailed) {
        const error = reason.error as E
        return ofEffect(loan, error, Cause.fail(error), onFailure)
      }
      if (reason instanceof TransactionFailed || isSqlError(reason)) {
        const error = isSqlError(reason) ? reason : reason.error
        return isDone ? ofCommit(loan, error, onFailure) : Effect.fail(onFailure(error))
      }
      // An interruption is nobody's failure.
      return reason === undefined
        ? Effect.failCause(cause as Cause.Cause<never>)
        : ofEffect(loan, reason, Cause.die(reason), onFailure)
    })
  })
}
