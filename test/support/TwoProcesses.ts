/**
 * Two instances of Turnout on one database, which look to the database like two processes.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { type Context, Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import * as TestDatabase from "./TestDatabase.ts"

type Process = Context.Context<Turnout.Turnout | AdmissionStore | AdmissionReads | SqlClient.SqlClient>

export interface TwoProcesses {
  readonly here: Process
  readonly elsewhere: Process
}

/** Makes two instances, each with a client of its own, on a new database, until the scope ends. */
export const make = Effect.fnUntraced(function* (options?: Turnout.TurnoutOptions) {
  const url = yield* TestDatabase.make
  const on = (store: ReturnType<typeof PostgresStore.layer>) =>
    Layer.build(Turnout.layer(options).pipe(Layer.provideMerge(Layer.orDie(store))))
  const here = yield* on(TestDatabase.migrated(PostgresStore.layer({ url })))
  const elsewhere = yield* on(PostgresStore.layer({ url }))
  const processes: TwoProcesses = { here, elsewhere }
  return processes
})
