import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresReplays from "@turnout/adapters/postgres/replays"
import * as PostgresWebhooks from "@turnout/adapters/postgres/webhooks"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite } from "./AuditLogSuite.ts"

const onClient = Layer.mergeAll(
  PostgresAuditLog.layerFromClient(),
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient(),
  PostgresReplays.layerFromClient(),
  PostgresWebhooks.layerFromClient()
)

suite("memory", Memory.layer)
suite("PGlite", onClient.pipe(Layer.provide(Layer.orDie(TestDatabase.migrated(Pglite.layerClient())))))
suite("Postgres", onClient.pipe(Layer.provide(TestDatabase.layer({ poolSize: 10 }))))
