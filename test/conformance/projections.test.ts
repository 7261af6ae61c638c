import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresProjections from "@turnout/adapters/postgres/projections"
import { Layer } from "effect"
import * as TestDatabase from "../support/TestDatabase.ts"
import { suite } from "./ProjectionSuite.ts"

const onClient = PostgresProjections.layerFromClient()

suite("memory", Memory.layer)
suite("PGlite", onClient.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer())))))
suite("Postgres", onClient.pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 20 }))))
