/**
 * A process that holds a transaction open until it is stopped: one that has an id, or one that has a snapshot.
 */
import { PgConnection } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Script from "../support/Script.ts"

export type Held = "transaction id" | "snapshot"

const STATEMENTS: Readonly<Record<Held, ReadonlyArray<string>>> = {
  "transaction id": ["BEGIN", "SELECT pg_current_xact_id()::text"],
  snapshot: ["BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT pg_current_snapshot()::text"]
}

const { held, url } = Script.settings<{ readonly url: string; readonly held: Held }>()

const hold = Effect.gen(function* () {
  const connection = yield* PgConnection.make({ url: Redacted.make(url) })
  for (const statement of STATEMENTS[held]) yield* connection.query(statement, [])
  Script.result(held)
  return yield* Effect.never
})

await Effect.runPromise(Effect.scoped(hold))
