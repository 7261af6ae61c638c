/**
 * The `SqlClient` of the stores: that of `@effect/sql-pg`, except that it gives up a connection on which the server takes no
 * writes.
 *
 * After a failover, connections may stay with a server that only reads from then on, and a session that was made read-only
 * stays so for its whole life: each statement on it fails, while a new connection would work. So a connection on which the
 * server has refused a statement, as `SqlFailure` tells, is closed when it is given back, and the pool opens another.
 */
import { PgClient, type PgConnection, PgPool } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import { noteRefusal } from "./RefusedConnections.ts"
import { isAway, kindOf } from "./SqlFailure.ts"

type Transform = (<A extends object>(rows: ReadonlyArray<A>) => ReadonlyArray<A>) | undefined

/** A connection as the client uses it, for as long as it is taken from the pool. */
const toConnection = (pool: PgPool.PgPool, session: PgConnection.PgConnection): Connection => {
  const watched = <A>(effect: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
    Effect.tapError(effect, (error) => {
      if (!isAway(kindOf(error))) return Effect.void
      noteRefusal(connection, error)
      return pool.invalidate(session)
    })
  const run = (text: string, parameters: ReadonlyArray<unknown>, transform: Transform, prepare?: boolean) =>
    Effect.map(watched(session.query(text, parameters, prepare)), ({ rows }) =>
      transform === undefined ? rows : transform(rows)
    )
  const connection: Connection = {
    execute: (text, parameters, transform) => run(text, parameters, transform),
    executeUnprepared: (text, parameters, transform) => run(text, parameters, transform, false),
    executeRaw: (text, parameters) => watched(session.query(text, parameters)),
    executeValues: (text, parameters) => watched(session.queryValues(text, parameters)),
    executeValuesUnprepared: (text, parameters) => watched(session.queryValues(text, parameters, false)),
    executeStream: (text, parameters, transform) => {
      const rows = session.stream(text, parameters)
      return transform === undefined ? rows : Stream.mapArray(rows, (some) => transform(some) as typeof some)
    }
  }
  return connection
}

/** After a failure in the transaction, the server answers COMMIT with ROLLBACK. */
const commit = (connection: Connection): Effect.Effect<void, SqlError> =>
  Effect.flatMap(connection.executeRaw("COMMIT", []), (result) => {
    if ((result as PgConnection.Result).command !== "ROLLBACK") return Effect.void
    const cause = new Error("the transaction had failed before it was to be committed")
    return Effect.fail(new SqlError({ reason: new UnknownError({ cause, operation: "commit" }) }))
  })

const toJson = Statement.custom<PgClient.PgCustom>("PgJson")

/** A client with a pool of its own. */
export const make = Effect.fnUntraced(function* (
  config: PgClient.PgPoolConfig
): Effect.fn.Return<PgClient.PgClient, SqlError, Scope.Scope | Reactivity.Reactivity> {
  const pool = yield* PgPool.make(config)
  const client = yield* SqlClient.make({
    acquirer: Effect.map(pool.get, (session) => toConnection(pool, session)),
    borrower: (use) => pool.use((session) => use(toConnection(pool, session))),
    transactionAcquirer: Effect.map(pool.reserve, (session) => toConnection(pool, session)),
    compiler: PgClient.makeCompiler(),
    driver: "pg",
    spanAttributes: [["db.system.name", "postgresql"]],
    prepareTransactionControls: true,
    commit,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`
  })
  const listen: PgClient.PgClient["listen"] = (channel) =>
    Effect.flatMap(pool.reserve, (session) => session.listen(channel))
  return Object.assign(client, {
    [PgClient.TypeId]: PgClient.TypeId,
    config,
    json: (value: unknown) => Statement.fragment([toJson(value)]),
    listen,
    notify: (channel: string, payload: string) => Effect.asVoid(client`SELECT pg_notify(${channel}, ${payload})`)
  })
})

/** The client, for as long as the layer is there. */
export const layer = (config: PgClient.PgPoolConfig): Layer.Layer<SqlClient.SqlClient | PgClient.PgClient, SqlError> =>
  Layer.effectContext(
    Effect.map(make(config), (client) =>
      Context.make(PgClient.PgClient, client).pipe(Context.add(SqlClient.SqlClient, client))
    )
  ).pipe(Layer.provide(Reactivity.layer))
