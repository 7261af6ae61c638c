/**
 * The suites of admission on a pool of `pg` that belongs to a host.
 */
import * as HostPool from "@turnout/adapters/postgres/host-pool"
import * as PostgresStore from "@turnout/adapters/postgres"
import { Effect, Layer } from "effect"
import * as NodePostgresPool from "../../support/NodePostgresPool.ts"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite as keys } from "./RegistrationKeysSuite.ts"
import { suite } from "./RegistrationStoreSuite.ts"

const pool = Effect.flatMap(TestDatabase.make, (connectionString) =>
  Effect.acquireRelease(
    Effect.sync(() => NodePostgresPool.make({ connectionString, max: 20 })),
    (given) => Effect.promise(() => given.end())
  )
)

const onHostPool = Layer.unwrap(
  Effect.map(pool, (given) =>
    TestDatabase.migrated(PostgresStore.layerFromClient().pipe(Layer.provideMerge(HostPool.layer(given))))
  )
)

suite("a pool of pg", onHostPool)
keys("a pool of pg", onHostPool)
