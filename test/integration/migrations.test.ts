/**
 * Migrations that were released stay as they are: each sample is what `turnout migrate up --dry-run` once printed for a new
 * database, and what made the databases of that time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import { Effect, Layer } from "effect"
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
    for (const [name, client] of [
      ["Postgres", onPostgres],
      ["PGlite", Pglite.layerClient()]
    ] as const)
      it.live(`of ${file} is made in the same way today, and taken for what it is: ${name}`, () =>
        Effect.gen(function* () {
          const statements = yield* Migrations.pendingSql()
          const end = statements.findIndex((statement) => statement.startsWith(`-- ${applied.length + 1} `))
          const made = end < 0 ? statements : statements.slice(0, end)
          assert.strictEqual(`${made.join("\n")}\n`, sample)

          const sql = yield* SqlClient.SqlClient
          for (const statement of made) if (!statement.startsWith("--")) yield* sql.unsafe(statement)
          assert.deepStrictEqual(yield* migrated, applied)
          const since = Migrations.migrations.slice(applied.length).map(({ id, name }) => ({ id, name }))
          assert.deepStrictEqual(yield* Migrations.up(), since)
          assert.deepStrictEqual(yield* migrated, [...applied, ...since])
          assert.deepStrictEqual([yield* Migrations.pendingSql(), yield* Migrations.up()], [[], []])
        }).pipe(Effect.provide(Layer.fresh(Layer.orDie(client))))
      )
})
