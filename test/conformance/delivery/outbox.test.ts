import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresReplays from "@turnout/adapters/postgres/replays"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite as keys } from "./OutboxKeysSuite.ts"
import { suite } from "./OutboxSuite.ts"

const onClient = Layer.mergeAll(
  PostgresAuditLog.layerFromClient(),
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient(),
  PostgresReplays.layerFromClient()
)
const onPglite = onClient.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer()))))
const onPostgres = onClient.pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 20 })))

suite("memory", Memory.layer)
suite("PGlite", onPglite)
suite("Postgres", onPostgres)

keys("memory", Memory.layer)
keys("PGlite", onPglite)
keys("Postgres", onPostgres)
