/**
 * The HTTP service on Node: the API, its OpenAPI document at `/openapi.json`, readable docs at `/docs`, health at `/health`, `/health/live`
 * and `/health/ready`, a page that takes sign-in links at `/sign-in`, and the API for operators under `/admin`. A request may do what the
 * policy lets its principal do. It listens once the layer is built. When the layer is torn down, the server finishes running requests,
 * refuses new ones, and ends within the drain delay and the grace time.
 */
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import { Turnout } from "@turnout/core/admission/application/Turnout"
import { CurrentNeighbours, Neighbours } from "@turnout/core/kernel/ports/Neighbours"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import * as Admin from "../admin/Admin.ts"
import { AdminApi } from "../admin/AdminApi.ts"
import { Api } from "../Api.ts"
import * as CredentialCheck from "../credentials/CredentialCheck.ts"
import { isLoopback, originOf, PUBLIC_URL_RULE } from "../credentials/PublicUrl.ts"
import { PublicOrigin } from "../credentials/SameOrigin.ts"
import * as Handlers from "../Handlers.ts"
import * as ApiDocs from "../pages/ApiDocs.ts"
import * as Root from "../pages/Root.ts"
import * as SignInPage from "../pages/SignInPage.ts"
import { type CorsOrigins, isOrigin, ORIGIN_RULE } from "../pipeline/answers/Cors.ts"
import { Limiting, LimitingService } from "../limits/Limiting.ts"
import * as LimitMetrics from "../limits/LimitMetrics.ts"
import { DEFAULT_POLICIES, type LimitPolicy } from "../limits/LimitPolicy.ts"
import { CurrentSharedLimiter, Limits } from "../limits/Limits.ts"
import * as Operations from "../pipeline/Operations.ts"
import * as Pipeline from "../pipeline/Pipeline.ts"
import * as Routes from "../pipeline/Routes.ts"
import * as ParserProblems from "../problems/ParserProblems.ts"
import { BASE_PATH_RULE, BasePath, isBasePath } from "../requests/BasePath.ts"
import * as ClientAddress from "../requests/headers/ClientAddress.ts"
import * as Connections from "../requests/Connections.ts"
import { DEFAULTS } from "../ServerDefaults.ts"
import type { MailOptions } from "../signIn/LinkMailer.ts"
import { SIGN_IN_PATH } from "../signIn/SignInApi.ts"
import * as Lifecycle from "./Lifecycle.ts"
import * as Listening from "./Listening.ts"
import * as Services from "./Services.ts"
import * as Write from "./Write.ts"

const DOCS = { openapiPath: "/openapi.json", docsPath: "/docs", messages: true } as const
const ADMIN_DOCS = { openapiPath: "/admin/openapi.json", docsPath: "/admin/docs", messages: false } as const

export interface ServerOptions extends CredentialCheck.CredentialOptions, MailOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 3000; 0 takes a free port. */
  readonly port?: number
  /**
   * The path that everything is under, such as `/turnout`; empty for none, the default. Paths without it are answered with 404.
   * It is in `Location` and in the OpenAPI document.
   */
  readonly basePath?: string
  /**
   * The time after which a request is answered with 504. Default 30 seconds. Turnout answers a write with 503 after its own
   * `commandTimeoutMillis`, and the server waits for that answer even where this time is shorter.
   */
  readonly requestTimeoutMillis?: number
  /**
   * The time that a client may take to send a request, a third of it for the headers. A slower client is answered with 408.
   * Default 30 seconds.
   */
  readonly receiveTimeoutMillis?: number
  /**
   * The time for which an idle connection is kept: after an answer, or before its first request. Default 60 seconds. A balancer
   * or proxy that keeps connections must give them up sooner, or now and then it sends a request into one that ends.
   */
  readonly keepAliveMillis?: number
  /** The largest body; a larger one is answered with 413. Default 64 KiB. */
  readonly maxBodyBytes?: number
  /** The answer to a repeated idempotency key. Default `replay`. */
  readonly onReplay?: Write.OnReplay
  /** Whether each request is logged. Default false. */
  readonly logRequests?: boolean
  /** Whether long lists are compressed for clients that accept it. Turn it off behind a proxy that compresses. Default true. */
  readonly compression?: boolean
  /** The time for load balancers to notice that the server is not ready any more, before it stops listening. Default 0. */
  readonly drainDelayMillis?: number
  /** The time for running requests to finish, after which they are cut off. Default 10 seconds. */
  readonly shutdownGraceMillis?: number
  /**
   * The origins whose pages may read answers, such as `https://shop.example.com`; their pages may send credentials. `any` stands for all
   * origins, whose pages may send none. Default: none.
   */
  readonly corsOrigins?: CorsOrigins
  /**
   * The limits of requests. Default: `DEFAULT_POLICIES`, unless the server is open. Behind a proxy, limits by address need
   * `trustedProxies`: all clients have the address of the proxy otherwise.
   */
  readonly limits?: ReadonlyArray<LimitPolicy> | "default" | "none"
  /** Whether answers tell the limits in `X-RateLimit-*` as well. Default false. */
  readonly olderLimitHeaders?: boolean
  /**
   * The addresses and networks of the proxies in front of the server, such as `10.0.0.0/8`, whose `X-Forwarded-For` and
   * `X-Forwarded-Proto` are believed. Default: none, so these headers change nothing.
   */
  readonly trustedProxies?: ReadonlyArray<string>
  /** The dead-letter queues that operators may list, and whose messages they may move back. Default: none. */
  readonly deadLetters?: ReadonlyArray<DeadLetters>
}

