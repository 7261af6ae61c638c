/**
 * RFC 9457 problems made from tagged error classes.
 *
 * `problem(Class, { status, code, title })` is a schema whose decoded side is the error class itself and whose encoded
 * side is `{ type, title, status, code, detail, ...facts }` as `application/problem+json`. Listed among the errors of an
 * endpoint, it makes the server write it, the OpenAPI document show it, and the derived client read it back as the class.
 * `code` is stable: programs go by it. `title` and `detail` are for people and may be reworded.
 *
 * | status | meaning |
 * | --- | --- |
 * | 400 | the request itself is wrong; sending it again is of no use |
 * | 401, 403 | without the admin token, or by a server that has none |
 * | 404, 405, 413, 415 | no such thing, not with this method, too large, not as this media type |
 * | 406, 408, 414, 417, 431 | not in this coding, not received in time, too long, not expected, too many headers |
 * | 409 | the state of the event does not allow it |
 * | 422 | the idempotency key was used for another payload |
 * | 500 | a failure that nobody foresaw |
 * | 501, 505 | a method that nothing here has, a version of HTTP that is not spoken |
 * | 503, 504 | not now; with the same idempotency key it is safe to send again |
 *
 * Status, code and title of each problem stand in the files beside this one, by what the problem belongs to: rejections of commands,
 * the boundary, the protocol, the store, the server, operators. Nothing else knows the status of an error.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as ProblemDetails from "effect/http/ProblemDetails"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"

/** What `class X extends Schema.TaggedError<X>()("X", { … })` is. */
export type ErrorClass = Schema.Top & {
  // oxlint-disable-next-line typescript/no-explicit-any -- constructors of any error class are meant
  new (facts: any): any
  readonly identifier: string
  readonly fields: { readonly _tag: Schema.Top } & Schema.Struct.Fields
}

export interface Declaration {
  /** HTTP status. */
  readonly status: number
  /** Stable name of the problem, in snake case. */
  readonly code: string
  readonly title: string
}

/** An endpoint error that decodes to the error class. */
export type Problem<E extends ErrorClass> = Schema.Codec<InstanceType<E>, unknown>

/** A fact of several problems: what the request had done, of several things that it asks for, before it failed. Absent if nothing has changed. */
export const done = Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))

const MEMBERS = ["type", "title", "status", "code", "detail", "instance"]

const typeOf = (code: string): string => `urn:turnout:problem:${code}`

/** Documented and written as `value`, and read leniently, so that rewording a title breaks no client. */
const fixed = <const L extends string | number>(value: L) =>
  Schema.tag(value).pipe(Schema.catchDecoding(() => Effect.succeedSome(value)))

export const problem = <E extends ErrorClass>(error: E, { code, status, title }: Declaration): Problem<E> => {
  const { _tag, ...facts } = error.fields
  const clash = MEMBERS.find((name) => name in facts)
  if (clash !== undefined) throw new Error(`${error.identifier}.${clash} is the name of a problem member`)
  const members = { type: typeOf(code), title, status, code }
  const wire = Schema.Struct({
    type: fixed(members.type),
    title: fixed(title),
    status: fixed(status),
    code: Schema.tag(code),
    detail: Schema.optionalKey(Schema.String),
    ...facts
  }).annotate({ identifier: `${error.identifier}Problem`, description: title })
  const names = Object.keys(facts)
  const pick = (source: Record<string, unknown>) =>
    Object.fromEntries(names.filter((name) => source[name] !== undefined).map((name) => [name, source[name]]))
  const schema = wire.pipe(
    Schema.decodeTo(
      Schema.toType(error),
      SchemaTransformation.transform({
        decode: (body: Record<string, unknown>) => new error(pick(body)),
        encode: (instance: Error & Record<string, unknown>) => ({
          ...members,
          ...(instance.message ? { detail: instance.message } : {}),
          ...pick(instance)
        })
      }) as never
    ),
    HttpApiSchema.status(status),
    HttpApiSchema.asJson({ contentType: ProblemDetails.contentType })
  )
  return schema as unknown as Problem<E>
}

/** The document of an error. */
export const documentOf = <E>(problem: Schema.Codec<E, unknown>, error: E): ProblemDetails.ProblemDetails =>
  Schema.encodeSync(problem)(error) as ProblemDetails.ProblemDetails

/** An error outside of any endpoint. */
export const answer = <E>(problem: Schema.Codec<E, unknown>, error: E): HttpServerResponse.HttpServerResponse =>
  ProblemDetails.toResponse(documentOf(problem, error))

/** A problem outside of any endpoint, such as an unknown route. */
export const response = (
  { code, status, title }: Declaration,
  facts: Readonly<Record<string, unknown>> = {}
): HttpServerResponse.HttpServerResponse =>
  ProblemDetails.toResponse({ type: typeOf(code), title, status, code, ...facts })
