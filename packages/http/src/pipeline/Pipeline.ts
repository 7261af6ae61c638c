/**
 * The pipeline: the way of every request from the socket to its answer.
 *
 * ```text
 * Gate ─▶ Routes ─▶ page ──────────────────────────────────────────────────────────────────────────▶ answer
 *                └▶ operation: credential ─▶ query ─▶ key, conditions, body ─▶ decode ─▶ handler ─▶ encode ─▶ answer
 * ```
 *
 * No invalid request reaches a handler, and no handler keeps a client waiting for ever. A stage that waits for nothing is a plain
 * function; a fiber begins where an effect does. The deadline of an operation runs while effects run, and not while a body arrives, for
 * which Node has a time-out. A request is answered by a stage, by its deadline or by the shutdown; then its work is interrupted, and what
 * that work still gives is dropped.
 */
import { actorOf } from "@turnout/core/access/domain/policy/Principal"
import { CredentialRefused } from "@turnout/core/access/domain/credentials/CredentialRefused"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Bearer, Credentials } from "../credentials/CredentialCheck.ts"
import type { LimitingService, Said } from "../limits/Limiting.ts"
import * as HttpMetrics from "../metrics/HttpMetrics.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as Problem from "../problems/Problem.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as Body from "../requests/Body.ts"
import type { Origin } from "../requests/headers/ClientAddress.ts"
import * as EntityTags from "../requests/headers/EntityTags.ts"
import * as QueryParameters from "../requests/QueryParameters.ts"
import * as Answer from "./answers/Answer.ts"
import { Answering, type AnsweringOptions } from "./answers/Answering.ts"
import { Deadlines } from "./Deadlines.ts"
import { Exchange } from "./Exchange.ts"
import * as Gate from "./Gate.ts"
import type { Provided } from "./Handlers.ts"
import type { Operation, Query } from "./Operation.ts"
import { RequestSpans } from "./RequestSpans.ts"
import type { Page, Routes, Target } from "./Routes.ts"

export interface PipelineOptions extends AnsweringOptions {
  readonly routes: Routes
  readonly credentials: Credentials
  /** The limits; `undefined` if there are none. */
  readonly limiting: LimitingService | undefined
  readonly basePath: string
  /** Finds out where a request comes from. */
  readonly originOf: (request: IncomingMessage) => Origin
  /** The time that an operation may take once its request is there. */
  readonly requestTimeoutMillis: number
  /** The same for a write. */
  readonly writeTimeoutMillis: number
  /** The largest body. */
  readonly maxBodyBytes: number
}

/** The error with which a request is refused before its body is read. */
const refusalOf = ({ headers }: Exchange, { endpoint, isWrite }: Operation): unknown => {
  if (isWrite && headers["idempotency-key"] === undefined) return new BoundaryProblems.IdempotencyKeyMissing()
  const violations = EntityTags.unheeded(headers, endpoint)
  return violations.length === 0 ? undefined : new BoundaryProblems.ValidationFailed({ violations })
}

/** The name of a target, by which limits cover it. */
const nameOf = (target: Target): string => (target._tag === "Page" ? "page" : target.operation.action)

/** Whether a target has no limits: balancers and monitors ask for the health as often as they like. */
const isUnlimited = (target: Target): boolean =>
  target._tag === "Operation" && target.operation.endpoint.path.startsWith("/health")

export class Pipeline {
  private readonly options: PipelineOptions
  private readonly answering: Answering
  private readonly deadlinesOfWrites: Deadlines
  private readonly deadlinesOfOthers: Deadlines
  private readonly metrics: HttpMetrics.HttpMetrics
  private readonly spans: RequestSpans
  /** The exchanges whose answers are not sent in full. */
  private readonly open = new Set<Exchange>()

  /** Work and logs run in `context`. */
  constructor(options: PipelineOptions, context: Context.Context<never>) {
    this.options = options
    this.spans = new RequestSpans(context)
    this.answering = new Answering(options, this.spans.context)
    this.metrics = HttpMetrics.make(context)
    this.deadlinesOfWrites = new Deadlines(options.writeTimeoutMillis)
    this.deadlinesOfOthers = new Deadlines(options.requestTimeoutMillis)
  }

  /** Answers a request. `awaitsContinue` says that the client waits for `100 Continue` before it sends the body. */
  onRequest(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const exchange = new Exchange(request, response, awaitsContinue, this.options.originOf)
    this.open.add(exchange)
    this.metrics.started()
    response.on("close", () => this.onClose(exchange))
    this.carefully(exchange, () => this.route(exchange))
  }

