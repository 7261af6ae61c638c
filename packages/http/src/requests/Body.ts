/**
 * The body of a request. It is read within its limits and parsed once, before any schema reads another part of the request, and
 * decoded by the schema of the endpoint.
 */
import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Headers from "effect/http/Headers"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiError from "effect/http-api/HttpApiError"
import { OptionalBody, ParsedBody } from "./Boundaries.ts"
import { strict } from "./Strictness.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as Violations from "../problems/Violations.ts"

/** A problem with which a body is refused before it is decoded. */
type Refusal =
  | BoundaryProblems.MalformedJson
  | BoundaryProblems.PayloadTooLarge
  | BoundaryProblems.UnsupportedMediaType
  | BoundaryProblems.ValidationFailed

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** A shorter body cannot have more members than are allowed. */
const LONG_FROM_BYTES = 1_000

const mediaTypeOf = ({ "content-type": contentType = "" }: Headers.Headers): string =>
  contentType.split(";", 1)[0]!.trim().toLowerCase()

/** Bytes as JSON; `undefined` if there are none. */
const parse = (
  bytes: ArrayBuffer
): Result.Result<unknown, BoundaryProblems.MalformedJson | BoundaryProblems.ValidationFailed> => {
  if (bytes.byteLength === 0) return Result.succeed(undefined)
  let json: unknown
  try {
    json = JSON.parse(utf8.decode(bytes))
  } catch {
    return Result.fail(new BoundaryProblems.MalformedJson())
  }
  const wide = bytes.byteLength > LONG_FROM_BYTES ? Violations.tooWide(json) : undefined
  return wide === undefined
    ? Result.succeed(json)
    : Result.fail(new BoundaryProblems.ValidationFailed({ violations: [wide] }))
}

/** The problem of a body at an endpoint that takes none. `{}` counts as no body. */
const unexpected = (json: unknown): BoundaryProblems.ValidationFailed | undefined => {
  const refuse = (pointer: string, rule: string) => ({ in: "body" as const, pointer, rule })
  if (json === undefined) return undefined
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return new BoundaryProblems.ValidationFailed({ violations: [refuse("", "must not be there")] })
  }
  const violations = Object.keys(json).map((name) => refuse(Violations.toPointer([name]), "is not a field here"))
  return violations.length === 0
    ? undefined
    : new BoundaryProblems.ValidationFailed({ violations: Violations.listed(violations) })
}

/** Whether a request has no body, as far as its headers say. */
const isAbsent = (headers: Headers.Headers): boolean =>
  headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0

/** The problem of JSON, or of no body, at an endpoint. */
const refusal = (
  json: unknown,
  takesBody: boolean
): BoundaryProblems.MalformedJson | BoundaryProblems.ValidationFailed | undefined => {
  if (!takesBody) return unexpected(json)
  return json === undefined ? new BoundaryProblems.MalformedJson() : undefined
}

/**
 * The reading of the body of a request at an endpoint. Gives the body as JSON, `undefined` if there is none, and refuses a body
 * whose size, type or form the endpoint does not take.
 */
export const reading = (
  maxBytes: number,
  { annotations, payload }: Pick<HttpApiEndpoint.Top, "annotations" | "payload">
): Effect.Effect<unknown, Refusal, HttpServerRequest.HttpServerRequest> => {
  const supported = [...payload.keys()]
  const takesBody = supported.length > 0
  const maxBodySize = ByteSize.bytes(maxBytes)
  const tooLarge = () => new BoundaryProblems.PayloadTooLarge({ maxBytes })
  const onBytes = (bytes: ArrayBuffer): Effect.Effect<unknown, Refusal> => {
    const parsed = parse(bytes)
    if (Result.isFailure(parsed)) return Effect.fail(parsed.failure)
    const refused = refusal(parsed.success, takesBody)
    return refused === undefined ? Effect.succeed(parsed.success) : Effect.fail(refused)
  }
  const onError = ({ reason }: HttpServerError.HttpServerError): Effect.Effect<never, Refusal> =>
    Effect.fail(
      reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
        ? tooLarge()
        : new BoundaryProblems.MalformedJson()
    )
  const mayBeAbsent = Context.get(annotations, OptionalBody)
  return Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ arrayBuffer, headers }) => {
    if (mayBeAbsent && isAbsent(headers)) return Effect.succeed({})
    if (takesBody && !supported.includes(mediaTypeOf(headers))) {
      return Effect.fail(new BoundaryProblems.UnsupportedMediaType({ supported }))
    }
    if (Number(headers["content-length"]) > maxBytes) return Effect.fail(tooLarge())
    return arrayBuffer.pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, maxBodySize),
      Effect.matchEffect({ onSuccess: onBytes, onFailure: onError })
    )
  })
}

/** The decoder of an endpoint's payload, by the schema in its definition. */
const decoderOf = ({ payload }: HttpApiEndpoint.Top) => {
  const schemas = [...payload.values()].flatMap(({ schemas }) => schemas)
  return Schema.decodeUnknownEffect(Schema.Union(schemas) as unknown as Schema.Codec<unknown, unknown>, strict)
}

/**
 * A handler with a payload, for `handleRaw`. It decodes the body that has been parsed already; `handle` would parse it again.
 */
export const withPayload = <Endpoint extends HttpApiEndpoint.Constraint, E, R>(
  handle: HttpApiEndpoint.Handler<Endpoint, E, R>
): HttpApiEndpoint.HandlerRaw<Endpoint, E, R | ParsedBody> => {
  let decode: ReturnType<typeof decoderOf> | undefined
  return ((request: { readonly endpoint: HttpApiEndpoint.Top }) =>
    Effect.flatMap(ParsedBody, ({ json }) => {
      decode ??= decoderOf(request.endpoint)
      return Effect.flatMap(HttpApiError.HttpApiSchemaError.wrap("Payload", decode(json)), (payload) =>
        handle({ ...request, payload } as never)
      )
    })) as never
}
