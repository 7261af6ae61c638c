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
import type { StoreError } from "@turnout/core/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { DEFAULT_SCHEMA, quote } from "./Migrations.ts"
import * as Query from "./Query.ts"
import { isSqlError, toStoreError } from "./SqlFailure.ts"

export interface InboxOptions {
  /** The Postgres schema that everything lives in. Default `turnout`. */
  readonly schema?: string
}

/** A failure of the transaction around an effect, as opposed to one of the effect, which may be a `SqlError` as well. */
class TransactionFailed {
  readonly _tag = "TransactionFailed"
  readonly error: StoreError

  constructor(error: SqlError) {
    this.error = toStoreError(error)
  }
}

class EffectFailed<E> {
  readonly _tag = "EffectFailed"
  readonly error: E

  constructor(error: E) {
    this.error = error
  }
}

const fail = <E>(failure: SqlError | TransactionFailed | EffectFailed<E>): Effect.Effect<never, E | StoreError> =>
  Effect.fail(failure._tag === "SqlError" ? toStoreError(failure) : failure.error)

export const make = Effect.fnUntraced(function* (options: InboxOptions = {}) {
  const s = quote(options.schema ?? DEFAULT_SCHEMA)
  const client = yield* SqlClient.SqlClient
  const sql = client.withoutTransforms()
  const query = Query.make(sql)
  const record = `INSERT INTO ${s}.inbox (consumer, key) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`
  const forget = `WITH forgotten AS (
  DELETE FROM ${s}.inbox WHERE (consumer, key) IN (
    SELECT consumer, key FROM ${s}.inbox WHERE at < $1::timestamptz LIMIT $2::integer
  ) RETURNING 1
)
SELECT count(*)::integer AS count FROM forgotten`

  return Inbox.of({
    once: <E, R>(consumer: string, key: string, effect: Effect.Effect<unknown, E, R>) =>
      sql
        .withTransaction(
          Effect.gen(function* () {
            const recorded = yield* Effect.mapError(
              sql.unsafe(record, [consumer, key]),
              (error) => new TransactionFailed(error)
            )
            if (recorded.length === 0) return false
            yield* Effect.mapError(effect, (error) => new EffectFailed(error))
            return true
          })
        )
        .pipe(
          Effect.catch((failure) => fail<E>(failure)),
          // A connection that is lost within shows as a defect, since rolling back fails as well.
          Effect.catchDefect((defect) =>
            isSqlError(defect) || defect instanceof EffectFailed || defect instanceof TransactionFailed
              ? fail<E>(defect)
              : Effect.die(defect)
          )
        ),
    forget: (before, limit) => Effect.map(query<{ count: number }>(forget, [before, limit]), ([row]) => row!.count)
  })
})

/** The inbox on the `SqlClient` in the context. Migrate first, see `Migrations.up`. */
export const layerFromClient = (options?: InboxOptions): Layer.Layer<Inbox, never, SqlClient.SqlClient> =>
  Layer.effect(Inbox, make(options))
