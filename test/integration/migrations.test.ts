/**
 * Migrations that were released stay as they are: each sample is what `turnout migrate up --dry-run` once printed for a new
 * database, and what made the databases of that time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresWebhooks from "@turnout/adapters/postgres/webhooks"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import { Effect, Layer } from "effect"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { SqlClient } from "effect/sql"
import { readdirSync, readFileSync } from "node:fs"
import * as TestDatabase from "../support/TestDatabase.ts"

const FOLDER = new URL("../samples/schema/", import.meta.url)

const samples = readdirSync(FOLDER).map((file) => {
  const sample = readFileSync(new URL(file, FOLDER), "utf8")
  const applied = [...sample.matchAll(/^-- (\d+) (\w+)$/gm)].map(([, id, name]) => ({ id: Number(id), name: name! }))
  return { file, sample, applied }
})

const onPostgres = Layer.unwrap(Effect.map(TestDatabase.make, (url) => PostgresStore.layerClient({ url })))

const CLIENTS = [
  ["Postgres", onPostgres],
  ["PGlite", Pglite.layerClient()]
] as const

const countOf = (file: string) => samples.find((one) => one.file === file)!.applied.length

/** Makes a database as it was after so many migrations. */
const make = Effect.fnUntraced(function* (count: number) {
  const sql = yield* SqlClient.SqlClient
  const statements = yield* Migrations.pendingSql()
  const end = statements.findIndex((statement) => statement.startsWith(`-- ${count + 1} `))
  const made = end < 0 ? statements : statements.slice(0, end)
  for (const statement of made) if (!statement.startsWith("--")) yield* sql.unsafe(statement)
  return made
})

const migrated = Effect.map(Migrations.status(), (all) =>
  all.filter(({ appliedAt }) => appliedAt !== null).map(({ id, name }) => ({ id, name }))
)

describe("the schema", { timeout: 120_000 }, () => {
  it("has a sample", () => {
    assert.deepInclude(
      samples.map(({ applied, file }) => [file, applied.length]),
      ["upTo0006.sql", 6]
    )
  })

  for (const { applied, file, sample } of samples)
    for (const [name, client] of CLIENTS)
      it.live(`of ${file} is made in the same way today, and taken for what it is: ${name}`, () =>
        Effect.gen(function* () {
          const made = yield* make(applied.length)
          assert.strictEqual(`${made.join("\n")}\n`, sample)
          assert.deepStrictEqual(yield* migrated, applied)
          const since = Migrations.migrations.slice(applied.length).map(({ id, name }) => ({ id, name }))
          assert.deepStrictEqual(yield* Migrations.up(), since)
          assert.deepStrictEqual(yield* migrated, [...applied, ...since])
          assert.deepStrictEqual([yield* Migrations.pendingSql(), yield* Migrations.up()], [[], []])
        }).pipe(Effect.provide(Layer.fresh(Layer.orDie(client))))
      )

  for (const [name, client] of CLIENTS)
    it.live(`lets the secrets of webhooks from before sign for as long as they were promised to: ${name}`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* make(countOf("upTo0006.sql"))
        const webhook = (id: number, previous: string) =>
          sql.unsafe(`INSERT INTO turnout.webhooks
  (id, url, description, secret, previous_secret, previous_until)
VALUES ('01890000-0000-7000-8000-00000000000${id}', 'https://example.com', '', 'whsec_now', ${previous})`)
        yield* webhook(1, "'whsec_before', clock_timestamp() + interval '1 hour'")
        yield* webhook(2, "'whsec_over', clock_timestamp() - interval '1 hour'")
        yield* webhook(3, "NULL, NULL")
        yield* Migrations.up()
        const targets = yield* Effect.provide(
          WebhookStore.use((store) => store.targets),
          PostgresWebhooks.layerFromClient()
        )
        assert.deepStrictEqual(
          targets.map(({ secrets }) => secrets),
          [["whsec_now", "whsec_before"], ["whsec_now"], ["whsec_now"]]
        )
      }).pipe(Effect.provide(Layer.fresh(Layer.orDie(client))))
    )
})
