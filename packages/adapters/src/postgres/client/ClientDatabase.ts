/**
 * The database that a `SqlClient` is connected to, as far as its settings tell, and the signal of commits to it.
 *
 * Databases are distinguished by their names, and not by their servers: one server has several names and ports, its own and
 * those of poolers. Two databases of one name on two servers count as one, and the readers of one look once more than they need
 * to when something is committed to the other. An embedded database is identified by its client.
 */
import { PgClient } from "@effect/sql-pg"
import * as Redacted from "effect/Redacted"
import type * as SqlClient from "effect/sql/SqlClient"
import * as CommitSignal from "../../CommitSignal.ts"

/** The database and the user that a URL names; its parameters win over its parts, as they do when a client connects. */
const partsOf = (text: string): { readonly database?: string; readonly username?: string } => {
  if (!URL.canParse(text)) return {}
  const { pathname, searchParams, username } = new URL(text)
  return {
    database: searchParams.get("dbname") ?? pathname.replace(/^\//, ""),
    username: searchParams.get("user") ?? username
  }
}

const nameOf = ({ database, url, username }: PgClient.PgClientConfig): string => {
  const parts = url === undefined ? {} : partsOf(Redacted.value(url))
  // Without a database, a server takes the name of the user.
  return database ?? (parts.database || username || parts.username || "")
}

/** Whether a client is one of `@effect/sql-pg`, or presents itself as one. */
const isPgClient = (client: SqlClient.SqlClient): client is PgClient.PgClient => PgClient.TypeId in client

/** The signal of commits to a schema of the database of a client. */
export const commitSignal = (client: SqlClient.SqlClient, schema: string): CommitSignal.CommitSignal =>
  CommitSignal.of(
    isPgClient(client) && client.config.stream === undefined ? JSON.stringify([nameOf(client.config), schema]) : client
  )
