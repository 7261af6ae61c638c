import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import { Layer } from "effect"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite as keys } from "./RegistrationKeysSuite.ts"
import { suite } from "./RegistrationStoreSuite.ts"

const onPglite = Layer.orDie(TestDatabase.migrated(Pglite.layer()))
const onPostgres = TestDatabase.layer({ poolSize: 20 })

suite("memory", Memory.layer)
suite("PGlite", onPglite)
suite("Postgres", onPostgres)

keys("memory", Memory.layer)
keys("PGlite", onPglite)
keys("Postgres", onPostgres)
