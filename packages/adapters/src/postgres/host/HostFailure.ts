/**
 * Failures of a host's driver as those of the SQL client, so that `SqlFailure` tells what they mean.
 */
import { ConnectionError, SqlError, UnknownError, type SqlErrorReason } from "effect/sql/SqlError"

/** The server's fields, as `pg` and postgres.js have them on their errors. */
interface Fields {
  readonly code?: unknown
  readonly severity?: unknown
  readonly file?: unknown
}

const SQLSTATE = /^[0-9A-Z]{5}$/
/** Codes of five characters that the drivers and Node have for connections. */
const OF_NODE = ["EPIPE"]

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

const isFromServer = ({ code }: Fields): boolean =>
  typeof code === "string" && SQLSTATE.test(code) && !OF_NODE.includes(code)

/** An error that the server has sent is told by its code. Any other is one of the connection: no statement was answered. */
const reasonOf = (error: unknown, operation: "connect" | "query"): SqlErrorReason => {
  const cause = error instanceof Error ? error : new Error(String(error))
  const fields = cause as Fields
  if (!isFromServer(fields)) return new ConnectionError({ cause, message: cause.message, operation })
  const severity = textOf(fields.severity)
  const told = Object.assign(new Error(cause.message, { cause }), {
    code: fields.code,
    ...(severity === undefined ? {} : { severityUnlocalized: severity }),
    ...(typeof fields.file === "string" ? { file: fields.file } : {})
  })
  return new UnknownError({ cause: told, message: cause.message, operation })
}

export const toSqlError = (error: unknown, operation: "connect" | "query"): SqlError =>
  new SqlError({ reason: reasonOf(error, operation) })
