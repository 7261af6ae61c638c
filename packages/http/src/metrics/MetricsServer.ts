/**
 * The metrics of a process at `/metrics`, on a port of their own, in the text format of Prometheus (0.0.4): those of effect's registry in
 * the context, with the metrics of the process (`ProcessMetrics`).
 *
 * The server listens for as long as its scope is open. It shares nothing with the server of the API: neither the port, which the public
 * reaches, nor the middleware, so scrapes are answered while that server drains, and are not counted among its requests. There is no
 * credential: the address is the protection, this machine unless another one is given. Other paths and methods are answered with problem
 * documents.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ServeError } from "effect/http/HttpServerError"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Answer } from "../pipeline/answers/Answer.ts"
import * as Problem from "../problems/Problem.ts"
import { outside } from "../problems/ServerProblems.ts"
import * as Listening from "../server/Listening.ts"
import { METRICS_DEFAULTS } from "../ServerDefaults.ts"
import * as ProcessMetrics from "./ProcessMetrics.ts"

export interface MetricsServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 9464; 0 takes a free port. */
  readonly port?: number
  /** The version of the program, which `turnout_build_info` has. */
  readonly version: string
}

/** The server that listens. */
export class MetricsServer extends Context.Service<MetricsServer, { readonly url: string }>()(
  "@turnout/MetricsServer"
) {}

const PATH = "/metrics"
const METHODS = ["GET", "HEAD"]
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

/** The time that a client may take to send a request. */
const RECEIVE_MILLIS = 5_000
/** The time for which an idle connection is kept: longer than scrapes are usually apart. */
const KEEP_ALIVE_MILLIS = 75_000
const MAX_CONNECTIONS = 50

/** Writes a problem. Its connection ends, since the rest of its request is not read. */
const refuse = (response: ServerResponse, { headers, problem, status }: Answer): void => {
  const body = JSON.stringify(problem)
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body), connection: "close" })
  response.end(response.req.method === "HEAD" ? undefined : body)
}

const listener = (read: () => Promise<string>, failed: (error: unknown) => void): RequestListener => {
  const answer = async (response: ServerResponse): Promise<void> => {
    const body = Buffer.from(await read())
    response.writeHead(200, {
      "content-type": CONTENT_TYPE,
      "content-length": body.length,
      "cache-control": "no-store"
    })
    response.end(response.req.method === "HEAD" ? undefined : body)
  }
  return ({ method = "", url = "" }, response) => {
    if (url.split("?", 1)[0] !== PATH) return refuse(response, Problem.response(outside.routeNotFound))
    if (!METHODS.includes(method)) {
      response.setHeader("allow", METHODS.join(", "))
      return refuse(response, Problem.response(outside.methodNotAllowed))
    }
    answer(response).catch((error: unknown) => {
      failed(error)
      refuse(response, Problem.response(outside.internalError))
    })
  }
}

const close = (server: Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const urlOf = (server: Server): string => {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}${PATH}`
}

/** Serves the metrics for as long as the scope is open. Fails if it cannot listen there. */
export const make = Effect.fnUntraced(function* ({
  version,
  ...given
}: MetricsServerOptions): Effect.fn.Return<MetricsServer["Service"], ServeError, Scope.Scope> {
  const { host, port } = { ...METRICS_DEFAULTS, ...given }
  const context = yield* Effect.context<never>()
  const fork = Effect.runForkWith(context)
  const processMetrics = yield* ProcessMetrics.make(version)
  const read = async () => {
    await processMetrics.read()
    return PrometheusMetrics.formatUnsafe(context)
  }
  const server = createServer(
    {
      headersTimeout: RECEIVE_MILLIS,
      requestTimeout: RECEIVE_MILLIS,
      connectionsCheckingInterval: RECEIVE_MILLIS,
      keepAliveTimeout: KEEP_ALIVE_MILLIS
    },
    listener(read, (error) => void fork(Effect.logError("the metrics could not be read", error)))
  )
  server.maxConnections = MAX_CONNECTIONS
  // The processes of one server would share the port otherwise, and each scrape would ask one of them by chance.
  yield* Effect.acquireRelease(Listening.listen(server, { host, port, exclusive: true }), () => close(server))
  return { url: urlOf(server) }
})

export const layer = (options: MetricsServerOptions): Layer.Layer<MetricsServer, ServeError> =>
  Layer.effect(MetricsServer, make(options))
