/**
 * A throw-away database on the server of the tests, which is dropped when its scope ends.
 */
import { PgClient } from "@effect/sql-pg"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as PostgresStore from "@turnout/adapters/postgres"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { Generations } from "@turnout/core/caching/ports/Generations"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import type { SqlClient } from "effect/sql"
import { randomBytes } from "node:crypto"
import { inject } from "vitest"
import * as PostgresServer from "./PostgresServer.ts"

/** A client of any database. */
export const client = (url: string) =>
  PgClient.makeClient({ url: Redacted.make(url) }).pipe(Effect.provide(Reactivity.layer), Effect.orDie)

const run = (server: string, statement: string) =>
  Effect.flatMap(client(server), (sql) => sql.unsafe(statement)).pipe(Effect.scoped, Effect.orDie)

/** The URL of a new, empty database on a server. */
export const makeOn = Effect.fnUntraced(function* (server: string) {
  const name = `turnout_test_${randomBytes(6).toString("hex")}`
  yield* Effect.acquireRelease(run(server, `CREATE DATABASE ${name}`), () =>
    run(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  )
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
})

/** The URL of a new, empty database. */
export const make = Effect.suspend(() => makeOn(inject("postgresUrl")))

/**
 * The URL of an empty database on a server that is started for it. Positions in the journal list each transaction that is
 * open anywhere on a server, so tests that expect certain positions need a server on which nobody else works.
 */
export const makeAlone = Effect.acquireRelease(
  Effect.promise(() => PostgresServer.start(PostgresServer.findBinaries()!)),
  (server) => Effect.promise(() => server.stop())
).pipe(Effect.map(({ url }) => url))

export interface Scratch extends AsyncDisposable {
  readonly url: string
}

/** A new, empty database on a server, for tests without a scope. */
export const scratch = async (server: string): Promise<Scratch> => {
  const scope = await Effect.runPromise(Scope.make())
  return {
    url: await Effect.runPromise(Scope.provide(makeOn(server), scope)),
    [Symbol.asyncDispose]: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

/** Migrates the database of a layer before the layer is used. */
export const migrated = <A, E, R>(
  layer: Layer.Layer<A | SqlClient.SqlClient, E, R>,
  options?: { readonly schema?: string }
): Layer.Layer<A | SqlClient.SqlClient, E, R> =>
  Layer.effectDiscard(Effect.orDie(Migrations.up(options))).pipe(Layer.provideMerge(layer))

/** The store on a new database; with `alone`, on a server of its own. */
export const layer = ({
  alone = false,
  ...options
}: { readonly alone?: boolean; readonly poolSize?: number } = {}): Layer.Layer<
  AdmissionStore | AdmissionReads | Generations | SqlClient.SqlClient
> =>
  Layer.unwrap(
    Effect.map(alone ? makeAlone : make, (url) => Layer.orDie(migrated(PostgresStore.layer({ ...options, url }))))
  )
