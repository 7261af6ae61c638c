/**
 * What the server has refused on a connection, for who has a transaction open on it: the failure itself may have become
 * another one, or none, in the code in between.
 */
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"

const refusals = new WeakMap<Connection, SqlError>()

export const noteRefusal = (connection: Connection, error: SqlError): void => void refusals.set(connection, error)

/** What was refused last on a connection since it was taken from its pool; `undefined` if nothing, or of other clients. */
export const refusalOn = (connection: Connection): SqlError | undefined => refusals.get(connection)
