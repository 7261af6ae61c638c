/**
 * The inbox on Postgres and PGlite.
 *
 * Guarantees: the record and whatever the effect writes through the `SqlClient` in the context are one transaction. Of two
 * that deal with the same message at the same time, the second waits at the first one's record, for as long as the
 * connection's `lock_timeout` allows. Within a transaction of the host, the record becomes part of it.
 *
 * An effect should be short: the connection is held while it runs, and the server ends a transaction that is idle for longer
 * than its `idle_in_transaction_session_timeout` (10 seconds on connections of `PostgresStore.layerClient`). If the
 * connection is lost while committing, the message comes again, and its record tells whether there is anything left to do.
 */
import { Inbox } from "@turnout/core/ports/Inbox"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { transact } from "./AroundEffect.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "./Migrations.ts"
import * as Query from "./Query.ts"

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const s = quote(options.schema ?? DEFAULT_SCHEMA)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const record = `INSERT INTO ${s}.inbox (consumer, key) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`
  const forget = `WITH forgotten AS (
  DELETE FROM ${s}.inbox WHERE (consumer, key) IN (
    SELECT consumer, key FROM ${s}.inbox WHERE at < $1::timestamptz LIMIT $2::integer
  ) RETURNING 1
)
SELECT count(*)::integer AS count FROM forgotten`

  return Inbox.of({
    once: (consumer, key, effect) =>
      transact(sql, (run, own) =>
        Effect.gen(function* () {
          if ((yield* run(record, [consumer, key])).length === 0) return false
          yield* own(effect)
          return true
        })
      ),
    forget: (before, limit) => Effect.map(query<{ count: number }>(forget, [before, limit]), ([row]) => row!.count)
  })
})

/** The inbox on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<Inbox, never, SqlClient.SqlClient> =>
  Layer.effect(Inbox, make(options))
