import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresPeople from "@turnout/adapters/postgres/people"
import * as PostgresSessions from "@turnout/adapters/postgres/sessions"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite } from "./SessionsSuite.ts"

const onClient = Layer.mergeAll(
  PostgresSessions.layerFromClient(),
  PostgresPeople.layerFromClient(),
  PostgresAuditLog.layerFromClient()
)

suite("memory", Memory.layer)
suite("PGlite", onClient.pipe(Layer.provide(Layer.orDie(TestDatabase.migrated(Pglite.layerClient())))))
suite("Postgres", onClient.pipe(Layer.provide(TestDatabase.layer({ poolSize: 10 }))))
