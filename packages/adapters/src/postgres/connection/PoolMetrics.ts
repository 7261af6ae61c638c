/**
 * The metrics of a pool of connections, through effect's `Metric`, each by `pool`: `transactions` or `reading`.
 *
 * | metric | kind | what it measures |
 * | --- | --- | --- |
 * | `turnout_pool_connections_in_use` | gauge | connections that somebody has |
 * | `turnout_pool_connections_limit` | gauge | the most that there can be |
 * | `turnout_pool_waiting` | gauge | those who wait for one |
 */
import type { PgPool } from "@effect/sql-pg"
import * as Series from "@turnout/core/kernel/application/Series"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"

const connectionsInUse = Metric.gauge("turnout_pool_connections_in_use", {
  description: "Connections to the database that somebody has, by pool: transactions or reading"
})
const connectionsLimit = Metric.gauge("turnout_pool_connections_limit", {
  description: "The most connections to the database that there can be, by pool"
})
const waiting = Metric.gauge("turnout_pool_waiting", {
  description: "Those who wait for a connection to the database, by pool"
})

export type PoolName = "transactions" | "reading"

/** The pool, which counts who has and who waits for its connections, in the registry of this context. */
export const measured = (
  pool: PgPool.PgPool,
  name: PoolName,
  limit: number,
  context: Context.Context<never>
): PgPool.PgPool => {
  const of = (metric: Metric.Gauge<number>) => Metric.withAttributes(metric, { pool: name })
  const takes = Series.modify(of(connectionsInUse), context)
  const waits = Series.modify(of(waiting), context)
  Series.update(of(connectionsLimit), context)(limit)

  const taking = <A, E>(take: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<A, E, Scope.Scope> =>
    Effect.suspend(() => {
      waits(1)
      return Effect.onExit(take, () => Effect.sync(() => waits(-1)))
    }).pipe(
      Effect.tap(() =>
        Effect.acquireRelease(
          Effect.sync(() => takes(1)),
          () => Effect.sync(() => takes(-1))
        )
      )
    )

  return {
    ...pool,
    get: taking(pool.get),
    reserve: taking(pool.reserve),
    use: (f) =>
      Effect.suspend(() => {
        let hasOne = false
        waits(1)
        return pool
          .use((connection) => {
            hasOne = true
            waits(-1)
            takes(1)
            return f(connection)
          })
          .pipe(Effect.ensuring(Effect.sync(() => (hasOne ? takes(-1) : waits(-1)))))
      })
  }
}
