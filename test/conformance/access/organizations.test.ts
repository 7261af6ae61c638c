import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresOrganizations from "@turnout/adapters/postgres/organizations"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite } from "./OrganizationsSuite.ts"

const onClient = Layer.mergeAll(PostgresAuditLog.layerFromClient(), PostgresOrganizations.layerFromClient())

suite("memory", Memory.layer)
suite(
  "PGlite",
  Layer.mergeAll(onClient, PostgresStore.layerFromClient()).pipe(
    Layer.provide(Layer.orDie(TestDatabase.migrated(Pglite.layerClient())))
  )
)
suite("Postgres", onClient.pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 10 }))))
