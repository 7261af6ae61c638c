/**
 * The HTTP server, on Turnout and Postgres, or on a service that answers every command at once.
 */
import * as Memory from "@turnout/adapters/memory"
import * as RedisLink from "@turnout/adapters/redis"
import * as RedisCache from "@turnout/adapters/redis/cache"
import * as ApiKeys from "@turnout/core/access/application/ApiKeys"
import { permissionsOf } from "@turnout/core/access/domain/policy/Role"
import * as CachedReads from "@turnout/core/admission/application/caching/CachedReads"
import { Turnout, type TurnoutService } from "@turnout/core/admission/application/Turnout"
import * as Core from "@turnout/core/admission/application/Turnout"
import type { Register } from "@turnout/core/admission/domain/model/Register"
import type { RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { DEFAULT_POLICIES } from "@turnout/http/LimitPolicy"
import * as Server from "@turnout/http/Server"
import * as Database from "turnout/database"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as HttpServer from "effect/http/HttpServer"
import { randomUUID } from "node:crypto"
import * as Script from "../support/Script.ts"

const { behind, redis, url } = Script.settings<{
  readonly url: string
  readonly behind: "turnout" | "nothing"
  /** The Redis in which processes share what they have read. */
  readonly redis?: string
}>()

/** The limits of a server by default, which count as ever, and refuse nobody here. */
const LIMITS = DEFAULT_POLICIES.map((policy) => ({ ...policy, limit: 1_000_000_000 }))

const at = new Date()
const answer = ({ attendee, eventId, notes }: Register) => ({
  answer: Result.succeed({
    registration: {
      id: randomUUID() as RegistrationId,
      eventId,
      attendee,
      notes,
      state: "confirmed" as const,
      sequence: 1,
      registeredAt: at,
      changedAt: at
    },
    waitlistPosition: null
  }),
  replayed: false
})
const nothing = Layer.succeed(Turnout, {
  execute: (command: Register) => Effect.sync(() => answer(command)),
  reads: {},
  ready: Effect.void,
  commandTimeoutMillis: 30_000
} as unknown as TurnoutService).pipe(Layer.merge(Memory.layer))
const shared =
  redis === undefined
    ? Layer.empty
    : RedisCache.layer.pipe(Layer.provide(Layer.orDie(RedisLink.layer({ url: Redacted.make(redis) }))))
const turnout = Core.layer({ caches: CachedReads.caches() }).pipe(
  Layer.provide(shared),
  Layer.provideMerge(Layer.orDie(Database.layer({ database: url })))
)

const serve = Effect.gen(function* () {
  const { address } = yield* HttpServer.HttpServer
  const input = { name: "Form", role: "organizer", organizationId: DEFAULT_ORGANIZATION } as const
  const { text: key } = yield* ApiKeys.ApiKeys.use((keys) => keys.create(input, permissionsOf("owner"), "bench"))
  Script.result({ url: HttpServer.formatAddress(address), key })
  return yield* Effect.never
})
const server = Layer.merge(Server.layer({ port: 0, limits: LIMITS }), ApiKeys.layer)
Effect.runFork(serve.pipe(Effect.provide(server.pipe(Layer.provide(behind === "turnout" ? turnout : nothing)))))
