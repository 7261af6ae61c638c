/**
 * The suites of admission with caches before the reads: what a cache shows is what the store would show, after every write (C1, C2).
 */
import * as Memory from "@turnout/adapters/memory"
import * as RedisLink from "@turnout/adapters/redis"
import * as RedisCache from "@turnout/adapters/redis/cache"
import * as CachedReads from "@turnout/core/admission/application/caching/CachedReads"
import { Effect, Layer } from "effect"
import * as RedisLinks from "../../support/RedisLinks.ts"
import * as RedisServer from "../../support/RedisServer.ts"
import * as TestDatabase from "../../support/TestDatabase.ts"
import { suite } from "./RegistrationStoreSuite.ts"

const CALLERS = { callers: 1_000 }
const options = { caches: CachedReads.caches() }

/** A Redis of the test, which processes share. */
const shared = Layer.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => RedisServer.start()),
      (server) => Effect.promise(() => server[Symbol.asyncDispose]())
    ),
    ({ url }) =>
      RedisCache.layer.pipe(
        Layer.provide(Layer.orDie(RedisLink.layer({ ...RedisLinks.toUrl(url), ...RedisLinks.PATIENT })))
      )
  )
)

suite("memory, with caches", Memory.layer, CALLERS, options)
suite("Postgres, with caches in the process", TestDatabase.layer({ poolSize: 20 }), CALLERS, options)
suite("Postgres, with caches in Redis", Layer.merge(TestDatabase.layer({ poolSize: 20 }), shared), CALLERS, options)
