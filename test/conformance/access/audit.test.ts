import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresAuditStore from "@turnout/adapters/postgres/audit-store"
import * as PostgresOrganizations from "@turnout/adapters/postgres/organizations"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite as finding } from "./AuditFindingSuite.ts"
import { suite } from "./AuditSuite.ts"

const onClient = Layer.mergeAll(
  PostgresAuditStore.layerFromClient(),
  PostgresAuditLog.layerFromClient(),
  PostgresOrganizations.layerFromClient()
)

const onPglite = onClient.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer()))))
const onPostgres = onClient.pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 10 })))

suite("memory", Memory.layer)
suite("PGlite", onPglite)
suite("Postgres", onPostgres)

finding("memory", Memory.layer)
finding("PGlite", onPglite)
finding("Postgres", onPostgres)
