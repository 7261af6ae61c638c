import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresOrganizations from "@turnout/adapters/postgres/organizations"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresReplays from "@turnout/adapters/postgres/replays"
import * as PostgresWebhooks from "@turnout/adapters/postgres/webhooks"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite as ofOrganizations } from "./OrganizationWebhooksSuite.ts"
import { suite as failures } from "./WebhookFailuresSuite.ts"
import { suite as keys } from "./WebhookKeysSuite.ts"
import { suite as secrets } from "./WebhookSecretsSuite.ts"
import { suite } from "./WebhookStoreSuite.ts"

const onClient = Layer.mergeAll(
  PostgresWebhooks.layerFromClient(),
  PostgresAuditLog.layerFromClient(),
  PostgresOrganizations.layerFromClient(),
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient(),
  PostgresReplays.layerFromClient()
)
const onPglite = onClient.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer()))))
const onPostgres = onClient.pipe(Layer.provideMerge(TestDatabase.layer()))

suite("memory", Memory.layer)
suite("PGlite", onPglite)
suite("Postgres", onPostgres)

keys("memory", Memory.layer)
keys("PGlite", onPglite)
keys("Postgres", onPostgres)

secrets("memory", Memory.layer)
secrets("PGlite", onPglite)
secrets("Postgres", onPostgres)

failures("memory", Memory.layer)
failures("PGlite", onPglite)
failures("Postgres", onPostgres)

ofOrganizations("memory", Memory.layer)
ofOrganizations("PGlite", onPglite)
ofOrganizations("Postgres", onPostgres)
