/**
 * A connection that stays open, for the process that makes the messages and counts those that are left.
 */
import { PgClient } from "@effect/sql-pg"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"

/** Runs SQL, and gives the rows. */
export type Sql = <Row = Record<string, unknown>>(text: string) => Promise<ReadonlyArray<Row>>

export interface Connection extends AsyncDisposable {
  readonly sql: Sql
}

export const open = (url: string): Connection => {
  const runtime = ManagedRuntime.make(
    Layer.orDie(PgClient.layer({ url: Redacted.make(url), maxConnections: 1, applicationName: "bench" }))
  )
  return {
    sql: <Row>(text: string) =>
      runtime.runPromise(
        PgClient.PgClient.use((sql) => sql.unsafe(text) as unknown as Effect.Effect<ReadonlyArray<Row>, unknown>)
      ),
    [Symbol.asyncDispose]: () => runtime.dispose()
  }
}
