/**
 * The last refusal of the server on each connection, for code that has a transaction open on it: code in between may have
 * turned the failure into another one, or swallowed it.
 */
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"

const refusals = new WeakMap<Connection, SqlError>()

export const noteRefusal = (connection: Connection, error: SqlError): void => void refusals.set(connection, error)

/** The last refusal on a connection since it was taken from its pool; `undefined` if there was none, or for other clients. */
export const refusalOn = (connection: Connection): SqlError | undefined => refusals.get(connection)
