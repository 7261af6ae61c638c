import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import { Layer } from "effect"
import * as TestDatabase from "../support/TestDatabase.ts"
import { suite } from "./OutboxSuite.ts"

const withOutbox = PostgresOutbox.layerFromClient()

suite("memory", Memory.layer)
suite("PGlite", withOutbox.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer())))))
suite("Postgres", withOutbox.pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 20 }))))