  /** Answers what is not answered yet with the problem of the shutdown, and cuts off what is being sent. */
  cutOff(): void {
    for (const exchange of this.open) {
      const { fiber } = exchange
      if (exchange.isOver) exchange.response.destroy()
      else this.answering.cutOff(exchange)
      fiber?.interruptUnsafe()
    }
  }

  /** Ends the deadlines, so that no timer keeps the process alive. */
  close(): void {
    this.deadlinesOfWrites.close()
    this.deadlinesOfOthers.close()
  }

  /**
   * Takes a stage that may throw, which would be a defect. It is answered as one: outside of a fiber nobody else catches it, and the whole
   * process would end with the request.
   */
  private carefully(exchange: Exchange, stage: () => void): void {
    try {
      stage()
    } catch (error) {
      this.answering.unexpected(exchange, "a request failed unexpectedly", error)
    }
  }

  private onClose(exchange: Exchange): void {
    this.open.delete(exchange)
    exchange.isOver = true
    if (!exchange.response.writableFinished) exchange.fiber?.interruptUnsafe()
    const { method, response, route = HttpMetrics.UNMATCHED_ROUTE, startedAt } = exchange
    const status = response.writableFinished ? response.statusCode : HttpMetrics.ABORTED_STATUS
    const seconds = (performance.now() - startedAt) / 1_000
    this.metrics.ended()
    this.metrics.observe(method, route, status, seconds)
    this.answering.ended(exchange, status, seconds)
    exchange.endSpan?.(status)
  }

  private route(exchange: Exchange): void {
    const { basePath, routes } = this.options
    const judged = Gate.judge(exchange, routes, basePath)
    if (typeof judged !== "string") return this.answering.answer(exchange, judged)
    exchange.target = judged
    const found = routes.find(judged)
    if (found === undefined)
      return this.answering.answer(exchange, Problem.response(ServerProblems.outside.routeNotFound))
    const { params, query, resource } = found
    exchange.params = params
    exchange.route = resource.path
    this.spans.begin(exchange)
    const target = resource.targets.get(exchange.method)
    if (target === undefined)
      return this.answering.answer(
        exchange,
        this.answering.cors.preflight(exchange, resource) ?? Gate.methodNotAllowed(resource.targets.keys())
      )
    const { limiting } = this.options
    const next = () =>
      target._tag === "Page" ? this.page(exchange, target.page) : this.authenticate(exchange, target.operation, query)
    if (limiting === undefined || isUnlimited(target)) return next()
    this.limit(exchange, limiting, limiting.before(exchange, nameOf(target)), next)
  }

  /** Goes on with `next`, unless the limits refuse the request. */
  private limit(
    exchange: Exchange,
    limiting: LimitingService,
    said: Said | Effect.Effect<Said>,
    next: () => void
  ): void {
    if (Effect.isEffect(said))
      return this.run(exchange, this.contextOf(exchange), this.deadlinesOfOthers, said, (one) =>
        this.limit(exchange, limiting, one, next)
      )
    const refusal = limiting.tell(exchange, said)
    if (refusal === undefined) next()
    else this.answering.fail(exchange, refusal)
  }

  private authenticate(exchange: Exchange, operation: Operation, query: Query): void {
    const { credentials, limiting } = this.options
    if (!operation.isGuarded) return this.admit(exchange, operation, undefined, query)
    const bearer = credentials.find(exchange)
    if (!Effect.isEffect(bearer)) return this.admit(exchange, operation, bearer, query)
    const counted =
      limiting === undefined
        ? bearer
        : Effect.tapError(bearer, (error) =>
            Effect.sync(() => {
              if (error instanceof CredentialRefused) limiting.refusedCredential(exchange, operation.action)
            })
          )
    this.run(exchange, this.contextOf(exchange), this.deadlinesOfOthers, counted, (one) => {
      if (limiting === undefined) return this.admit(exchange, operation, one, query)
      this.limit(exchange, limiting, limiting.after(operation.action, one.principal), () =>
        this.admit(exchange, operation, one, query)
      )
    })
  }

  private page(exchange: Exchange, page: Page): void {
    const answer = page(exchange)
    if (!Effect.isEffect(answer)) return this.answering.answer(exchange, answer)
    this.run(exchange, this.contextOf(exchange), this.deadlinesOfOthers, answer, (made) =>
      this.answering.answer(exchange, made)
    )
  }

