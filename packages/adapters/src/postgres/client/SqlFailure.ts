/**
 * What a `SqlError` means for a transaction of the store.
 *
 * | kind | SQLSTATE | becomes | tried again | connection |
 * | --- | --- | --- | --- | --- |
 * | `lost` | 08 (connection), 57P01 57P02 57P04 57P05 25P03 25P04 (the server ends the session), 40003, everything FATAL or PANIC, no answer | `Unavailable`; while committing, `OutcomeUnknown` | yes | given up |
 * | `refused` | 25006 (read-only), 53 (disk, memory, connections), 57 (starting, stopping), 58 (I/O), 72, F0, XX001 XX002 (corrupted), 54000 from `varsup.c` and `multixact.c` (no transaction ids left), XX000 from the code of the server that keeps its files (a quota, a limit), 40 from `postgres.c` (a standby recovers) | `Unavailable` | yes | given up |
 * | `denied` | 28 (login), 3D (database), 0L 0P (role), 42501 (rights) | `Unavailable` | no | given up |
 * | `contended` | 40 (serialization, deadlock), 55P03 (lock time-out), 23505 and 22012 (two transactions made the same row), 25P02 (the transaction had failed: seen alone only if a prepared statement had gone stale) | `Contention` | yes | kept |
 * | `mistimed` | 2201G (a write that was decided at another time than it is: see `ServerTime`) | `Unavailable` | yes | kept |
 * | `slow` | 57014 (statement time-out) | `Contention` | no | kept |
 * | `missing` | 3F, 42P01 42703 42704 42883 (schema, table, column, type or function does not exist) | `NotMigrated` | no | kept |
 * | `broken` | the rest of 25, 42 and 55, 03 0A 0B 0F 0Z 24 26 2B 2D 34 3B (a statement that fails for every command) | `Unexpected` for all of a batch | no | kept |
 * | `other` | 20 21 22 23 44 54 (data and its limits), 09 27 2F 38 39 P0 HV and unknown ones (triggers of the host), XX000, no code | `Unexpected` | no | kept |
 *
 * Only `other` can be the fault of the data in a command, so only then is a batch split. An error while connecting is `denied`
 * if it is about the login, the database or its rights, and `refused` otherwise, with any code: no command has reached the
 * server.
 */
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { CannotConnect } from "../connection/ConnectFailure.ts"

export type Kind = "lost" | "refused" | "denied" | "contended" | "mistimed" | "slow" | "missing" | "broken" | "other"

/** The kind by a code and the source file of the server that reports it, by a code, or by a class: the first two characters. */
const KINDS: Readonly<Record<string, Kind>> = {
  "08": "lost",
  "25P03": "lost",
  "25P04": "lost",
  "40003": "lost",
  "57P01": "lost",
  "57P02": "lost",
  "57P04": "lost",
  "57P05": "lost",
  "25006": "refused",
  "53": "refused",
  "57": "refused",
  "58": "refused",
  "72": "refused",
  F0: "refused",
  XX001: "refused",
  XX002: "refused",
  "54000 varsup.c": "refused",
  "54000 multixact.c": "refused",
  "XX000 bufmgr.c": "refused",
  "XX000 fd.c": "refused",
  "XX000 md.c": "refused",
  "XX000 slru.c": "refused",
  "XX000 xlog.c": "refused",
  "40001 postgres.c": "refused",
  "40P01 postgres.c": "refused",
  "0L": "denied",
  "0P": "denied",
  "28": "denied",
  "3D": "denied",
  "42501": "denied",
  "22012": "contended",
  "23505": "contended",
  "25P02": "contended",
  "40": "contended",
  "55P03": "contended",
  "2201G": "mistimed",
  "57014": "slow",
  "3F": "missing",
  "42703": "missing",
  "42704": "missing",
  "42883": "missing",
  "42P01": "missing",
  "03": "broken",
  "0A": "broken",
  "0B": "broken",
  "0F": "broken",
  "0Z": "broken",
  "24": "broken",
  "25": "broken",
  "26": "broken",
  "2B": "broken",
  "2D": "broken",
  "34": "broken",
  "3B": "broken",
  "42": "broken",
  "55": "broken"
}

/** The classes of errors about the client's identity while connecting. */
const IDENTITY = ["0L", "0P", "22", "28", "3D", "42"]

