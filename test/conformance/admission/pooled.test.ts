/**
 * The suites of admission through a PgBouncer in transaction mode, which gives each transaction another session of the server.
 */
import * as PgBouncer from "../../support/PgBouncer.ts"
import { suite as keys } from "./RegistrationKeysSuite.ts"
import { suite } from "./RegistrationStoreSuite.ts"

const onPgBouncer = PgBouncer.layerStore({ poolSize: 20 })

suite("PgBouncer", onPgBouncer)
keys("PgBouncer", onPgBouncer)
