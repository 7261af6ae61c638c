/**
 * The OpenAPI document of an API. Effect makes it of the definition of the API; what it leaves out is completed here: bounds that
 * are annotations of schemas, descriptions and examples where people and programs look for them, the headers of answers, and the
 * messages to webhooks.
 */
import { actions, type AnyAction, isOwn, ownActions } from "@turnout/core/access/domain/policy/Action"
import { KEYWORDS } from "@turnout/core/kernel/domain/document/Documented"
import * as Context from "effect/Context"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { Credential } from "../credentials/Credential.ts"
import * as SessionCookie from "../credentials/SessionCookie.ts"
import { FurtherWords } from "./About.ts"
import { resolverOf, type Resolve } from "./Examples.ts"
import { contact } from "./Info.ts"
import type { OpenApiDocument, Operation, Operations, SecurityScheme } from "./Json.ts"
import * as Messages from "./Messages.ts"
import * as Parameters from "./Parameters.ts"
import * as ResponseHeaders from "./ResponseHeaders.ts"
import { tidy } from "./Tidy.ts"

type Api = HttpApi.HttpApi<string, HttpApiGroup.Constraint>

const keyOf = (method: string, path: string): string => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`

/** The endpoints of an API by method and path, as a document writes them. */
const endpointsOf = (api: Api): ReadonlyMap<string, HttpApiEndpoint.Top> => {
  const endpoints = new Map<string, HttpApiEndpoint.Top>()
  HttpApi.reflect(api, {
    onGroup() {},
    onEndpoint: ({ endpoint }) => void endpoints.set(keyOf(endpoint.method, endpoint.path), endpoint)
  })
  return endpoints
}

const withExample = (
  requestBody: NonNullable<Operation["requestBody"]>,
  body: unknown
): NonNullable<Operation["requestBody"]> => ({
  ...requestBody,
  content: Object.fromEntries(
    Object.entries(requestBody.content).map(([type, media]) => [
      type,
      body === undefined ? media : { ...media, example: body }
    ])
  )
})

/** An operation with everything that its endpoint says. */
const completed = (operation: Operation, endpoint: HttpApiEndpoint.Top, resolve: Resolve): Operation => {
  const { answer, body } = Context.get(endpoint.annotations, FurtherWords)
  const { requestBody } = operation
  return {
    ...operation,
    security: securityOf(endpoint, operation.operationId),
    parameters: Parameters.complete(operation.parameters, endpoint, resolve),
    ...(requestBody === undefined ? {} : { requestBody: withExample(requestBody, body) }),
    responses: Object.fromEntries(
      Object.entries(operation.responses).map(([status, response]) => {
        const description = status < "300" ? answer : response.description.replaceAll(" | ", "; or: ")
        return [status, ResponseHeaders.complete(status, { ...response, description }, endpoint)]
      })
    )
  }
}

/** The credentials of programs. */
const BEARER: SecurityScheme = {
  type: "http",
  scheme: "bearer",
  description:
    "The text of an API key (tk_…), of a session (ts_…) or of an attendee link (ta_…), a token of an issuer that the server knows, or the admin token that it was started with"
}

/** The credential of browsers. */
const COOKIE: SecurityScheme = {
  type: "apiKey",
  in: "cookie",
  name: SessionCookie.NAME,
  description:
    "The cookie of a session, which browsers have. Every method other than GET and HEAD needs the Origin of the server's public URL as well"
}

const ONE_OF = [{ bearer: [] }, { cookie: [] }]

/** Whether somebody without a credential may ask. */
const isForAll = (action: AnyAction): boolean => {
  if (isOwn(action)) return ownActions[action] === "anyone"
  const { others } = actions[action]
  return others === "everybody" || others === "registering"
}

/** The credentials that an endpoint takes: none, where somebody without one may ask. */
const securityOf = (endpoint: HttpApiEndpoint.Top, operationId: string): NonNullable<Operation["security"]> => {
  if (!endpoint.middlewares.has(Credential as never)) return []
  return isForAll(operationId as AnyAction) ? [{}, ...ONE_OF] : ONE_OF
}

/** The options of all documents. Effect keeps what it has made of an API with the same options. */
const OPTIONS: OpenApi.FromApiOptions = { includeAnnotationKey: (key) => KEYWORDS.includes(key) }

const apisWithMessages = new WeakMap<Api, Api>()

/** The API with the schemas of what is posted to webhooks: the same for every document of it. */
const withMessages = (api: Api): Api => {
  const known = apisWithMessages.get(api) ?? api.annotate(HttpApi.AdditionalSchemas, Messages.schemas)
  apisWithMessages.set(api, known)
  return known
}

/** The document of an API under a base path, which is empty if there is none. `messages` adds what is posted to webhooks. */
export const of = (
  api: Api,
  base: string,
  { messages = false }: { readonly messages?: boolean } = {}
): OpenApiDocument => {
  const made = tidy(OpenApi.fromApi(messages ? withMessages(api) : api, OPTIONS) as unknown as OpenApiDocument)
  const endpoints = endpointsOf(api)
  const { schemas } = made.components
  const resolve = resolverOf(schemas)
  const pathOf = (path: string, operations: Operations): Operations =>
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [
        method,
        completed(operation, endpoints.get(keyOf(method, path))!, resolve)
      ])
    )
  const paths = Object.fromEntries(
    Object.entries(made.paths).map(([path, operations]) => [path, pathOf(path, operations)])
  )
  return {
    ...made,
    info: { ...made.info, contact },
    components: {
      schemas,
      headers: ResponseHeaders.referredTo(paths),
      securitySchemes: { bearer: BEARER, cookie: COOKIE }
    },
    security: ONE_OF,
    servers: [{ url: base === "" ? "/" : base, description: "This server" }],
    tags: messages ? [...made.tags, Messages.TAG] : made.tags,
    paths,
    ...(messages ? { webhooks: Messages.section(schemas) } : {})
  }
}
