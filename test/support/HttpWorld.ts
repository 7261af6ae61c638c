/**
 * A server that is closed, for tests of who may do what: its address, and the services beside it, by which tests make their
 * starting state.
 */
import * as Memory from "@turnout/adapters/memory"
import * as ApiKeys from "@turnout/core/access/application/ApiKeys"
import * as Members from "@turnout/core/access/application/Members"
import * as Organizations from "@turnout/core/access/application/Organizations"
import { permissionsOf, type Role } from "@turnout/core/access/domain/policy/Role"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Server from "@turnout/http/Server"
import { Clock, Context, Effect, Layer, Logger, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { TOKEN } from "./AdminClient.ts"

type Stores = Layer.Success<typeof Memory.layer>

/** What a server stands on: the clock that it goes by, and its stores. Default: the clock of the machine, and memory. */
export interface Ground {
  readonly clock?: Clock.Clock
  readonly stores?: Layer.Layer<Stores>
}

const server = (options: Server.ServerOptions, stores: Layer.Layer<Stores>) =>
  Server.layer({ port: 0, adminToken: Redacted.make(TOKEN), limits: "none", ...options }).pipe(
    Layer.provideMerge(Layer.mergeAll(Turnout.layer(), ApiKeys.layer, Members.layer, Organizations.layer)),
    Layer.provideMerge(stores),
    Layer.provide(Logger.layer([]))
  )

export type Services = Layer.Success<ReturnType<typeof server>>

export interface HttpWorld extends AsyncDisposable {
  readonly address: string
  readonly run: <A, E>(work: Effect.Effect<A, E, Services>) => Promise<A>
  /** Adds an organization. */
  readonly organization: (slug: string) => Promise<OrganizationId>
  /** Makes an API key, of an organization or of operators, and returns its id and its text. */
  readonly key: (
    role: Role,
    organizationId: OrganizationId | null,
    name?: string
  ) => Promise<{ readonly id: string; readonly text: string }>
}

/** Starts a server, with these options besides. */
export const start = async (
  options: Server.ServerOptions = {},
  { clock, stores = Memory.layer }: Ground = {}
): Promise<HttpWorld> => {
  const end = Promise.withResolvers<void>()
  const ready = Promise.withResolvers<Context.Context<Services>>()
  const serving = Effect.runPromise(
    Effect.gen(function* () {
      ready.resolve(yield* Effect.context<Services>())
      yield* Effect.promise(() => end.promise)
    }).pipe(
      Effect.provide(Layer.fresh(server(options, stores))),
      clock === undefined ? (work) => work : Effect.provideService(Clock.Clock, clock)
    )
  )
  const context = await ready.promise
  const run: HttpWorld["run"] = (work) => Effect.runPromise(Effect.provide(work, context))
  return {
    address: HttpServer.formatAddress(Context.get(context, HttpServer.HttpServer).address),
    run,
    organization: async (slug) =>
      (await run(Organizations.Organizations.use((all) => all.create({ slug, name: slug }, "ada")))).id,
    key: async (role, organizationId, name = role) => {
      const input = { name, role, organizationId }
      const { key, text } = await run(
        ApiKeys.ApiKeys.use((keys) => keys.create(input, permissionsOf("operator"), "ada"))
      )
      return { id: key.id, text }
    },
    [Symbol.asyncDispose]: () => (end.resolve(), serving)
  }
}
