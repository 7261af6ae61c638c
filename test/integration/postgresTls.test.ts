/**
 * TLS as psql has it, against a server with a certificate of an authority of its own.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Database from "turnout/database"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { chmodSync, copyFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, vi } from "vitest"
import { Certificates } from "../support/Certificates.ts"
import * as PostgresServer from "../support/PostgresServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const HBA = `
host      all  postgres    127.0.0.1/32  trust
hostssl   all  only_tls    127.0.0.1/32  scram-sha-256
hostnossl all  without_tls 127.0.0.1/32  trust
hostssl   all  certified   127.0.0.1/32  cert
host      all  with_password       127.0.0.1/32  scram-sha-256
`

let certificates: Certificates
let server: PostgresServer.OwnServer

beforeAll(async () => {
  certificates = new Certificates()
  certificates.issue("server")
  certificates.giveToServer("server")
  certificates.issue("client", { subject: "certified" })
  certificates.issue("secret", { subject: "certified", password: "sesame" })
  certificates.issue("open", { subject: "certified" })
  chmodSync(certificates.path("open.key"), 0o644)
  certificates.selfSigned("other")
  writeFileSync(certificates.path("hba.conf"), HBA)
  server = await PostgresServer.start(PostgresServer.findBinaries()!, [
    "fsync=off",
    "ssl=on",
    `ssl_cert_file=${certificates.path("server.pem")}`,
    `ssl_key_file=${certificates.path("server.key")}`,
    `ssl_ca_file=${certificates.path("ca.pem")}`,
    `hba_file=${certificates.path("hba.conf")}`
  ])
  await Effect.runPromise(
    Effect.flatMap(TestDatabase.client(server.url), (sql) =>
      Effect.forEach(["only_tls", "without_tls", "certified", "with_password"], (role) =>
        sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'sesame'`)
      )
    ).pipe(Effect.scoped)
  )
}, 60_000)
afterAll(async () => {
  await server?.stop()
  certificates?.[Symbol.dispose]()
})

/** The version of TLS of a connection, `none` without TLS, or the reason why there is no connection. */
const connected = Effect.fnUntraced(function* (
  query: string,
  { host = "127.0.0.1", user = "postgres" }: { readonly host?: string; readonly user?: string } = {}
) {
  const { port } = new URL(server.url)
  const database = `postgres://${user}:sesame@${host}:${port}/postgres?${query}`
  const look = Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ version: string | null }>`SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
  )
  return yield* look.pipe(
    Effect.provide(Database.layerClient({ database })),
    Effect.map(([row]) => row!.version ?? "none"),
    Effect.catch((error) => Effect.succeed(reasonOf(error)))
  )
})

const reasonOf = (error: unknown): string => {
  if (error instanceof StoreError) return error.words
  const { cause } = (error as { readonly reason?: { readonly cause: Error } }).reason ?? { cause: error as Error }
  const { message } = cause as Error
  assert.notInclude(message, "sesame")
  return message
}

const root = () => `sslrootcert=${certificates.path("ca.pem")}`
const file = (name: string) => certificates.path(name)

/** What a row of the table gives: how it is connected, or a part of the reason why it is not. */
type Row = readonly [query: () => string, result: string, options?: Parameters<typeof connected>[1]]

const ROWS: Readonly<Record<string, Row>> = {
  "disable: none": [() => "sslmode=disable", "none"],
  "allow: none where the server takes that": [() => "sslmode=allow", "none"],
  "allow: TLS where the server wants it": [() => "sslmode=allow", "TLSv1.3", { user: "only_tls" }],
  "prefer: TLS where the server has it": [() => "sslmode=prefer", "TLSv1.3"],
  "prefer: none where the server wants none": [() => "sslmode=prefer", "none", { user: "without_tls" }],
  "require: TLS, with any certificate": [() => "sslmode=require", "TLSv1.3"],
  "require: never without TLS": [() => "sslmode=require", "no pg_hba.conf entry", { user: "without_tls" }],
  "ssl=true: TLS": [() => "ssl=true", "TLSv1.3"],
  "ssl=true: never without TLS": [() => "ssl=true", "no pg_hba.conf entry", { user: "without_tls" }],
  "disable: never with TLS": [() => "sslmode=disable", "no encryption (sslmode=disable", { user: "only_tls" }],
  "nothing, on this machine: none": [() => "", "none"],
  "nothing, on this machine: TLS where the server wants it": [() => "", "TLSv1.3", { user: "only_tls" }],
  "require with a root certificate verifies it": [
    () => `sslmode=require&sslrootcert=${file("other.pem")}`,
    "is not accepted"
  ],
  "verify-ca: the certificate, and not the host": [() => `sslmode=verify-ca&${root()}`, "TLSv1.3"],
  "verify-ca: another authority": [() => `sslmode=verify-ca&sslrootcert=${file("other.pem")}`, "is not accepted"],
  "verify-ca: without an authority": [() => "sslmode=verify-ca", "sslrootcert: sslmode=verify-ca needs"],
  "verify-full: the host": [() => `sslmode=verify-full&${root()}`, "TLSv1.3", { host: "localhost" }],
  "verify-full: another host": [() => `sslmode=verify-full&${root()}`, "IP: 127.0.0.1 is not in the cert's list"],
  "verify-full: the host, at another address": [
    () => `sslmode=verify-full&${root()}&hostaddr=127.0.0.1`,
    "TLSv1.3",
    { host: "localhost" }
  ],
  "verify-full: without the authority": [() => "sslmode=verify-full", "(sslrootcert names the certificate of the CA"],
  "sslrootcert=system verifies in full": [() => "sslrootcert=system", "(sslrootcert names the certificate of the CA"],
  "sslrootcert that is not there": [
    () => "sslmode=require&sslrootcert=/nowhere.pem",
    "sslrootcert: the file cannot be read: ENOENT"
  ],
  "sslrootcert that is no certificate": [() => `sslmode=verify-ca&sslrootcert=${file("hba.conf")}`, "is not accepted"],
  "a certificate of the client": [
    () => `sslmode=require&sslcert=${file("client.pem")}&sslkey=${file("client.key")}`,
    "TLSv1.3",
    { user: "certified" }
  ],
  "no certificate of the client": [() => "sslmode=require", "valid client certificate", { user: "certified" }],
  "a certificate that is not to be shown": [
    () => `sslmode=require&sslcertmode=disable&sslcert=${file("client.pem")}&sslkey=${file("client.key")}`,
    "valid client certificate",
    { user: "certified" }
  ],
  "a certificate without its key": [
    () => `sslmode=require&sslcert=${file("client.pem")}`,
    "sslkey: there is a certificate"
  ],
  "a certificate with another key": [
    () => `sslmode=require&sslcert=${file("client.pem")}&sslkey=${file("secret.key")}&sslpassword=sesame`,
    "key values mismatch"
  ],
  "a key with a password": [
    () => `sslmode=require&sslcert=${file("secret.pem")}&sslkey=${file("secret.key")}&sslpassword=sesame`,
    "TLSv1.3",
    { user: "certified" }
  ],
  "a key with another password": [
    () => `sslmode=require&sslcert=${file("secret.pem")}&sslkey=${file("secret.key")}&sslpassword=other`,
    "the certificates and keys of TLS cannot be used: "
  ],
  "a key that others may read": [
    () => `sslmode=require&sslcert=${file("open.pem")}&sslkey=${file("open.key")}`,
    "sslkey: others may read"
  ],
  "the highest version of TLS": [() => "sslmode=require&ssl_max_protocol_version=TLSv1.2", "TLSv1.2"],
  "versions of TLS that there are none between": [
    () => "sslmode=require&ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2",
    "failed: "
  ],
  "another password": [() => "password=other", "password authentication failed", { user: "with_password" }],
  "sslsni=0": [() => `sslmode=verify-full&${root()}&sslsni=0`, "TLSv1.3", { host: "localhost" }]
}

describe("TLS with Postgres", () => {
  for (const [name, [query, result, options]] of Object.entries(ROWS))
    it.live(name, () =>
      Effect.gen(function* () {
        assert.include(yield* connected(query(), options), result)
      })
    )

  it.live("the variables of psql hold where the URL says nothing", () =>
    Effect.gen(function* () {
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllEnvs()))
      vi.stubEnv("PGSSLMODE", "require")
      assert.strictEqual(yield* connected(""), "TLSv1.3")
      assert.strictEqual(yield* connected("sslmode=disable"), "none")
      vi.stubEnv("PGSSLROOTCERT", file("other.pem"))
      assert.include(yield* connected(""), "is not accepted")
      vi.stubEnv("PGSSLMODE", "requre")
      assert.include(yield* connected(""), "must not have PGSSLMODE=requre: PGSSLMODE must be disable")
      vi.stubEnv("PGSSLMODE", "disable")
      vi.stubEnv("PGCHANNELBINDING", "require")
      assert.include(yield* connected(""), "PGCHANNELBINDING can only be disable or prefer")
    }).pipe(Effect.scoped)
  )

  it.live("PGPASSWORD, PGPORT and PGHOST hold where the URL says nothing", () =>
    Effect.gen(function* () {
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllEnvs()))
      vi.stubEnv("PGHOST", "127.0.0.1")
      vi.stubEnv("PGPORT", new URL(server.url).port)
      const ask = Effect.flatMap(SqlClient.SqlClient, (sql) => sql<{ name: string }>`SELECT current_user AS name`).pipe(
        Effect.provide(Database.layerClient({ database: "postgres://with_password@/postgres" })),
        Effect.map(([row]) => row!.name),
        Effect.catch((error) => Effect.succeed(reasonOf(error)))
      )
      assert.include(
        yield* ask,
        'asks for the password of "with_password": there is none in the URL, nor in PGPASSWORD'
      )
      vi.stubEnv("PGPASSWORD", "sesame")
      assert.strictEqual(yield* ask, "with_password")
    }).pipe(Effect.scoped)
  )

  it.live("the usual files in the home of the user are read, as psql reads them", () =>
    Effect.gen(function* () {
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllEnvs()))
      const home = certificates.folder
      vi.stubEnv("HOME", home)
      yield* Effect.promise(async () => (await import("node:fs")).mkdirSync(join(home, ".postgresql")))
      copyFileSync(file("ca.pem"), join(home, ".postgresql/root.crt"))
      copyFileSync(file("client.pem"), join(home, ".postgresql/postgresql.crt"))
      copyFileSync(file("client.key"), join(home, ".postgresql/postgresql.key"))
      chmodSync(join(home, ".postgresql/postgresql.key"), 0o600)
      assert.strictEqual(yield* connected("sslmode=verify-full", { host: "localhost", user: "certified" }), "TLSv1.3")
    }).pipe(Effect.scoped)
  )

  it.live("a certificate that was taken back is not accepted", () =>
    Effect.gen(function* () {
      certificates.issue("revoked", { subject: "else" })
      certificates.revoke("revoked")
      const query = `sslmode=verify-ca&${root()}&sslcrl=${file("ca.crl")}`
      assert.strictEqual(yield* connected(query), "TLSv1.3")
      certificates.revoke("server")
      assert.include(yield* connected(query), "is not accepted: certificate revoked")
    })
  )
})
