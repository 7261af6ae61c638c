/**
 * What the processes of a server share in Redis: the limiter, and what they have read. Its client is loaded only if there is one; without,
 * each process counts by itself, and keeps by itself what it has read.
 */
import * as RedisServer from "@turnout/adapters/redis/server"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import * as Limits from "@turnout/http/Limits"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import type { RedisOptions } from "../../options/neighbours/Redis.ts"

/** What every key of limits begins with. */
const PREFIX = "turnout:limits:"

export const layer = ({ redis }: RedisOptions): Layer.Layer<never, InvalidInput> =>
  redis === undefined
    ? Layer.empty
    : Layer.unwrap(
        Effect.gen(function* () {
          const server = yield* Effect.fromResult(RedisServer.parse(redis))
          const RedisLink = yield* Effect.promise(() => import("@turnout/adapters/redis"))
          const RedisCache = yield* Effect.promise(() => import("@turnout/adapters/redis/cache"))
          const limiter = Layer.effect(Limits.CurrentSharedLimiter, RateLimiter.RateLimiter).pipe(
            Layer.provide(RateLimiter.layer),
            Layer.provide(RateLimiter.layerStoreRedis({ prefix: PREFIX }))
          )
          return Layer.merge(limiter, RedisCache.layer).pipe(Layer.provide(RedisLink.layer(server)))
        })
      )
