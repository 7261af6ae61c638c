/**
 * The spans of requests, which tell the method, the route and the status of a request, and nothing else: no query, no path, no address, no
 * user agent, no header, and of a failure nothing but that there was one.
 *
 * A request that comes with a `traceparent` is a part of its trace, and what it writes has the trace too. With effect's own tracer nobody
 * reads spans: then none is made, and the ids that the client has sent are passed on all the same. Requests that ask after the health of
 * the process have no span.
 */
import * as DiscreetTracer from "@turnout/core/kernel/application/tracing/DiscreetTracer"
import * as Spans from "@turnout/core/kernel/application/tracing/Spans"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { UNMATCHED_ROUTE } from "../metrics/HttpMetrics.ts"
import type { Exchange } from "./Exchange.ts"

const FAILED = Exit.fail(new Error("server error"))

export class RequestSpans {
  /** The context in which requests are worked on: the spans of the work tell no more than those of requests. */
  readonly context: Context.Context<never>
  private readonly isRead: boolean

  constructor(context: Context.Context<never>) {
    const tracer = Context.get(context, Tracer.Tracer)
    this.isRead = tracer !== Tracer.nativeTracer
    this.context = this.isRead ? Context.add(context, Tracer.Tracer, DiscreetTracer.make(tracer)) : context
  }

  /** Begins the span of a request, whose route is known. */
  begin(exchange: Exchange): void {
    const { headers, method, route = UNMATCHED_ROUTE } = exchange
    const parent = Spans.spanOf(headers["traceparent"])
    exchange.span = parent
    if (!this.isRead || route.startsWith("/health")) return
    const scope = Scope.makeUnsafe()
    const made = Effect.makeSpanScoped(`${method} ${route}`, {
      kind: "server",
      attributes: { "http.request.method": method, "http.route": route },
      ...(parent === undefined ? { root: true } : { parent })
    })
    const span = Effect.runSyncWith(this.context)(Scope.provide(made, scope))
    exchange.span = span
    exchange.endSpan = (status) => {
      span.attribute("http.response.status_code", status)
      // By the conventions of OpenTelemetry, what a client does wrong is no failure of the server.
      Effect.runSyncWith(this.context)(Scope.close(scope, status >= 500 ? FAILED : Exit.void))
    }
  }
}
