/**
 * The inbox on Postgres and PGlite.
 *
 * Guarantees: the record and everything that the effect writes through the `SqlClient` in the context are one transaction. If
 * two consumers deal with the same message at the same time, the second waits for the record of the first, for as long as the
 * connection's `statement_timeout` allows, and then fails with `Contention`. If the connection is lost while committing, the
 * message comes again, and its record tells whether there is anything left to do.
 *
 * An effect holds a connection while it runs. The time-outs of the connection (`lock_timeout`, `statement_timeout`,
 * `idle_in_transaction_session_timeout` and `transaction_timeout`) that are shorter than the limit of the effect are raised
 * for its transaction: the effect is given up by this process, and by the server a little later if the process stands still.
 *
 * Within a transaction of the host, the record becomes part of it, and the time-outs are those of the host.
 */
import * as HandlerLimit from "@turnout/core/consumer/application/HandlerLimit"
import { DEFAULT_HANDLER_TIMEOUT_MILLIS, Inbox } from "@turnout/core/consumer/ports/Inbox"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import { transact } from "../client/InTransaction.ts"
import { DEFAULT_SCHEMA, quote, type SchemaOption } from "../schema/SchemaName.ts"
import * as Query from "../client/Query.ts"
import { RaisedMillis } from "../client/Silence.ts"
import * as TableSweep from "../statements/TableSweep.ts"

/**
 * The number of records that are written to learn whether they can be. They do not fit into one page, so that the disk has to
 * give room.
 */
const PROBES = 16
const PROBE_LENGTH = 600

/** By how much the server is more patient than the limit of an effect. */
const SERVER_GRACE_MILLIS = 5_000

/**
 * Raises the time-outs of the open transaction that are shorter than the parameter; 0 is none at all. The server counts
 * `transaction_timeout` from when it was set first, so it is taken away. Older servers do not have it.
 */
const RAISED = `WITH raised AS MATERIALIZED (
  SELECT count(set_config(name, CASE name WHEN 'transaction_timeout' THEN '0' ELSE $3 END, true))
  FROM unnest(ARRAY['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout']) AS name
  WHERE current_setting(name, true)::interval > '0' AND current_setting(name, true)::interval < $3::interval
)`

/**
 * Whether a record `t` is old. $3: the consumer, $4: the age. The key of a message of a replay ends with the id of the replay.
 */
const isOld = (s: string): string => `($3::text IS NULL OR t.consumer = $3::text)
  AND t.at <= clock_timestamp() - $4::interval
  AND split_part(t.key, ' ', 2) <> ALL(ARRAY(SELECT r.id::text FROM ${s}.replays r WHERE r.state IN ('running', 'stopped')))`

class TakenBack {
  readonly _tag = "TakenBack"
}

export const make = Effect.fnUntraced(function* (options: SchemaOption = {}) {
  const s = quote(options.schema ?? DEFAULT_SCHEMA)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const insert = `INSERT INTO ${s}.inbox (consumer, key)`
  const recordOfHost = `${insert} VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`
  const record = `${RAISED} ${insert} SELECT $1, $2 FROM raised ON CONFLICT DO NOTHING RETURNING 1`
  const probe = `INSERT INTO ${s}.inbox (consumer, key)
SELECT '', rpad(gen_random_uuid()::text, ${PROBE_LENGTH}, '-') FROM generate_series(1, ${PROBES})`
  const sweepOld = Query.makePlannedAnew(sql)
  /** The sweep of each consumer. */
  const sweeps = new Map<string | null, TableSweep.Step>()
  const sweepOf = (consumer: string | null): TableSweep.Step => {
    const sweep = sweeps.get(consumer) ?? TableSweep.make(sweepOld, `${s}.inbox`, isOld(s))
    sweeps.set(consumer, sweep)
    return sweep
  }

  return Inbox.of({
    once: (consumer, key, effect, timeoutMillis = DEFAULT_HANDLER_TIMEOUT_MILLIS) =>
      Effect.flatMap(Effect.serviceOption(sql.transactionService), (host) =>
        transact(sql, (run, own) =>
          Effect.gen(function* () {
            const recorded = Option.isSome(host)
              ? yield* run(recordOfHost, [consumer, key])
              : yield* run(record, [consumer, key, `${timeoutMillis + SERVER_GRACE_MILLIS}ms`])
            if (recorded.length === 0) return false
            yield* own(HandlerLimit.within(effect, timeoutMillis))
            return true
          })
        ).pipe(Effect.provideService(RaisedMillis, timeoutMillis))
      ),
    ready: transact(sql, (run, own) => Effect.andThen(run(probe), own(Effect.fail(new TakenBack())))).pipe(
      Effect.catchTag("TakenBack", () => Effect.void)
    ),
    forget: (consumer, ageMillis) => sweepOf(consumer)([consumer, `${ageMillis}ms`])
  })
})

/** The inbox on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: SchemaOption): Layer.Layer<Inbox, never, SqlClient.SqlClient> =>
  Layer.effect(Inbox, make(options))
