import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresApiKeys from "@turnout/adapters/postgres/api-keys"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresOrganizations from "@turnout/adapters/postgres/organizations"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite } from "./ApiKeysSuite.ts"

const onClient = Layer.mergeAll(
  PostgresApiKeys.layerFromClient(),
  PostgresAuditLog.layerFromClient(),
  PostgresOrganizations.layerFromClient()
)

suite("memory", Memory.layer)
suite("PGlite", onClient.pipe(Layer.provide(Layer.orDie(TestDatabase.migrated(Pglite.layerClient())))))
suite("Postgres", onClient.pipe(Layer.provide(TestDatabase.layer({ poolSize: 10 }))))
