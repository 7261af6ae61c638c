/**
 * Between the socket and the handlers: what is not a valid request never reaches a handler, and no handler keeps a
 * client waiting for ever.
 */
import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as JsonPointer from "effect/JsonPointer"
import * as Layer from "effect/Layer"
import * as SchemaIssue from "effect/SchemaIssue"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiError from "effect/http-api/HttpApiError"
import { BodyBoundary, Boundary, WriteBoundary } from "./Api.ts"
import * as Problems from "./Problems.ts"

export interface Limits {
  /** How long a request may take, from its last byte to its answer. */
  readonly requestTimeoutMillis: number
  /** The largest body. */
  readonly maxBodyBytes: number
}

export const RequestLimits = Context.Reference<Limits>("@turnout/http/RequestLimits", {
  defaultValue: () => ({ requestTimeoutMillis: 30_000, maxBodyBytes: 64 * 1024 })
})

const PARTS = { Payload: "body", Query: "query", Params: "path", Headers: "header" } as const
const format = SchemaIssue.makeFormatterStandardSchemaV1()

const toPointer = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>): string =>
  path
    .map((part) => `/${JsonPointer.escapeToken(String(typeof part === "object" ? part.key : part)).toWellFormed()}`)
    .join("")

const toViolations = (error: HttpApiError.HttpApiSchemaError): Problems.ValidationFailed =>
  new Problems.ValidationFailed({
    violations: format(error.cause.issue).issues.map(({ message, path }) => ({
      in: PARTS[error.kind as keyof typeof PARTS],
      pointer: toPointer(path ?? []),
      rule: message
    }))
  })

/**
 * `Effect.timeout` waits until the interrupted work lets go, and a commit does not. So the work runs on its own, and the
 * answer does not wait for it.
 */
export const withDeadline =
  (millis: number) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | Problems.RequestTimeout, R> =>
    Effect.acquireUseRelease(
      Effect.forkDetach(work),
      (fiber) =>
        Effect.timeoutOrElse(Fiber.join(fiber), {
          duration: millis,
          orElse: () => Effect.fail(new Problems.RequestTimeout())
        }),
      (fiber) => Effect.sync(() => fiber.interruptUnsafe())
    )

const boundary = Layer.effect(
  Boundary,
  Effect.map(
    RequestLimits,
    ({ requestTimeoutMillis }) =>
      (httpEffect) =>
        httpEffect.pipe(
          withDeadline(requestTimeoutMillis),
          Effect.mapError((error) =>
            // Of the other kinds, `Body` and `ResponseHeaders`, the client is innocent: they end as a logged 500.
            HttpApiError.HttpApiSchemaError.is(error) && error.kind in PARTS ? toViolations(error) : error
          )
        )
  )
)

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The body as JSON; `undefined` if there is none. The bytes are kept, so the endpoint reads the same ones. */
const readJson = Effect.fnUntraced(function* (maxBytes: number) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const tooLarge = () => new Problems.PayloadTooLarge({ maxBytes })
  if (Number(request.headers["content-length"]) > maxBytes) return yield* tooLarge()
  const bytes = yield* request.arrayBuffer.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maxBytes)),
    Effect.mapError(({ reason }) =>
      reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
        ? tooLarge()
        : new Problems.MalformedJson()
    )
  )
  if (bytes.byteLength === 0) return undefined
  return yield* Effect.try({
    try: () => JSON.parse(utf8.decode(bytes)) as unknown,
    catch: () => new Problems.MalformedJson()
  })
})

/** What is wrong with a body where none is expected: `{}` is as good as none. */
const unexpected = (json: unknown): Problems.ValidationFailed | undefined => {
  const refuse = (pointer: string, rule: string) => ({ in: "body" as const, pointer, rule })
  if (json === undefined) return undefined
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return new Problems.ValidationFailed({ violations: [refuse("", "Expected no body")] })
  }
  const violations = Object.keys(json).map((name) => refuse(toPointer([name]), "Expected no excess property"))
  return violations.length === 0 ? undefined : new Problems.ValidationFailed({ violations })
}

/** Refuses a body that is not what the endpoint takes, before anything else reads it. */
const checkBody = Effect.fnUntraced(function* (
  maxBodyBytes: number,
  { payload }: { readonly payload: ReadonlyMap<string, unknown> }
) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const supported = [...payload.keys()]
  if (supported.length > 0) {
    const mediaType = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? ""
    if (!supported.includes(mediaType)) return yield* new Problems.UnsupportedMediaType({ supported })
  }
  const json = yield* readJson(maxBodyBytes)
  if (supported.length > 0 && json === undefined) return yield* new Problems.MalformedJson()
  const refused = supported.length === 0 ? unexpected(json) : undefined
  return refused === undefined ? undefined : yield* refused
})

const writeBoundary = Layer.effect(
  WriteBoundary,
  Effect.map(RequestLimits, ({ maxBodyBytes }) =>
    Effect.fnUntraced(function* (httpEffect, { endpoint }) {
      const request = yield* HttpServerRequest.HttpServerRequest
      if (request.headers["idempotency-key"] === undefined) return yield* new Problems.IdempotencyKeyMissing()
      yield* checkBody(maxBodyBytes, endpoint)
      return yield* httpEffect
    })
  )
)

const bodyBoundary = Layer.effect(
  BodyBoundary,
  Effect.map(
    RequestLimits,
    ({ maxBodyBytes }) =>
      (httpEffect, { endpoint }) =>
        Effect.andThen(checkBody(maxBodyBytes, endpoint), httpEffect)
  )
)

/** Sets a header on the answer to this request, whatever it will be. */
export const setHeader = (
  name: string,
  value: string
): Effect.Effect<void, never, HttpServerRequest.HttpServerRequest> =>
  HttpEffect.appendPreResponseHandler((_request, response) =>
    Effect.succeed(HttpServerResponse.setHeader(response, name, value))
  )

/** The middleware of the API; limits come from `RequestLimits`. */
export const layer: Layer.Layer<Boundary | WriteBoundary | BodyBoundary> = Layer.mergeAll(
  boundary,
  writeBoundary,
  bodyBoundary
)
