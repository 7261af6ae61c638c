import * as MemoryInbox from "@turnout/adapters/memory/inbox"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import { Layer } from "effect"
import * as TestDatabase from "../support/TestDatabase.ts"
import { suite } from "./InboxSuite.ts"

suite("memory", MemoryInbox.layer)
suite(
  "PGlite",
  PostgresInbox.layerFromClient().pipe(Layer.provide(Layer.orDie(TestDatabase.migrated(Pglite.layerClient()))))
)
suite("Postgres", PostgresInbox.layerFromClient().pipe(Layer.provide(TestDatabase.layer({ poolSize: 30 }))))
