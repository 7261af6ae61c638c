import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresOrganizations from "@turnout/adapters/postgres/organizations"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite } from "./PeopleReadsSuite.ts"

const organizations = PostgresOrganizations.layerFromClient()

suite("memory", Memory.layer)
suite("PGlite", organizations.pipe(Layer.provideMerge(Layer.orDie(TestDatabase.migrated(Pglite.layer())))))
suite("Postgres", organizations.pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 10 }))))
