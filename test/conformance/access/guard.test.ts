import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresAttendeeLinks from "@turnout/adapters/postgres/attendee-links"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresOrganizations from "@turnout/adapters/postgres/organizations"
import * as PostgresPeople from "@turnout/adapters/postgres/people"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite } from "./GuardSuite.ts"
import { suite as lists } from "./VisibleListsSuite.ts"

const onClient = Layer.mergeAll(
  PostgresAttendeeLinks.layerFromClient(),
  PostgresAuditLog.layerFromClient(),
  PostgresOrganizations.layerFromClient(),
  PostgresPeople.layerFromClient()
)

const onPglite = onClient.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer()))))
const onPostgres = onClient.pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 10 })))

suite("memory", Memory.layer)
suite("PGlite", onPglite)
suite("Postgres", onPostgres)

lists("memory", Memory.layer)
lists("PGlite", onPglite)
lists("Postgres", onPostgres)
