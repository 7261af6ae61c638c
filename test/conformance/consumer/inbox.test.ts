import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite as keys } from "./InboxKeysSuite.ts"
import { suite } from "./InboxSuite.ts"

const onPglite = PostgresInbox.layerFromClient().pipe(
  Layer.provide(Layer.orDie(TestDatabase.migrated(Pglite.layerClient())))
)
const onPostgres = PostgresInbox.layerFromClient().pipe(Layer.provide(TestDatabase.layer({ poolSize: 30 })))

suite("memory", MemoryInbox.layer)
suite("PGlite", onPglite)
suite("Postgres", onPostgres)

keys("memory", MemoryInbox.layer)
keys("PGlite", onPglite, { dealsAtOnce: false })
keys("Postgres", onPostgres)
