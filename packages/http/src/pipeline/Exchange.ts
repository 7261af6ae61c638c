/**
 * An exchange: a request, and what is known of its answer so far. Each request has one, which all stages of the pipeline and the
 * handlers share.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Origin } from "../requests/headers/ClientAddress.ts"
import * as RequestId from "../requests/headers/RequestId.ts"

/** The values of the headers of a request by their names in lower case. Node has joined those that were sent several times. */
export type RequestHeaders = Readonly<Record<string, string | undefined>>

const NO_PARAMS: Readonly<Record<string, string | undefined>> = {}

export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The id of the request, which its answer and the lines of the log have. */
  readonly id: string
  /** The path below the base path, with the query. */
  target = ""
  /** The values in the path by the names of the parameters of the route, decoded. */
  params = NO_PARAMS
  /** The path of the route with the names of its parameters; `undefined` if there is none for the request. */
  route: string | undefined
  /** The span of the request, or that which the client has sent; `undefined` if there is none. */
  span: Tracer.AnySpan | undefined
  /** Ends the span of the request with the status of the answer; `undefined` if none was made. */
  endSpan: ((status: number) => void) | undefined
  /** Who asks, as the journal names them; `undefined` as long as it is not known. */
  actor: string | undefined
  /** The moment at which the request came, by `performance.now()`. */
  readonly startedAt = performance.now()
  /** Whether the client waits for `100 Continue` before it sends the body. */
  awaitsContinue: boolean
  /** Whether the answer is decided, or nobody waits for one any more. */
  isOver = false
  /** Whether the answer has nothing personal in it, if it is a success. */
  mayBeShared = false
  /** The work on the request that an end of the exchange interrupts. */
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  /** The headers that handlers have set, which the answer will have whatever it is. */
  answerHeaders: Record<string, string> | undefined

  private readonly findOrigin: (request: IncomingMessage) => Origin
  private knownOrigin: Origin | undefined

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    awaitsContinue: boolean,
    findOrigin: (request: IncomingMessage) => Origin
  ) {
    this.request = request
    this.response = response
    this.findOrigin = findOrigin
    this.awaitsContinue = awaitsContinue
    this.id = RequestId.of(this.headers["x-request-id"])
  }

  get headers(): RequestHeaders {
    return this.request.headers as RequestHeaders
  }

  get method(): string {
    return this.request.method!
  }

  /** Where the request comes from, which is found out when somebody asks. */
  get origin(): Origin {
    return (this.knownOrigin ??= this.findOrigin(this.request))
  }

  /** Sets a header of the answer, be it a success or a problem. */
  setHeader(name: string, value: string): void {
    this.answerHeaders ??= {}
    this.answerHeaders[name] = value
  }
}

/** The exchange of the request that is being worked on. */
export class CurrentExchange extends Context.Service<CurrentExchange, Exchange>()("@turnout/CurrentExchange") {}

/** Sets a header of the answer to the current request, be it a success or a problem. */
export const setHeader = (name: string, value: string): Effect.Effect<void, never, CurrentExchange> =>
  CurrentExchange.useSync((exchange) => exchange.setHeader(name, value))
