import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import { Layer } from "effect"
import * as TestDatabase from "../support/TestDatabase.ts"
import { suite } from "./RegistrationStoreSuite.ts"

suite("memory", Memory.layer)
suite("PGlite", Layer.orDie(TestDatabase.migrated(Pglite.layer())))
suite("Postgres", TestDatabase.layer({ poolSize: 20 }))
