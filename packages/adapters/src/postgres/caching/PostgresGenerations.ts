/**
 * The generation of the caches on Postgres and PGlite.
 *
 * Each operation is one statement, on a connection that transactions of the store use, so it does not wait for those who read. In a
 * transaction of the host it is a part of that transaction.
 */
import { type Generation, Generations } from "@turnout/core/caching/ports/Generations"
import type * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Query from "../client/Query.ts"
import type { Session, Sessions } from "../client/Session.ts"
import { type Silence, toUnavailable, within } from "../client/Silence.ts"
import { isAway, kindOf } from "../client/SqlFailure.ts"

interface Row {
  readonly id: string
  readonly server: string | null
  readonly settled: boolean
  readonly age: number
}

const toGeneration = ({ age, id, server, settled }: Row): Generation => ({
  id,
  server,
  isSettled: settled,
  ageMillis: age
})

const RETRIES = Schedule.jittered(Schedule.exponential("20 millis"))

/** The operations in a schema, given as a quoted identifier. */
export const make = (
  sql: SqlClient,
  sessions: Sessions["Service"],
  s: string,
  silenceMillis: number
): Generations["Service"] => {
  const current = `SELECT id, server, settled,
  (extract(epoch FROM clock_timestamp() - since) * 1000)::double precision AS age FROM ${s}.cache_generation`
  const begun = `(id, server, settled, since) VALUES ($1::uuid, $2::text, false, clock_timestamp())
ON CONFLICT (single) DO UPDATE SET id = excluded.id, server = excluded.server, settled = false, since = clock_timestamp()`
  const replace = `INSERT INTO ${s}.cache_generation AS there ${begun}`
  const propose = `${replace} WHERE there.id = $3::uuid`
  const first = `INSERT INTO ${s}.cache_generation (id, server, settled, since)
VALUES ($1::uuid, $2::text, false, clock_timestamp()) ON CONFLICT DO NOTHING`
  const settle = `UPDATE ${s}.cache_generation SET settled = true WHERE id = $1::uuid`

  const inTransaction = Query.makeOnce(sql)
  const send = (session: Session, text: string, parameters: ReadonlyArray<string | null>) =>
    Effect.map(session.send([{ text, parameters }]), ([rows]) => rows as ReadonlyArray<Row>)
  const alone = (text: string, parameters: ReadonlyArray<string | null>) =>
    within(
      Effect.scoped(Effect.flatMap(sessions.take, (session) => send(session, text, parameters))),
      silenceMillis
    ).pipe(
      Effect.retry({
        while: (error: SqlError | Silence) => error._tag === "SqlError" && isAway(kindOf(error)),
        times: 3,
        schedule: RETRIES
      }),
      Effect.mapError((error) => (error._tag === "SqlError" ? Query.onceFailed(error) : toUnavailable(error)))
    )
  const isInTransaction = Effect.map(Effect.serviceOption(sql.transactionService), Option.isSome)
  const read = (text: string): Effect.Effect<ReadonlyArray<Row>, StoreError.StoreError> =>
    Effect.flatMap(isInTransaction, (isIn) => (isIn ? inTransaction<Row>(text) : alone(text, [])))
  /** A change that fails, perhaps since another transaction has the row, leaves the transaction of the host as it was. */
  const change = (text: string, parameters: ReadonlyArray<string | null>): Effect.Effect<void, StoreError.StoreError> =>
    Effect.flatMap(isInTransaction, (isIn) =>
      isIn
        ? sql
            .withTransaction(inTransaction(text, parameters))
            .pipe(Effect.mapError((error) => (error._tag === "SqlError" ? Query.onceFailed(error) : error)))
        : alone(text, parameters)
    ).pipe(Effect.asVoid)

  return Generations.of({
    current: Effect.map(read(current), ([row]) => (row === undefined ? null : toGeneration(row))),
    replace: ({ id, server }) => change(replace, [id, server]),
    propose: ({ id, server }, expected) =>
      expected === null ? change(first, [id, server]) : change(propose, [id, server, expected]),
    settle: (id) => change(settle, [id])
  })
}
