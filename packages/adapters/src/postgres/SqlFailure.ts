/**
 * What a `SqlError` means for a transaction of the store.
 *
 * | kind | SQLSTATE | tried again |
 * | --- | --- | --- |
 * | `lost` | connection errors, 57P01 to 57P03 (server shuts down or starts up), 53300 (too many clients) | yes |
 * | `contended` | 40001, 40P01, 55P03 (serialization, deadlock, lock time-out), 23505 and 22012 (two made the same row) | yes |
 * | `contended` | 25P02 (the transaction had failed: seen alone only if a prepared statement had gone stale) | yes |
 * | `slow` | 57014 (statement time-out) | no |
 * | `missing` | 3F000, 42P01, 42703 (schema, table or column does not exist) | no |
 * | `other` | everything else | no |
 */
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"
import * as StoreError from "@turnout/core/ports/StoreError"

export type Kind = "lost" | "contended" | "slow" | "missing" | "other"

const Coded = Schema.Struct({ code: Schema.String })
const isCoded = Schema.is(Coded)

export const kindOf = (error: SqlError): Kind => {
  const { reason } = error
  switch (reason._tag) {
    case "ConnectionError":
      return "lost"
    case "DeadlockError":
    case "SerializationError":
    case "LockTimeoutError":
    case "UniqueViolation":
      return "contended"
    case "StatementTimeoutError":
      return "slow"
    default: {
      const code = isCoded(reason.cause) ? reason.cause.code : ""
      if (code.startsWith("57P0") || code === "53300") return "lost"
      if (code === "22012" || code === "25P02") return "contended"
      return code === "3F000" || code === "42P01" || code === "42703" ? "missing" : "other"
    }
  }
}

/** The error that callers see, for a failure that changed nothing. */
export const toStoreError = (cause: SqlError): StoreError.StoreError => {
  const reasons = {
    lost: StoreError.Unavailable,
    contended: StoreError.Contention,
    slow: StoreError.Contention,
    missing: StoreError.NotMigrated,
    other: StoreError.Unexpected
  }
  const kind = kindOf(cause)
  return new StoreError.StoreError({ reason: new reasons[kind]({ cause: kind === "other" ? describe(cause) : cause }) })
}

/** What the server said, rather than that the query failed. */
const describe = (error: SqlError): unknown =>
  error.reason.cause instanceof Error ? new Error(error.reason.cause.message, { cause: error }) : error

/** Tells a failure of the SQL client that surfaced as a defect. */
export const isSqlError = (defect: unknown): defect is SqlError =>
  typeof defect === "object" && defect !== null && "_tag" in defect && defect._tag === "SqlError"
