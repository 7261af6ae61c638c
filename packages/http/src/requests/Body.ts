/**
 * The body of a request. It is read within its limits and parsed once, before any schema reads another part of the request, and
 * decoded by the schema of the endpoint.
 */
import * as ByteSize from "effect/ByteSize"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiError from "effect/http-api/HttpApiError"
import { ParsedBody } from "./Boundaries.ts"
import { isAbsent, OptionalBody } from "./OptionalBody.ts"
import { strict } from "./Strictness.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as Violations from "../problems/Violations.ts"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** A shorter body cannot have more members than are allowed. */
const LONG_FROM_BYTES = 1_000

/** The body as JSON; `undefined` if there is none. */
const readJson = Effect.fnUntraced(function* (maxBytes: number) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const tooLarge = () => new BoundaryProblems.PayloadTooLarge({ maxBytes })
  if (Number(request.headers["content-length"]) > maxBytes) return yield* tooLarge()
  const bytes = yield* request.arrayBuffer.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maxBytes)),
    Effect.mapError(({ reason }) =>
      reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
        ? tooLarge()
        : new BoundaryProblems.MalformedJson()
    )
  )
  if (bytes.byteLength === 0) return undefined
  const json = yield* Effect.try({
    try: () => JSON.parse(utf8.decode(bytes)) as unknown,
    catch: () => new BoundaryProblems.MalformedJson()
  })
  const wide = bytes.byteLength > LONG_FROM_BYTES ? Violations.tooWide(json) : undefined
  return wide === undefined ? json : yield* new BoundaryProblems.ValidationFailed({ violations: [wide] })
})

/** The problem of a body at an endpoint that takes none. `{}` counts as no body. */
const unexpected = (json: unknown): BoundaryProblems.ValidationFailed | undefined => {
  const refuse = (pointer: string, rule: string) => ({ in: "body" as const, pointer, rule })
  if (json === undefined) return undefined
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return new BoundaryProblems.ValidationFailed({ violations: [refuse("", "Expected no body")] })
  }
  const violations = Object.keys(json).map((name) =>
    refuse(Violations.toPointer([name]), "Expected no excess property")
  )
  return violations.length === 0
    ? undefined
    : new BoundaryProblems.ValidationFailed({ violations: Violations.listed(violations) })
}

/** The body as JSON. Refuses a body whose size, type or form the endpoint does not take. */
export const read = Effect.fnUntraced(function* (
  maxBodyBytes: number,
  { annotations, payload }: Pick<HttpApiEndpoint.Top, "annotations" | "payload">
) {
  const request = yield* HttpServerRequest.HttpServerRequest
  if (Context.get(annotations, OptionalBody) && isAbsent(request)) return {}
  const supported = [...payload.keys()]
  if (supported.length > 0) {
    const mediaType = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? ""
    if (!supported.includes(mediaType)) return yield* new BoundaryProblems.UnsupportedMediaType({ supported })
  }
  const json = yield* readJson(maxBodyBytes)
  if (supported.length > 0 && json === undefined) return yield* new BoundaryProblems.MalformedJson()
  const refused = supported.length === 0 ? unexpected(json) : undefined
  return refused === undefined ? json : yield* refused
})

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
