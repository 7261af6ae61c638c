/**
 * A database to fuzz on, which is dropped afterwards.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"

export interface Scratch extends AsyncDisposable {
  readonly url: string
  readonly sql: (text: string) => Promise<ReadonlyArray<object>>
}

const run = (database: string, text: string): Promise<ReadonlyArray<object>> =>
  PgClient.PgClient.use(
    (client) => client.unsafe(text) as unknown as Effect.Effect<ReadonlyArray<object>, unknown>
  ).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(database), maxConnections: 1 })), Effect.runPromise)

/** Makes one on a server. */
export const make = async (server: string): Promise<Scratch> => {
  const name = `turnout_test_${randomBytes(6).toString("hex")}`
  await run(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return {
    url: url.href,
    sql: (text) => run(url.href, text),
    [Symbol.asyncDispose]: async () => {
      await run(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    }
  }
}
