/**
 * The inbox on Postgres and PGlite.
 *
 * Guarantees: the record and everything that the effect writes through the `SqlClient` in the context are one transaction. If
 * two consumers deal with the same message at the same time, the second waits for the record of the first, for as long as the
 * connection's `lock_timeout` allows. Within a transaction of the host, the record becomes part of it.
 *
 * An effect should be short: it holds the connection while it runs, and the server ends a transaction that is idle for longer
 * than its `idle_in_transaction_session_timeout` (10 seconds on connections of `PostgresStore.layerClient`). If the connection
 * is lost while committing, the message comes again, and its record tells whether there is anything left to do.
 */
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { transact } from "../client/InTransaction.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import * as Query from "../client/Query.ts"

/**
 * The number of records that are written to learn whether they can be. They do not fit into one page, so that the disk has to
 * give room.
 */
const PROBES = 16
const PROBE_LENGTH = 600

class TakenBack {
  readonly _tag = "TakenBack"
}

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const s = quote(options.schema ?? DEFAULT_SCHEMA)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const query = Query.make(sql)
  const record = `INSERT INTO ${s}.inbox (consumer, key) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`
  const probe = `INSERT INTO ${s}.inbox (consumer, key)
SELECT '', rpad(gen_random_uuid()::text, ${PROBE_LENGTH}, '-') FROM generate_series(1, ${PROBES})`
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
    ready: transact(sql, (run, own) => Effect.andThen(run(probe), own(Effect.fail(new TakenBack())))).pipe(
      Effect.catchTag("TakenBack", () => Effect.void)
    ),
    forget: (before, limit) => Effect.map(query<{ count: number }>(forget, [before, limit]), ([row]) => row!.count)
  })
})

/** The inbox on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<Inbox, never, SqlClient.SqlClient> =>
  Layer.effect(Inbox, make(options))
