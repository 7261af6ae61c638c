/**
 * Statements on their own, outside of the store's transactions.
 */
import * as StoreError from "@turnout/core/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { kindOf, toStoreError } from "./SqlFailure.ts"

const RETRIES = 3

export type Query = <Row>(
  text: string,
  parameters?: ReadonlyArray<unknown>
) => Effect.Effect<ReadonlyArray<Row>, StoreError.StoreError>

const run = <Row>(sql: SqlClient, text: string, parameters?: ReadonlyArray<unknown>) =>
  sql.unsafe(text, parameters) as unknown as Effect.Effect<ReadonlyArray<Row>, SqlError>

/** What a failure means of something that is not tried again: it may have been carried out before the connection was lost. */
export const onceFailed = (cause: SqlError): StoreError.StoreError =>
  kindOf(cause) === "lost"
    ? new StoreError.StoreError({ reason: new StoreError.OutcomeUnknown({ cause }) })
    : toStoreError(cause)

/** Carried out once. If the connection is lost, nobody knows whether it was. */
export const makeOnce =
  (sql: SqlClient): Query =>
  <Row>(text: string, parameters?: ReadonlyArray<unknown>) =>
    Effect.mapError(run<Row>(sql, text, parameters), onceFailed)

/**
 * Tried again when the connection was lost, unless a transaction of the host went with it: for what may be carried out
 * twice.
 */
export const make =
  (sql: SqlClient): Query =>
  <Row>(text: string, parameters?: ReadonlyArray<unknown>) =>
    Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) =>
      run<Row>(sql, text, parameters).pipe(
        Effect.retry({
          while: (error) => Option.isNone(open) && kindOf(error) === "lost",
          times: RETRIES,
          schedule: Schedule.jittered(Schedule.exponential("20 millis"))
        }),
        Effect.mapError(toStoreError)
      )
    )