/** The origin that people reach the server at, if there is one; throws a `RangeError` if an option is wrong or missing. */
const publicOriginOf = ({ mailer, publicUrl }: ServerOptions, host: string): string | undefined => {
  const origin = publicUrl === undefined ? undefined : originOf(publicUrl)
  if (publicUrl !== undefined && origin === undefined) throw new RangeError(`publicUrl: ${PUBLIC_URL_RULE}`)
  if (mailer !== undefined && origin === undefined && !isLoopback(host))
    throw new RangeError("publicUrl: must be there, since the sign-in links of the mailer lead to it")
  return origin
}

/** Where a server listens. */
const originOfServer = (server: Server, host: string): string =>
  `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`

/** The settings of a server, the defaults included. */
type Settings = ServerOptions & Required<Omit<ServerOptions, "adminToken" | "mailer" | "publicUrl" | "tokenVerifier">>

/** Throws a `RangeError` if an origin or a network is none. */
const checkNeighbours = ({ corsOrigins, trustedProxies }: Settings): void => {
  const origin = corsOrigins === "any" ? undefined : corsOrigins.find((one) => !isOrigin(one))
  if (origin !== undefined) throw new RangeError(`corsOrigins: ${ORIGIN_RULE}; ${origin} is none`)
  const proxy = trustedProxies.find((one) => ClientAddress.networkOf(one) === undefined)
  if (proxy !== undefined) throw new RangeError(`trustedProxies: ${ClientAddress.PROXY_RULE}; ${proxy} is none`)
}

/** The policies of a server. One that is open, in development, has none unless it is given some. */
const policiesOf = ({ limits, open }: Settings): ReadonlyArray<LimitPolicy> => {
  if (limits === "none") return []
  return limits === "default" ? (open ? [] : DEFAULT_POLICIES) : limits
}

const limitingOf = (settings: Settings): Layer.Layer<never> => {
  const policies = policiesOf(settings)
  return policies.length === 0
    ? Layer.empty
    : Layer.effect(
        Limiting,
        Effect.gen(function* () {
          const limiter = yield* CurrentSharedLimiter
          const metrics = LimitMetrics.make(policies, yield* Effect.context<never>())
          const limits = new Limits(policies, limiter === undefined ? undefined : { limiter, metrics })
          return new LimitingService(limits, metrics, settings.olderLimitHeaders)
        })
      )
}

/** Makes the server of Node with its time-outs. */
const makeServer = ({ keepAliveMillis, receiveTimeoutMillis }: Settings): Server => {
  const headersTimeout = Math.ceil(receiveTimeoutMillis / 3)
  const server = createServer({
    // The server knows no protocol to upgrade to, so it takes a request that offers an upgrade like any other.
    shouldUpgradeCallback: () => false,
    // Node would answer a missing `Host` without a problem document; the gate checks the header.
    requireHostHeader: false,
    headersTimeout,
    requestTimeout: receiveTimeoutMillis,
    connectionsCheckingInterval: Math.ceil(headersTimeout / 2),
    keepAliveTimeout: keepAliveMillis
  })
  // Older versions of Node would pass over all headers after the first thousand. The gate counts the headers.
  server.maxHeadersCount = 0
  return server
}

/** All that the server does, by path and method. */
const routesOf = Effect.fnUntraced(function* (basePath: string) {
  return Routes.make([
    ...(yield* Operations.routes(Api)),
    ...(yield* Operations.routes(AdminApi)),
    ...(yield* ApiDocs.routes(Api as never, DOCS, basePath)),
    ...(yield* ApiDocs.routes(AdminApi as never, ADMIN_DOCS, basePath)),
    ["GET", "/", { _tag: "Page", page: Root.answer }],
    ["GET", SIGN_IN_PATH, { _tag: "Page", page: SignInPage.answer }]
  ])
})