  /** The stages of an operation up to its body. An operation behind the policy has a bearer. */
  private admit(exchange: Exchange, operation: Operation, bearer: Bearer | undefined, query: Query): void {
    const { credentials, maxBodyBytes } = this.options
    if (bearer !== undefined) exchange.actor = actorOf(bearer.principal)
    const context = this.contextOf(exchange, operation, bearer)
    const refused = bearer === undefined ? undefined : credentials.refusal(exchange, operation, bearer)
    if (refused !== undefined) return this.run(exchange, context, this.deadlinesOfOthers, refused, () => {})
    const takesQuery = operation.endpoint.query === undefined ? "none" : "some"
    const violations = QueryParameters.violationsOf(exchange.target, takesQuery)
    if (violations.length > 0)
      return this.answering.fail(exchange, new BoundaryProblems.ValidationFailed({ violations }))
    const handle = (json: unknown) => this.handle(exchange, operation, bearer, query, json, context)
    if (operation.body === undefined) return handle(undefined)
    const refusal = refusalOf(exchange, operation)
    if (refusal !== undefined) return this.answering.fail(exchange, refusal)
    Body.read(exchange, maxBodyBytes, operation.body, (parsed) =>
      Result.isFailure(parsed)
        ? this.answering.fail(exchange, parsed.failure)
        : this.carefully(exchange, () => handle(parsed.success))
    )
  }

  /** The stages of an operation from its body on. */
  private handle(
    exchange: Exchange,
    operation: Operation,
    bearer: Bearer | undefined,
    query: Query,
    json: unknown,
    context: Context.Context<Provided>
  ): void {
    exchange.mayBeShared = operation.mayBeShared
    const decoded = operation.decode(exchange, query, json)
    if (Result.isFailure(decoded)) return this.answering.fail(exchange, decoded.failure)
    const handled = operation.handler(decoded.success)
    const work = bearer === undefined ? handled : this.options.credentials.noting(operation, bearer, handled)
    this.run(exchange, context, this.deadlinesOf(operation), work, (value) => {
      if (EntityTags.isUnmodified(exchange, exchange.answerHeaders?.["etag"]))
        return this.answering.answer(exchange, Answer.empty(304))
      const encoded = Result.try(() => operation.encode(value))
      if (Result.isSuccess(encoded)) this.answering.answer(exchange, encoded.success)
      else this.answering.unexpected(exchange, "an answer is not what its definition says", encoded.failure)
    })
  }

  private deadlinesOf({ hasDeadline, isWrite }: Operation): Deadlines | undefined {
    if (isWrite) return this.deadlinesOfWrites
    return hasDeadline ? this.deadlinesOfOthers : undefined
  }

  /** The context of the work on a request. Without a bearer, nothing may need the principal. */
  private contextOf(exchange: Exchange, operation?: Operation, bearer?: Bearer): Context.Context<Provided> {
    const context = this.answering.contextOf(exchange)
    return operation !== undefined && bearer !== undefined
      ? this.options.credentials.known(context, exchange, operation, bearer)
      : (context as Context.Context<Provided>)
  }

  /** Runs an effect within a deadline, and gives its value to `then`. */
  private run<A>(
    exchange: Exchange,
    context: Context.Context<Provided>,
    deadlines: Deadlines | undefined,
    effect: Effect.Effect<A, unknown, Provided>,
    then: (value: A) => void
  ): void {
    const onExit = (exit: Exit.Exit<A, unknown>) => {
      if (exit._tag === "Failure") this.answering.failure(exchange, exit.cause)
      else if (!exchange.isOver) this.carefully(exchange, () => then(exit.value))
    }
    const fiber = Effect.runForkWith(context)(effect)
    const done = fiber.pollUnsafe()
    // Work that waits for nothing, such as a look at what is remembered, needs no deadline.
    if (done !== undefined) return onExit(done)
    exchange.fiber = fiber
    const deadline = deadlines?.begin(() => {
      this.answering.fail(exchange, new ServerProblems.RequestTimeout())
      fiber.interruptUnsafe()
    })
    fiber.addObserver((exit) => {
      if (deadline !== undefined) deadlines!.end(deadline)
      exchange.fiber = undefined
      onExit(exit)
    })
  }
}

/** Makes the pipeline of a scope, whose work runs in the context of this effect. */
export const make = (options: PipelineOptions): Effect.Effect<Pipeline, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.map(Effect.context<never>(), (context) => new Pipeline(options, context)),
    (pipeline) => Effect.sync(() => pipeline.close())
  )
