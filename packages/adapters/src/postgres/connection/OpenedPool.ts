/**
 * A pool of connections to a server, which opens at the first use: only then is it known how the server is connected to.
 */
import { PgPool } from "@effect/sql-pg"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { SqlError } from "effect/sql/SqlError"
import * as Opening from "./Opening.ts"
import * as PoolMetrics from "./PoolMetrics.ts"

export interface OpenedPool extends Pick<Opening.Way, "isPooled" | "explained"> {
  readonly pool: PgPool.PgPool
}

export interface PoolOptions {
  /** The name in the metrics. */
  readonly name: PoolMetrics.PoolName
  readonly maxConnections: number
  /** Whether statements are sent without waiting for the answers to those before, by one user of a connection at a time. */
  readonly isPipelined: boolean
}

/** The pool, which ends with the scope of this effect. */
export const make = (
  opening: Opening.Opening,
  { isPipelined, maxConnections, name }: PoolOptions
): Effect.Effect<Effect.Effect<OpenedPool, SqlError>, never, Scope.Scope> =>
  Effect.contextWith((context: Context.Context<Scope.Scope>) => {
    const scope = Context.get(context, Scope.Scope)
    const opened = Opening.once(
      Effect.gen(function* () {
        const { config, explained, isPooled } = yield* opening.way
        // The statements around one that sets its time-outs are sent along with it.
        const multiplex = isPipelined || isPooled ? { multiplex: true, multiplexConcurrency: 1 } : {}
        const pool = yield* Scope.provide(PgPool.make({ ...config, maxConnections, ...multiplex }), scope)
        return { pool: PoolMetrics.measured(pool, name, maxConnections, context), isPooled, explained }
      }),
      scope
    )
    return Effect.succeed(opened)
  })
