/**
 * The HTTP service on Node: the API, its OpenAPI document at `/openapi.json`, readable docs at `/docs`, and health at
 * `/health/live` and `/health/ready`. It is up when the layer is built; when the layer is torn down it finishes what
 * runs, refuses what is new, and ends within the drain delay and the grace time.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type { Turnout } from "@turnout/core/admission/application/Turnout"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { createServer } from "node:http"
import * as ApiDocs from "./ApiDocs.ts"
import * as Admin from "../admin/Admin.ts"
import { Api } from "../Api.ts"
import * as Boundary from "./Boundary.ts"
import * as Fallback from "./Fallback.ts"
import * as Handlers from "../Handlers.ts"
import * as Write from "./Write.ts"
import * as Lifecycle from "./Lifecycle.ts"
import * as ParserProblems from "../problems/ParserProblems.ts"
import * as Resources from "./Resources.ts"

export interface ServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 3000; 0 takes a free port. */
  readonly port?: number
  /**
   * How long a request may take before it is answered with 504. Default 30 seconds. A write is answered by Turnout, with 503
   * after its `commandTimeoutMillis`, and the server waits for that answer even where this time is shorter.
   */
  readonly requestTimeoutMillis?: number
  /**
   * How long a client may take to send a request; a third of it for the headers. More is answered with 408. Default 30
   * seconds.
   */
  readonly receiveTimeoutMillis?: number
  /** The largest body; more is answered with 413. Default 64 KiB. */
  readonly maxBodyBytes?: number
  /** How a repeated idempotency key is answered. Default `replay`. */
  readonly onReplay?: Write.OnReplay
  /** Whether each request is logged. Default false. */
  readonly logRequests?: boolean
  /** How long load balancers get to see that the server is not ready any more, before it stops listening. Default 0. */
  readonly drainDelayMillis?: number
  /** How long running requests get to finish, before they are cut off. Default 10 seconds. */
  readonly shutdownGraceMillis?: number
}

export const DEFAULTS = {
  host: "127.0.0.1",
  port: 3000,
  requestTimeoutMillis: 30_000,
  receiveTimeoutMillis: 30_000,
  maxBodyBytes: 64 * 1024,
  onReplay: "replay",
  logRequests: false,
  drainDelayMillis: 0,
  shutdownGraceMillis: 10_000
} as const satisfies Required<ServerOptions>

/** How long an idle connection is kept. */
const KEEP_ALIVE_MILLIS = 60_000

/** With an API for operators, if it comes with a token: see `AdminApi`. */
const build = (options: ServerOptions, admin: ReturnType<typeof Admin.layer>) => {
  const settings = { ...DEFAULTS, ...options }
  const headersTimeout = Math.ceil(settings.receiveTimeoutMillis / 3)
  const server = createServer({
    // There is nothing to upgrade to, so a request that offers it is one like any other.
    shouldUpgradeCallback: () => false,
    // Node would answer without a document.
    requireHostHeader: false,
    headersTimeout,
    requestTimeout: settings.receiveTimeoutMillis,
    connectionsCheckingInterval: Math.ceil(headersTimeout / 2),
    keepAliveTimeout: KEEP_ALIVE_MILLIS
  })
  // Older versions of Node would pass over what comes after a thousand headers. The gate counts them.
  server.maxHeadersCount = 0
  ParserProblems.answer(server, settings.maxBodyBytes)
  const closeQuietConnections = Lifecycle.trackConnections(server)
  const routes = Layer.mergeAll(
    HttpApiBuilder.layer(Api),
    ApiDocs.layer(Api, { openapiPath: Resources.OPENAPI_PATH, docsPath: Resources.DOCS_PATH }),
    admin,
    Fallback.layer
  )
  return Lifecycle.drain(closeQuietConnections, settings.drainDelayMillis).pipe(
    Layer.provideMerge(
      HttpRouter.serve(routes, {
        disableListenLog: true,
        disableLogger: !settings.logRequests,
        routerConfig: Resources.ROUTER
      })
    ),
    Layer.provideMerge(
      NodeHttpServer.layer(() => server, {
        host: settings.host,
        port: settings.port,
        gracefulShutdownTimeout: settings.shutdownGraceMillis
      })
    ),
    Layer.provide(Handlers.layer),
    Layer.provide(Boundary.layer),
    Layer.provide(Lifecycle.layer),
    Layer.provide(Layer.succeed(Boundary.RequestLimits, settings)),
    Layer.provide(Layer.succeed(Write.ReplayPolicy, settings.onReplay))
  )
}

/** Serves the `Turnout` service that is provided. Provides `HttpServer`, which knows its address. */
export const layer = (options: ServerOptions = {}): Layer.Layer<HttpServer.HttpServer, ServeError, Turnout> =>
  // What the routes of operators need is not needed without them.
  build(options, Admin.disabled) as unknown as Layer.Layer<HttpServer.HttpServer, ServeError, Turnout>

/**
 * The same, and under `/admin` the API for operators, for who has the token; with the dead-letter queues that they may look at,
 * and empty. Throws a `RangeError` if the token is shorter than 16 characters, since an empty one would be everybody's, or if two
 * of the queues have the same name.
 */
export const layerWithAdmin = ({
  adminToken: token,
  deadLetters = [],
  ...options
}: ServerOptions & {
  readonly adminToken: Redacted.Redacted<string>
  readonly deadLetters?: Admin.AdminOptions["deadLetters"]
}): Layer.Layer<HttpServer.HttpServer, ServeError, Turnout | Admin.Services> =>
  build(options, Admin.layer({ token, deadLetters }))