/** Those whom the host knows of, or, if it does not want to know, those whom the server registers itself. */
const neighbours: Layer.Layer<never> = Layer.effect(
  CurrentNeighbours,
  Effect.map(CurrentNeighbours, (known) => known ?? new Neighbours())
)

/** The line of the log about a proxy that nobody has named. It says no address, since it may be that of a person. */
const UNKNOWN_PROXY =
  "requests come from a neighbour with X-Forwarded-For, which is not believed: if that is a proxy, name it as trusted (--trust-proxy), or all of its clients count as one"

/** The time between the answer that Turnout gives by itself at the latest and the deadline of a write. */
const ANSWER_MARGIN_MILLIS = 5_000

const serving = Effect.fnUntraced(function* (server: Server, settings: Settings) {
  const { basePath, requestTimeoutMillis } = settings
  const lifecycle = yield* Lifecycle.Lifecycle
  const { commandTimeoutMillis } = yield* Turnout
  const log = Effect.runForkWith(yield* Effect.context<never>())
  const pipeline = yield* Pipeline.make({
    ...settings,
    routes: yield* routesOf(basePath),
    credentials: yield* CredentialCheck.CredentialCheck,
    limiting: Option.getOrUndefined(yield* Effect.serviceOption(Limiting)),
    // Turnout answers a write within its own time, and says more about the outcome than the server can. So the deadline comes after
    // that time, even where the time for requests is shorter: it is for a Turnout that does not answer at all.
    writeTimeoutMillis: Math.max(requestTimeoutMillis, commandTimeoutMillis + ANSWER_MARGIN_MILLIS),
    originOf: ClientAddress.make(
      settings.trustedProxies.flatMap((text) => ClientAddress.networkOf(text) ?? []),
      () => log(Effect.logWarning(UNKNOWN_PROXY))
    ),
    isDraining: () => lifecycle.draining
  })
  return yield* Listening.make(server, pipeline, settings)
})

/**
 * Serves the `Turnout` service and the stores that are provided. Provides `HttpServer`, which knows its address.
 *
 * Throws a `RangeError` if `basePath` is not a base path, if one of `corsOrigins` is no origin or of `trustedProxies` no network, if the
 * admin token is shorter than 16 characters or has a character that is not printable ASCII, if two of the dead-letter queues have the
 * same name, if `publicUrl` is no public URL, or if it is missing and there is a mailer and `host` is not this machine.
 */
export const layer = (options: ServerOptions = {}): Layer.Layer<HttpServer.HttpServer, ServeError, Services.Needed> => {
  const settings: Settings = { ...DEFAULTS, ...options }
  const {
    basePath,
    deadLetters,
    drainDelayMillis,
    host,
    keepAliveMillis,
    maxBodyBytes,
    onReplay,
    receiveTimeoutMillis
  } = settings
  if (basePath !== "" && !isBasePath(basePath)) throw new RangeError(`basePath: ${BASE_PATH_RULE}`)
  checkNeighbours(settings)
  const twice = Admin.ambiguousName(deadLetters)
  if (twice !== undefined)
    throw new RangeError(`deadLetters: two queues have the same name, ${twice}; give each a name of its own`)
  const publicOrigin = publicOriginOf(options, host)
  const server = makeServer(settings)
  const connections = Connections.track(server)
  ParserProblems.answer(server, connections, {
    maxBodyBytes,
    // Node counts the time for the headers from the moment of the connection on.
    unusedMillis: Math.max(0, keepAliveMillis - Math.ceil(receiveTimeoutMillis / 3))
  })
  const ownUrl = () => (publicOrigin ?? originOfServer(server, host)) + basePath
  return Lifecycle.drain(connections.closeQuiet, drainDelayMillis).pipe(
    Layer.provideMerge(Layer.effect(HttpServer.HttpServer, serving(server, settings))),
    Layer.provide([Handlers.layer, Admin.layer]),
    Layer.provide(limitingOf(settings)),
    Layer.provide(CredentialCheck.layer(settings)),
    Layer.provide(Services.layer({ ...settings, ownUrl })),
    Layer.provide(Lifecycle.layer),
    Layer.provide(neighbours),
    Layer.provide(Layer.succeed(Write.ReplayPolicy, onReplay)),
    Layer.provide(Layer.succeed(PublicOrigin, publicOrigin)),
    Layer.provide(Layer.succeed(BasePath, basePath))
  )
}
