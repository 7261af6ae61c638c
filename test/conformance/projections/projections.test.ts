import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresProjections from "@turnout/adapters/postgres/projections"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite as forgetting } from "./ForgettingSuite.ts"
import { suite as outdated } from "./OutdatedSuite.ts"
import { suite as keys } from "./ProjectionKeysSuite.ts"
import { suite } from "./ProjectionSuite.ts"

const onClient = PostgresProjections.layerFromClient()
const onPglite = onClient.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer()))))
const onPostgres = onClient.pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 20 })))

suite("memory", Memory.layer)
suite("PGlite", onPglite)
suite("Postgres", onPostgres)

forgetting("memory", Memory.layer)
forgetting("PGlite", onPglite)
forgetting("Postgres", onPostgres)

keys("memory", Memory.layer)
keys("PGlite", onPglite, { changesAtOnce: false })
keys("Postgres", onPostgres)

outdated("memory", Memory.layer)
outdated("Postgres", onPostgres)
