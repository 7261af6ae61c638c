import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresReplays from "@turnout/adapters/postgres/replays"
import { Layer } from "effect"
import * as TestDatabase from "../support/TestDatabase.ts"
import { suite } from "./ReplaysSuite.ts"

const onClient = Layer.mergeAll(
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient(),
  PostgresReplays.layerFromClient()
)

suite("memory", Memory.layer)
suite("PGlite", onClient.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer())))))
suite("Postgres", onClient.pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 20 }))))
