/**
 * An operation: an endpoint of an API with its handler, and with all that its definition says made ready once: how the parts of its
 * requests are decoded, and how its answers are encoded.
 */
import type { AnyAction } from "@turnout/core/access/domain/policy/Action"
import * as Context from "effect/Context"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import type * as Stream from "effect/Stream"
import * as HttpApi from "effect/http-api/HttpApi"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as Violations from "../problems/Violations.ts"
import type * as Body from "../requests/Body.ts"
import { BodyBoundary, Boundary, OptionalBody, WriteBoundary } from "../requests/Boundaries.ts"
import { MayBeShared } from "../credentials/Caching.ts"
import { Credential } from "../credentials/Credential.ts"
import * as Answer from "./answers/Answer.ts"
import type { Exchange } from "./Exchange.ts"
import type { AnyHandler } from "./Handlers.ts"

/** The values of the query by their names. */
export type Query = Readonly<Record<string, string | ReadonlyArray<string>>>

export interface Operation {
  readonly endpoint: HttpApiEndpoint.Top
  /** The name of the operation in the document of the API, which the policy decides by. */
  readonly action: AnyAction
  readonly handler: AnyHandler
  /** Whether the operation is behind the policy. */
  readonly isGuarded: boolean
  /** Whether it has a deadline; an operation without one sees to its time itself. */
  readonly hasDeadline: boolean
  /** Whether its answers have nothing personal in them. */
  readonly mayBeShared: boolean
  /** Whether it is a write, which needs an idempotency key. */
  readonly isWrite: boolean
  /** What it takes as a body; `undefined` if nobody looks for one. */
  readonly body: Body.Expected | undefined
  /** Decodes a request, of which `json` is the body. */
  readonly decode: (
    exchange: Exchange,
    query: Query,
    json: unknown
  ) => Result.Result<Readonly<Record<string, unknown>>, BoundaryProblems.ValidationFailed>
  /** Encodes what the handler has given. Throws if it is not what the definition says. */
  readonly encode: (value: unknown) => Answer.Answer
}

type AnyCodec = Schema.Codec<unknown, unknown>

const PARTS = { params: "path", headers: "header", query: "query", payload: "body" } as const

interface Decoder {
  readonly part: keyof typeof PARTS
  readonly decode: (input: unknown) => Result.Result<unknown, Schema.SchemaError>
}

const decoderOf = (
  part: keyof typeof PARTS,
  schema: Schema.Top | undefined,
  options: SchemaAST.ParseOptions | undefined
): ReadonlyArray<Decoder> =>
  schema === undefined ? [] : [{ part, decode: Schema.decodeUnknownResult(schema as AnyCodec, options) }]

/** The decoders of the parts of a request, in the order in which they are asked. */
const decodersOf = (
  { headers, params, payload, query }: HttpApiEndpoint.Top,
  annotations: Context.Context<never>
): ReadonlyArray<Decoder> => {
  const get = <I>(options: Context.Key<I, SchemaAST.ParseOptions>) =>
    Context.getOrUndefined(annotations, options as never) as SchemaAST.ParseOptions | undefined
  const bodies = [...payload.values()].flatMap(({ schemas }) => schemas)
  return [
    ...decoderOf("params", params, get(HttpApi.ParamsParseOptions)),
    ...decoderOf("headers", headers, get(HttpApi.HeadersParseOptions)),
    ...decoderOf(
      "query",
      query === undefined ? undefined : Schema.toCodecArrayFromSingle(query),
      get(HttpApi.QueryParseOptions)
    ),
    ...decoderOf(
      "payload",
      bodies.length === 0 ? undefined : (Schema.Union(bodies) as never),
      get(HttpApi.PayloadParseOptions)
    )
  ]
}

/** A text with headers, as a handler gives it. */
interface WithHeaders {
  readonly body: unknown
  readonly headers: unknown
}

/** Encodes the content of an answer. */
const encoderOf = (schema: Schema.Top, status: number): ((value: unknown) => Answer.Answer) => {
  // The schema of a stream has no content of its own, so it is told apart first.
  if ("contentType" in schema) {
    const headers = { "content-type": String(schema.contentType) }
    return (value) => ({ status, headers, body: value as Stream.Stream<Uint8Array> })
  }
  if (HttpApiSchema.isNoContent(schema.ast)) return () => Answer.empty(status)
  const encode = Schema.encodeUnknownSync(schema as AnyCodec)
  return (value) => Answer.json(status, encode(value))
}

/** Encodes what a handler gives by the one success that each endpoint has. */
const successOf = (endpoint: HttpApiEndpoint.Top, status: number): ((value: unknown) => Answer.Answer) => {
  const [schema = HttpApiSchema.NoContent, another] = endpoint.success
  if (another !== undefined) throw new Error(`${endpoint.identifier} has more than one success`)
  if (!HttpApiSchema.isWithHeaders(schema)) return encoderOf(schema, status)
  const content = encoderOf(schema.schema, status)
  const encodeHeaders = Schema.encodeUnknownSync(schema.headers as AnyCodec)
  return (value) => {
    const { body, headers } = value as WithHeaders
    return Answer.withHeaders(content(body), encodeHeaders(headers) as Record<string, string>)
  }
}

/** Makes the operation of an endpoint. `annotations` are those of the endpoint, its group and its API, `status` is that of its success. */
export const make = (
  endpoint: HttpApiEndpoint.Top,
  annotations: Context.Context<never>,
  status: number,
  handler: AnyHandler
): Operation => {
  const decoders = decodersOf(endpoint, annotations)
  const { middlewares, payload } = endpoint
  const isWrite = middlewares.has(WriteBoundary as never)
  const takes = { mediaTypes: [...payload.keys()], mayBeAbsent: Context.get(annotations, OptionalBody) }
  return {
    endpoint,
    action: Context.getOrUndefined(endpoint.annotations, OpenApi.Identifier) as AnyAction,
    handler,
    isGuarded: middlewares.has(Credential as never),
    isWrite,
    mayBeShared: Context.get(endpoint.annotations, MayBeShared),
    hasDeadline: middlewares.has(Boundary as never),
    body: isWrite || middlewares.has(BodyBoundary as never) ? takes : undefined,
    decode: ({ headers, params }, query, json) => {
      const given = { params, headers, query, payload: json }
      const request: Record<string, unknown> = {}
      for (const { decode, part } of decoders) {
        const decoded = decode(given[part])
        if (Result.isFailure(decoded))
          return Result.fail(
            new BoundaryProblems.ValidationFailed({
              violations: Violations.fromIssue(PARTS[part], decoded.failure.issue)
            })
          )
        request[part] = decoded.success
      }
      return Result.succeed(request)
    },
    encode: successOf(endpoint, status)
  }
}
