/**
 * Answering: what every answer has in common, whichever stage gives it. Each request is answered once; what is given later is dropped.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import * as Caching from "../../credentials/Caching.ts"
import { UNMATCHED_ROUTE } from "../../metrics/HttpMetrics.ts"
import * as Problem from "../../problems/Problem.ts"
import { RETRY_AFTER_SECONDS } from "../../problems/RetryLater.ts"
import { outside } from "../../problems/ServerProblems.ts"
import * as RequestId from "../../requests/headers/RequestId.ts"
import * as Answer from "./Answer.ts"
import * as Compression from "./Compression.ts"
import { Cors, type CorsOrigins } from "./Cors.ts"
import { CurrentExchange, type Exchange } from "../Exchange.ts"
import * as SecurityHeaders from "./SecurityHeaders.ts"
import * as Sending from "./Sending.ts"

export interface AnsweringOptions {
  /** The origins whose pages may read answers. */
  readonly corsOrigins: CorsOrigins
  readonly compression: boolean
  /** Whether each request is logged. */
  readonly logRequests: boolean
  /** Whether the server is shutting down, so that connections end with their answers. */
  readonly isDraining: () => boolean
}

/** The answer to a request that the shutdown cuts off. */
const shuttingDown = Answer.withHeaders(Problem.response(outside.shuttingDown), {
  "retry-after": String(RETRY_AFTER_SECONDS)
})

export class Answering {
  readonly cors: Cors
  private readonly options: AnsweringOptions
  private readonly context: Context.Context<never>
  private readonly annotations: Readonly<Record<string, unknown>>

  /** Work and logs run in `context`. */
  constructor(options: AnsweringOptions, context: Context.Context<never>) {
    this.options = options
    this.cors = new Cors(options.corsOrigins)
    this.context = context
    this.annotations = Context.get(context, References.CurrentLogAnnotations)
  }

  /** The context of the work on a request, whose id the lines of the log have. */
  contextOf(exchange: Exchange): Context.Context<CurrentExchange> {
    const annotations = { ...this.annotations, [RequestId.ANNOTATION]: exchange.id }
    const context = Context.add(
      Context.add(this.context, References.CurrentLogAnnotations, annotations),
      CurrentExchange,
      exchange
    )
    return exchange.span === undefined
      ? context
      : (Context.add(context, Tracer.ParentSpan, exchange.span) as Context.Context<CurrentExchange>)
  }

  /** Answers a request, unless it is answered already. */
  answer(exchange: Exchange, given: Answer.Answer): void {
    if (exchange.isOver) return
    exchange.isOver = true
    const complete = this.complete(exchange, given)
    const send = (ready: Answer.Answer) =>
      Sending.send(exchange, ready, this.context, (error) => this.unsendable(exchange, error))
    if (this.options.compression) Compression.compressing(complete, exchange.headers["accept-encoding"], send)
    else send(complete)
  }

  /** Answers with the problem that an error is declared as. */
  fail(exchange: Exchange, error: unknown): void {
    const problem = Problem.answerTo(error)
    if (problem === undefined) this.unexpected(exchange, "a request failed unexpectedly", error)
    else this.answer(exchange, problem)
  }

  /** Answers a request whose work has ended without a value. */
  failure(exchange: Exchange, cause: Cause.Cause<unknown>): void {
    // The work was interrupted because the request is answered, or the client has gone.
    if (exchange.isOver) return
    const error = Cause.findError(cause)
    if (Result.isSuccess(error)) return this.fail(exchange, error.success)
    if (Cause.hasInterruptsOnly(cause)) return this.cutOff(exchange)
    this.unexpected(exchange, "a request failed unexpectedly", cause)
  }

  /** Logs what went wrong, and answers without its details. */
  unexpected(exchange: Exchange, message: string, reason: unknown): void {
    this.log(exchange, message, reason)
    // What the work has set was about another answer.
    exchange.answerHeaders = undefined
    this.answer(exchange, Problem.response(outside.internalError))
  }

  /** Logs that an answer cannot be written as it is, and ends the connection, since the client waits for one. */
  private unsendable(exchange: Exchange, error: unknown): void {
    this.log(exchange, "an answer cannot be sent", error)
    exchange.response.destroy()
  }

  private log(exchange: Exchange, message: string, reason: unknown): void {
    void Effect.runForkWith(this.contextOf(exchange))(Effect.logError(message, reason))
  }

  /** Answers that the server is shutting down. */
  cutOff(exchange: Exchange): void {
    this.answer(exchange, shuttingDown)
  }

  /** Notes that an exchange has ended. The log has the route of a request, and never its path, which may name people. */
  ended(exchange: Exchange, status: number, seconds: number): void {
    if (!this.options.logRequests) return
    const { actor = "nobody", method, route = UNMATCHED_ROUTE } = exchange
    const line = Effect.annotateLogs(Effect.logInfo("Sent HTTP response"), {
      "http.method": method,
      "http.route": route,
      principal: actor,
      "http.status": status,
      "http.duration_ms": Math.round(seconds * 1_000_000) / 1_000
    })
    void Effect.runForkWith(this.contextOf(exchange))(line)
  }

  /** What every answer has: the id of its request, who may keep it, and the end of the connection while the server shuts down. */
  private complete(exchange: Exchange, { body, headers: own, problem, status }: Answer.Answer): Answer.Answer {
    const headers: Record<string, string> = { ...SecurityHeaders.of(exchange.origin.isHttps), ...own }
    Caching.tell(headers, exchange.headers, exchange.mayBeShared && status < 400)
    this.cors.tell(headers, exchange.headers["origin"])
    headers["x-request-id"] = exchange.id
    if (this.options.isDraining()) headers["connection"] = "close"
    if (exchange.answerHeaders !== undefined) Object.assign(headers, exchange.answerHeaders)
    if (problem !== undefined) {
      // By the id of the request, operators find the failure in the log.
      const document = status >= 500 ? { ...problem, requestId: exchange.id } : problem
      return { status, headers, body: JSON.stringify(document) }
    }
    return body === undefined ? { status, headers } : { status, headers, body }
  }
}
