import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import { Effect, Layer } from "effect"
import * as PgBouncer from "../../support/PgBouncer.ts"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite } from "./GenerationsSuite.ts"

suite("memory", Memory.layer)
suite("PGlite", TestDatabase.migrated(Pglite.layer()))
suite(
  "Postgres",
  Layer.unwrap(Effect.map(TestDatabase.make, (url) => TestDatabase.migrated(PostgresStore.layer({ url }))))
)
suite("PgBouncer", PgBouncer.layerStore({ poolSize: 5 }))
