/**
 * The handlers of a group of an API: a function for each of its endpoints, which is given the decoded request, and gives what the
 * definition says that the endpoint answers.
 */
import type { CurrentPrincipal } from "@turnout/core/guard/application/CurrentPrincipal"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import type { CurrentExchange } from "./Exchange.ts"

/** What the pipeline provides to every handler. */
export type Provided = CurrentExchange | CurrentPrincipal

/** A handler as Effect would type it, from which the types of ours follow. */
type Model<Endpoint extends HttpApiEndpoint.Constraint> = HttpApiEndpoint.Handler<
  Endpoint,
  HttpApiEndpoint.MiddlewareError<Endpoint>,
  Provided
>

export type Handler<Endpoint extends HttpApiEndpoint.Constraint> = (
  request: Omit<Parameters<Model<Endpoint>>[0], "request" | "endpoint" | "group">
) => ReturnType<Model<Endpoint>>

/** The handlers of all endpoints of a group, by their names. */
export type HandlersOf<Group extends HttpApiGroup.Constraint> = {
  readonly [Endpoint in HttpApiGroup.Endpoints<Group> as Endpoint["identifier"]]: Handler<Endpoint>
}

/** A handler of any endpoint. */
export type AnyHandler = (request: Readonly<Record<string, unknown>>) => Effect.Effect<unknown, unknown, Provided>

const service = (group: { readonly key: string }) =>
  Context.Service<never, Readonly<Record<string, AnyHandler>>>(group.key)

/** Provides the handlers of a group, which `build` makes. */
export const group = <
  ApiId extends string,
  Groups extends HttpApiGroup.Constraint,
  const Name extends HttpApiGroup.Identifier<Groups>,
  E,
  R
>(
  api: HttpApi.HttpApi<ApiId, Groups>,
  name: Name,
  build: Effect.Effect<HandlersOf<HttpApiGroup.WithIdentifier<Groups, Name>>, E, R>
): Layer.Layer<HttpApiGroup.Service<ApiId, Name>, E, R> =>
  Layer.effect(service(api.groups[name] as never), build as never) as never

/** The handlers of a group, which a layer has provided. */
export const of = (group: HttpApiGroup.Top): Effect.Effect<Readonly<Record<string, AnyHandler>>> => service(group)
