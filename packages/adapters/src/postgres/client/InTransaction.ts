/**
 * An effect of somebody else in a transaction: what it writes through the `SqlClient` in the context is part of it.
 *
 * Failures of the effect come out as they are, though they may be `SqlError`s as well; those of the transaction are
 * `StoreError`s. An effect that fails because the server is away, or refuses what it asks for, has not failed of its own: that
 * comes out as the `StoreError` that it is, whatever the effect made of it.
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

/** Marks the effect that is run in the transaction. */
type Own = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, EffectFailed<E>, R>

const own: Own = Effect.mapError((error) => new EffectFailed(error))

/** All of it or nothing; within a transaction of the host, as a part of it. `onFailure` says what its failures mean. */
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
  /** Why the server did not do what it was asked for by whatever has failed. */
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
    // A connection that is lost within shows as a defect, since rolling back fails as well.
    Effect.catchDefect((defect) => {
      if (isSqlError(defect) || defect instanceof EffectFailed || defect instanceof TransactionFailed)
        return fail(defect)
      const refusal = refusalOf(defect)
      return refusal === undefined ? Effect.die(defect) : Effect.fail(onFailure(refusal))
    })
  )
}
