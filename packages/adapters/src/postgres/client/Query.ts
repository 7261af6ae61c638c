/**
 * Single statements, outside of the store's transactions.
 */
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { SILENCE_TIMEOUT_MILLIS, type Silence, toUnavailable, within } from "./Silence.ts"
import { kindOf, toStoreError } from "./SqlFailure.ts"

const RETRIES = 3

export type Query = <Row>(
  text: string,
  parameters?: ReadonlyArray<unknown>
) => Effect.Effect<ReadonlyArray<Row>, StoreError.StoreError>

const run = <Row>(sql: SqlClient, text: string, parameters?: ReadonlyArray<unknown>) =>
  sql.unsafe(text, parameters) as unknown as Effect.Effect<ReadonlyArray<Row>, SqlError>

const runUnprepared = <Row>(sql: SqlClient, text: string, parameters?: ReadonlyArray<unknown>) =>
  sql.unsafe(text, parameters).unprepared as unknown as Effect.Effect<ReadonlyArray<Row>, SqlError>

/** The error for a statement that is not tried again: it may have been carried out before the connection was lost. */
export const onceFailed = (cause: SqlError): StoreError.StoreError =>
  // Without a connection, no statement was sent.
  kindOf(cause) === "lost" && cause.reason.operation !== "connect"
    ? new StoreError.StoreError({ reason: new StoreError.OutcomeUnknown({ cause }) })
    : toStoreError(cause)

/** Runs each statement once. If the connection is lost, it is not known whether the statement was carried out. */
export const makeOnce =
  (sql: SqlClient): Query =>
  <Row>(text: string, parameters?: ReadonlyArray<unknown>) =>
    Effect.mapError(run<Row>(sql, text, parameters), onceFailed)

/** Whether another connection may succeed. */
const isWorthAnother = (error: SqlError): boolean => ["lost", "refused"].includes(kindOf(error))

const repeated =
  (
    sql: SqlClient,
    attempt: <Row>(
      text: string,
      parameters?: ReadonlyArray<unknown>
    ) => Effect.Effect<ReadonlyArray<Row>, SqlError | Silence>,
    failed: (cause: SqlError) => StoreError.StoreError
  ): Query =>
  <Row>(text: string, parameters?: ReadonlyArray<unknown>) =>
    Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) =>
      attempt<Row>(text, parameters).pipe(
        Effect.retry({
          while: (error) => error._tag === "SqlError" && Option.isNone(open) && isWorthAnother(error),
          times: RETRIES,
          schedule: Schedule.jittered(Schedule.exponential("20 millis"))
        }),
        Effect.mapError((error) => (error._tag === "SqlError" ? failed(error) : toUnavailable(error)))
      )
    )

/**
 * For reading: runs a statement again if the connection was lost, or the server refuses, unless it was in a transaction of the
 * host. A server that does not answer within `silenceMillis` is unavailable, and is not asked again.
 */
export const make = (sql: SqlClient, silenceMillis: number = SILENCE_TIMEOUT_MILLIS): Query =>
  repeated(sql, (text, parameters) => within(run(sql, text, parameters), silenceMillis), toStoreError)

/**
 * The same for changes that may be carried out twice. If the connection is lost every time, it is not known whether one was
 * made.
 */
export const makeRepeatable = (sql: SqlClient): Query =>
  repeated(sql, (text, parameters) => run(sql, text, parameters), onceFailed)

/** The same for statements whose plan has to fit their tables as they are now: it is made anew each time. */
export const makePlannedAnew = (sql: SqlClient): Query =>
  repeated(sql, (text, parameters) => runUnprepared(sql, text, parameters), onceFailed)
