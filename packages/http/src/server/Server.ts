/**
 * The HTTP service on Node: the API, its OpenAPI document at `/openapi.json`, readable docs at `/docs`, health at `/health/live` and
 * `/health/ready`, a page that takes sign-in links at `/sign-in`, and the API for operators under `/admin`. A request may do what the
 * policy lets its principal do. It listens once the layer is built. When the layer is torn down, the server finishes running requests,
 * refuses new ones, and ends within the drain delay and the grace time.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import * as Layer from "effect/Layer"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import * as ApiDocs from "./pages/ApiDocs.ts"
import * as Admin from "../admin/Admin.ts"
import { Api } from "../Api.ts"
import * as CredentialCheck from "../credentials/CredentialCheck.ts"
import { isLoopback, originOf, PUBLIC_URL_RULE } from "../credentials/PublicUrl.ts"
import { PublicOrigin } from "../credentials/SameOrigin.ts"
import * as Boundary from "./Boundary.ts"
import * as Compression from "./Compression.ts"
import * as Fallback from "./Fallback.ts"
import * as Identified from "./Identified.ts"
import * as Handlers from "../Handlers.ts"
import { DEFAULTS } from "../ServerDefaults.ts"
import * as Write from "./Write.ts"
import * as Lifecycle from "./Lifecycle.ts"
import * as ParserProblems from "../problems/ParserProblems.ts"
import { BASE_PATH_RULE, BasePath, isBasePath } from "../requests/BasePath.ts"
import * as Connections from "../requests/Connections.ts"
import * as Resources from "./Resources.ts"
import * as Root from "./pages/Root.ts"
import * as SignInPage from "./pages/SignInPage.ts"
import * as Services from "./Services.ts"
import type { MailOptions } from "../signIn/LinkMailer.ts"
import { SIGN_IN_PATH } from "../signIn/SignInApi.ts"

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

/**
 * Serves the `Turnout` service and the stores that are provided. Provides `HttpServer`, which knows its address.
 *
 * Throws a `RangeError` if `basePath` is not a base path, if the admin token is shorter than 16 characters or has a character that is
 * not printable ASCII, if two of the dead-letter queues have the same name, if `publicUrl` is no public URL, or if it is missing and
 * there is a mailer and `host` is not this machine.
 */
export const layer = (options: ServerOptions = {}): Layer.Layer<HttpServer.HttpServer, ServeError, Services.Needed> => {
  const defaults: Required<Omit<ServerOptions, "adminToken" | "mailer" | "publicUrl" | "tokenVerifier">> = DEFAULTS
  const settings = { ...defaults, ...options }
  const { basePath, deadLetters, host } = settings
  if (basePath !== "" && !isBasePath(basePath)) throw new RangeError(`basePath: ${BASE_PATH_RULE}`)
  const twice = Admin.ambiguousName(deadLetters)
  if (twice !== undefined)
    throw new RangeError(`deadLetters: two queues have the same name, ${twice}; give each a name of its own`)
  const publicOrigin = publicOriginOf(options, host)
  const headersTimeout = Math.ceil(settings.receiveTimeoutMillis / 3)
  const server = createServer({
    // The server knows no protocol to upgrade to, so it takes a request that offers an upgrade like any other.
    shouldUpgradeCallback: () => false,
    // Node would answer a missing `Host` without a problem document; the gate checks the header.
    requireHostHeader: false,
    headersTimeout,
    requestTimeout: settings.receiveTimeoutMillis,
    connectionsCheckingInterval: Math.ceil(headersTimeout / 2),
    keepAliveTimeout: settings.keepAliveMillis
  })
  // Older versions of Node would pass over all headers after the first thousand. The gate counts the headers.
  server.maxHeadersCount = 0
  const connections = Connections.track(server)
  ParserProblems.answer(server, connections, {
    maxBodyBytes: settings.maxBodyBytes,
    // Node counts the time for the headers from the moment of the connection on.
    unusedMillis: Math.max(0, settings.keepAliveMillis - headersTimeout)
  })
  const ownUrl = () => (publicOrigin ?? originOfServer(server, host)) + basePath
  const routes = Layer.mergeAll(
    HttpApiBuilder.layer(Api),
    ApiDocs.layer(Api, { openapiPath: Resources.OPENAPI_PATH, docsPath: Resources.DOCS_PATH, messages: true }),
    Admin.layer,
    HttpRouter.add("GET", Resources.ROOT_PATH, Root.answer),
    HttpRouter.add("GET", SIGN_IN_PATH, SignInPage.answer),
    Fallback.layer
  )
  return Lifecycle.drain(connections.closeQuiet, settings.drainDelayMillis).pipe(
    Layer.provideMerge(
      HttpRouter.serve(routes, {
        disableListenLog: true,
        disableLogger: true,
        // The line of the access log has the id of the request, so it is written where the request has one. A middleware around all of
        // the router costs each request a tenth, so otherwise the request gets its id within the router.
        ...(settings.logRequests ? { middleware: (app) => Identified.identified(HttpMiddleware.logger(app)) } : {}),
        routerConfig: Resources.ROUTER
      })
    ),
    Layer.provideMerge(
      NodeHttpServer.layer(() => server, {
        host,
        port: settings.port,
        gracefulShutdownTimeout: settings.shutdownGraceMillis
      })
    ),
    Layer.provide(Handlers.layer),
    Layer.provide(CredentialCheck.layer(settings)),
    Layer.provide(Boundary.layer),
    Layer.provide(Services.layer({ ...settings, ownUrl })),
    Layer.provide(Lifecycle.layer),
    Layer.provide(Layer.succeed(Boundary.RequestLimits, settings)),
    Layer.provide(Layer.succeed(Write.ReplayPolicy, settings.onReplay)),
    Layer.provide(Layer.succeed(Compression.IsCompressing, settings.compression)),
    Layer.provide(Layer.succeed(PublicOrigin, publicOrigin)),
    Layer.provide(Layer.succeed(BasePath, basePath))
  )
}