/** The fields that the server sent along with an error. */
const Told = Schema.Struct({
  code: Schema.String,
  severityUnlocalized: Schema.optionalKey(Schema.String),
  file: Schema.optionalKey(Schema.String)
})
const isTold = Schema.is(Told)

const toldBy = ({ reason }: SqlError): typeof Told.Type | undefined =>
  isTold(reason.cause) && /^[0-9A-Z]{5}$/.test(reason.cause.code) ? reason.cause : undefined

/** The SQLSTATE that the server sent along with an error; `undefined` if it sent none. */
export const sqlStateOf = (error: SqlError): string | undefined => toldBy(error)?.code

export const kindOf = (error: SqlError): Kind => {
  const { reason } = error
  const told = toldBy(error)
  if (told === undefined) {
    if (reason._tag === "ConnectionError") return "lost"
    return reason._tag === "AuthenticationError" ? "denied" : "other"
  }
  const { code, file, severityUnlocalized: severity } = told
  const ofClass = code.slice(0, 2)
  if (reason.operation === "connect") return IDENTITY.includes(ofClass) ? "denied" : "refused"
  if (severity === "FATAL" || severity === "PANIC") return "lost"
  return KINDS[`${code} ${file}`] ?? KINDS[code] ?? KINDS[ofClass] ?? "other"
}

/** Whether the failure is one of the server or of its administration, and not of the statement. */
export const isAway = (kind: Kind): boolean => kind === "lost" || kind === "refused" || kind === "denied"

/** Whether the server has refused a statement, which was not carried out, as it refuses all others of its kind. */
export const isRefusal = (kind: Kind): boolean => kind === "refused" || kind === "denied"

/** Whether the transaction was given up for the sake of others (class 40): the same work may succeed. */
export const isGivenUpForOthers = (error: SqlError): boolean =>
  kindOf(error) === "contended" && sqlStateOf(error)!.startsWith("40")

/** The server's own words, with its code, instead of the statement that the query failed. */
const describe = (error: SqlError): unknown => {
  const { cause } = error.reason
  if (!(cause instanceof Error)) return error
  if (cause instanceof CannotConnect) return cause
  const code = toldBy(error)?.code
  const words = code === undefined ? cause.message : `SQLSTATE ${code}: ${cause.message}`
  return Object.assign(new Error(words, { cause: error }), code === undefined ? {} : { code })
}

const mistimed = (cause: unknown): Error =>
  new Error("each time, the server wrote a decision more than a second before or after it was made: it is too slow", {
    cause
  })

/** The error that callers get for a failure that changed nothing. */
export const toStoreError = (error: SqlError): StoreError.StoreError => {
  const cause = describe(error)
  const reasons: Readonly<Record<Kind, () => StoreError.StoreErrorReason>> = {
    lost: () => new StoreError.Unavailable({ cause }),
    refused: () => new StoreError.Unavailable({ cause }),
    denied: () => new StoreError.Unavailable({ cause }),
    contended: () => new StoreError.Contention({ cause }),
    mistimed: () => new StoreError.Unavailable({ cause: mistimed(cause) }),
    slow: () => new StoreError.Contention({ cause }),
    missing: () => new StoreError.NotMigrated({ cause }),
    broken: () => new StoreError.Unexpected({ cause, concernsAll: true }),
    other: () => new StoreError.Unexpected({ cause })
  }
  return new StoreError.StoreError({ reason: reasons[kindOf(error)]() })
}

/**
 * The error for a transaction whose COMMIT was refused, if the store is not away. Whatever the code, the same work would be
 * refused again, unless the transaction was given up for the sake of others.
 */
export const toCommitError = (error: SqlError): StoreError.StoreError =>
  isAway(kindOf(error)) || isGivenUpForOthers(error)
    ? toStoreError(error)
    : new StoreError.StoreError({ reason: new StoreError.Unexpected({ cause: describe(error) }) })

/** Whether a defect is a failure of the SQL client. */
export const isSqlError = (defect: unknown): defect is SqlError =>
  typeof defect === "object" && defect !== null && "_tag" in defect && defect._tag === "SqlError"

/** The most causes of an error that are followed. */
const MAX_DEPTH = 10

/** The failure of the SQL client among the causes of another error. */
export const sqlErrorIn = (error: unknown, depth = 0): SqlError | undefined => {
  if (isSqlError(error)) return error
  if (depth === MAX_DEPTH || typeof error !== "object" || error === null || !("cause" in error)) return undefined
  return sqlErrorIn(error.cause, depth + 1)
}
