/**
 * A `SqlClient` on a pool of `pg` that belongs to a host. The pool stays open when the layer is closed.
 */
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { commit } from "../client/PostgresClient.ts"
import { isAway, kindOf } from "../client/SqlFailure.ts"
import type { NodePostgresPool } from "./HostClient.ts"
import * as HostConnection from "./HostConnection.ts"
import { toSqlError } from "./HostFailure.ts"

/**
 * A connection from the pool. It is closed instead of given back if the server takes no statements on it, or if it is left in the
 * middle of one.
 */
const take = (pool: NodePostgresPool): Effect.Effect<Connection, SqlError, Scope.Scope> =>
  Effect.gen(function* () {
    let isOver = false
    let isGivenUp = false
    let underway = 0
    let taken: { readonly release: (isBroken?: boolean) => void } | undefined
    // The pool may give the connection after the wait for it was interrupted.
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isOver = true
        taken?.release(isGivenUp || underway > 0)
      })
    )
    const client = yield* Effect.tryPromise({
      try: async () => {
        const given = await pool.connect()
        if (isOver) given.release()
        else taken = given
        return given
      },
      catch: (error) => toSqlError(error, "connect")
    })
    return HostConnection.make(client, (statement) =>
      Effect.suspend(() => {
        underway += 1
        return statement
      }).pipe(
        Effect.tapError((error) => Effect.sync(() => (isGivenUp ||= isAway(kindOf(error))))),
        // A statement whose answer nobody waits for is still under way.
        Effect.onExit((exit) => Effect.sync(() => void (underway -= Exit.hasInterrupts(exit) ? 0 : 1)))
      )
    )
  })

export const layer = (pool: NodePostgresPool): Layer.Layer<SqlClient.SqlClient> =>
  Layer.effect(
    SqlClient.SqlClient,
    SqlClient.make({
      acquirer: take(pool),
      compiler: PgClient.makeCompiler(),
      driver: "pg",
      spanAttributes: [["db.system.name", "postgresql"]],
      commit,
      releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`
    })
  ).pipe(Layer.provide(Reactivity.layer))
