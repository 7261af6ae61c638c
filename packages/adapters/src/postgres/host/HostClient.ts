/**
 * Connections of a host: those of `pg` (node-postgres) and of postgres.js, which Drizzle, Kysely and others are built upon.
 *
 * Turnout sends statements on such a connection with parameters as text, and takes the values of the answer as the text that the
 * server sent. So it does not matter which types the host has taught its driver.
 */

/** What Turnout asks a connection of `pg` for: a `Client`, or one that `pool.connect()` has given. */
export interface NodePostgresClient {
  readonly query: (query: NodePostgresQuery) => Promise<NodePostgresResult>
}

export interface NodePostgresQuery {
  readonly text: string
  readonly values: Array<string | null>
  readonly rowMode: "array"
  readonly types: { readonly getTypeParser: () => (text: string) => string }
}

export interface NodePostgresResult {
  readonly command: string
  readonly fields: ReadonlyArray<{ readonly name: string; readonly dataTypeID: number }>
  readonly rows: ReadonlyArray<ReadonlyArray<unknown>>
}

/** What Turnout asks a pool of `pg` for. */
export interface NodePostgresPool {
  readonly connect: () => Promise<NodePostgresClient & { readonly release: (isBroken?: boolean) => void }>
  readonly totalCount: number
}

/** What Turnout asks a connection of postgres.js for: the `sql` of a `sql.begin`, or one that `sql.reserve()` has given. */
export interface PostgresJsConnection {
  readonly unsafe: (text: string, parameters: Array<string | null>) => PostgresJsQuery
}

export interface PostgresJsQuery {
  readonly raw: () => PromiseLike<unknown>
}

/** A connection on which a host has begun a transaction. */
export type HostClient = NodePostgresClient | PostgresJsConnection

export interface Answer {
  /** The first word of the statement, as the server reports it: `SELECT`, `COMMIT`. */
  readonly command: string
  readonly columns: ReadonlyArray<{ readonly name: string; readonly oid: number }>
  /** The values of each row, in the text form of their types. */
  readonly rows: ReadonlyArray<ReadonlyArray<string | null>>
}

/** Carries out one statement. Rejects with the error of the driver. */
export type Send = (text: string, parameters: ReadonlyArray<string | null>) => Promise<Answer>

const types = { getTypeParser: () => (text: string) => text }

const ofNodePostgres =
  (client: NodePostgresClient): Send =>
  async (text, parameters) => {
    const { command, fields, rows } = await client.query({ text, values: [...parameters], rowMode: "array", types })
    return {
      command,
      columns: fields.map(({ dataTypeID, name }) => ({ name, oid: dataTypeID })),
      rows: rows as Answer["rows"]
    }
  }

/** The answer of postgres.js to a query that is `raw`: rows of bytes, with more about the statement. */
type RawRows = ReadonlyArray<ReadonlyArray<Uint8Array | null>> & {
  readonly command: string | null
  readonly columns?: ReadonlyArray<{ readonly name: string; readonly type: number }>
}

const ofPostgresJs =
  (sql: PostgresJsConnection): Send =>
  async (text, parameters) => {
    const rows = (await sql.unsafe(text, [...parameters]).raw()) as RawRows
    return {
      command: rows.command ?? "",
      columns: (rows.columns ?? []).map(({ name, type }) => ({ name, oid: type })),
      rows: rows.map((row) => row.map((bytes) => (bytes === null ? null : Buffer.from(bytes).toString())))
    }
  }

const has = <const Name extends string>(
  value: unknown,
  ...names: ReadonlyArray<Name>
): value is Record<Name, unknown> =>
  ((typeof value === "object" && value !== null) || typeof value === "function") && names.every((name) => name in value)

const isPostgresJs = (client: unknown): client is PostgresJsConnection =>
  has(client, "unsafe") && (has(client, "savepoint") || has(client, "release"))

const isNodePostgres = (client: unknown): client is NodePostgresClient =>
  has(client, "query") && !has(client, "totalCount") && typeof client.query === "function"

export const isHostClient = (client: unknown): client is HostClient => isPostgresJs(client) || isNodePostgres(client)

export const HOST_CLIENT_RULE =
  "must be a connection of pg (a Client, or what pool.connect() gives) or of postgres.js (the sql of sql.begin, or what sql.reserve() gives)"

export const isHostPool = (pool: unknown): pool is NodePostgresPool => has(pool, "connect", "totalCount")

export const HOST_POOL_RULE = "must be a Pool of pg"

export const sendOn = (client: HostClient): Send =>
  isPostgresJs(client) ? ofPostgresJs(client) : ofNodePostgres(client)
