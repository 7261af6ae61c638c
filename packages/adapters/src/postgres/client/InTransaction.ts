/**
 * An effect of another module or of the host in a transaction: its writes through the `SqlClient` in the context are part of
 * it.
 *
 * Failures of the effect are passed on as they are, though they may be `SqlError`s as well; failures of the transaction become
 * `StoreError`s. If the effect fails because the server is away, or refuses its statements, the failure becomes a `StoreError`,
 * even if the effect has turned it into another error.
 */
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Connection } from "effect/sql/SqlConnection"
import { refusalOn } from "./RefusedConnections.ts"
import { isAway, isSqlError, kindOf, sqlErrorIn, toStoreError } from "./SqlFailure.ts"

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
type Run = <Row>(
  text: string,
  parameters?: ReadonlyArray<unknown>
) => Effect.Effect<ReadonlyArray<Row>, TransactionFailed>

/** Marks the effect that runs in the transaction. */
type Own = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, EffectFailed<E>, R>

const own: Own = Effect.mapError((error) => new EffectFailed(error))

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
  let connection: Connection | undefined
  /** The refusal or outage of the server that a failure comes from, if there is one. */
  const refusalOf = (failure: unknown): SqlError | undefined => {
    const refusal = (connection === undefined ? undefined : refusalOn(connection)) ?? sqlErrorIn(failure)
    return refusal !== undefined && isAway(kindOf(refusal)) ? refusal : undefined
  }
  const fail = (failure: SqlError | Failure<E>): Effect.Effect<never, E | StoreError> => {
    if (failure._tag === "EffectFailed") {
      const refusal = refusalOf(failure.error)
      return Effect.fail(refusal === undefined ? failure.error : onFailure(refusal))
    }
    const error = failure._tag === "SqlError" ? failure : failure.error
    return Effect.fail(onFailure(refusalOf(error) ?? error))
  }
  const within = Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) => {
    connection = Option.getOrUndefined(open)?.[0]
    return work(run, own)
  })
  return sql.withTransaction(within).pipe(
    Effect.catch(fail),
    // A connection that is lost during the work shows as a defect, since rolling back fails as well.
    Effect.catchDefect((defect) => {
      if (isSqlError(defect) || defect instanceof EffectFailed || defect instanceof TransactionFailed)
        return fail(defect)
      const refusal = refusalOf(defect)
      return refusal === undefined ? Effect.die(defect) : Effect.fail(onFailure(refusal))
    })
  )
}
