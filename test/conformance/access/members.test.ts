import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresMembers from "@turnout/adapters/postgres/members"
import * as PostgresOrganizations from "@turnout/adapters/postgres/organizations"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite as roles } from "./MemberRolesSuite.ts"
import { suite } from "./MembersSuite.ts"

const onClient = Layer.mergeAll(
  PostgresMembers.layerFromClient(),
  PostgresAuditLog.layerFromClient(),
  PostgresOrganizations.layerFromClient()
)

const onPglite = onClient.pipe(Layer.provide(Layer.orDie(TestDatabase.migrated(Pglite.layerClient()))))
const onPostgres = onClient.pipe(Layer.provide(TestDatabase.layer({ poolSize: 10 })))

suite("memory", Memory.layer)
suite("PGlite", onPglite)
suite("Postgres", onPostgres)

roles("memory", Memory.layer)
roles("PGlite", onPglite)
roles("Postgres", onPostgres)
