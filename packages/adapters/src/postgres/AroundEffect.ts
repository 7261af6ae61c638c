/**
 * Transactions around an effect of somebody else: what it writes through the `SqlClient` in the context is part of them.
 *
 * Its failures come out as they are, though they may be `SqlError`s as well; those of the transaction are `StoreError`s.
 */
import type { StoreError } from "@turnout/core/ports/StoreError"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { isSqlError, toStoreError } from "./SqlFailure.ts"

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

/** Marks the effect that the transaction is around. */
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
  const fail = (failure: SqlError | Failure<E>): Effect.Effect<never, E | StoreError> => {
    if (failure._tag === "EffectFailed") return Effect.fail(failure.error)
    return Effect.fail(onFailure(failure._tag === "SqlError" ? failure : failure.error))
  }
  return sql.withTransaction(work(run, own)).pipe(
    Effect.catch(fail),
    // A connection that is lost within shows as a defect, since rolling back fails as well.
    Effect.catchDefect((defect) =>
      isSqlError(defect) || defect instanceof EffectFailed || defect instanceof TransactionFailed
        ? fail(defect)
        : Effect.die(defect)
    )
  )
}
