/**
 * RFC 9457 problems made from tagged error classes.
 *
 * `problem(Class, { status, code, title })` is a schema whose decoded side is the error class itself and whose encoded side
 * is `{ type, title, status, code, detail, ...facts }` as `application/problem+json`. An endpoint lists it among its
 * errors; then the server writes it, the OpenAPI document shows it, and the derived client reads it back as the class.
 * `code` is stable: programs should decide by it. `title` and `detail` are for people and may be reworded.
 *
 * | status | meaning |
 * | --- | --- |
 * | 400 | the request itself is wrong; sending it again is of no use |
 * | 401, 403 | the credential is missing or not valid; it does not allow this, or comes from another site |
 * | 404, 405 | there is no such resource; the resource does not have this method |
 * | 406, 408 | the client takes no coding that the page has; the request did not arrive in time |
 * | 409 | the state of the event does not allow the command |
 * | 410 | the sign-in link is none, was used, or is too old |
 * | 412 | the event itself has changed since the version that the caller has seen |
 * | 413, 415 | the body is too large; the body is of another media type |
 * | 414, 417, 431 | the path is too long; the expectation cannot be met; the headers are too large |
 * | 422 | the idempotency key was used for another payload |
 * | 500 | an unexpected failure |
 * | 501, 505 | no resource of the server has the method; the server does not speak the version of HTTP |
 * | 503, 504 | the server cannot do it now; it is safe to send the request again with the same idempotency key |
 *
 * The files beside this one have the status, code and title of each problem, sorted by its source: rejections of commands (by
 * noun, in `rejections`), the boundary, the protocol, the store, the server, operators. No other file knows the status of an
 * error.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as ProblemDetails from "effect/http/ProblemDetails"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import type { Answer } from "../pipeline/answers/Answer.ts"

/** The type of a class that is declared by `class X extends TaggedError<X>()("X", { … })`. */
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

/** A field of several problems: the part of the request that was done before it failed. Absent if nothing has changed. */
export const done = described(
  "The part of the request that was done before it failed, and stays done. Absent if nothing has changed",
  Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
)

/** A member of problems of the server itself, by which operators find the request in the log. */
const requestId = described(
  "The id of the request, which the log has as well: the X-Request-Id of the answer",
  Schema.optionalKey(Schema.String)
)

const MEMBERS = ["type", "title", "status", "code", "detail", "instance", "requestId"]

const typeOf = (code: string): string => `urn:turnout:problem:${code}`

/**
 * A field that is documented and written as `value`, and read leniently, so that a title can be reworded without breaking a
 * client.
 */
const fixed = <const L extends string | number>(value: L) =>
  Schema.tag(value).pipe(Schema.catchDecoding(() => Effect.succeedSome(value)))

/** What makes the documents of the problems, by their error classes. */
const problems = new WeakMap<object, (error: unknown) => unknown>()

export const problem = <E extends ErrorClass>(error: E, { code, status, title }: Declaration): Problem<E> => {
  const { _tag, ...facts } = error.fields
  const clash = MEMBERS.find((name) => name in facts)
  if (clash !== undefined) throw new Error(`${error.identifier}.${clash} is the name of a problem member`)
  const members = { type: typeOf(code), title, status, code }
  const wire = Schema.Struct({
    type: described("The kind of the problem, as a URI", fixed(members.type)),
    title: described("The kind of the problem, for people", fixed(title)),
    status: described("The HTTP status of the answer", fixed(status)),
    code: described("The stable name of the kind of problem, for programs to decide by", Schema.tag(code)),
    detail: described("What happened, for people", Schema.optionalKey(Schema.String)),
    ...facts,
    ...(status < 500 ? {} : { requestId })
  }).annotate({ identifier: `${error.identifier}Problem`, description: title })
  const names = Object.keys(facts)
  const pick = (source: Record<string, unknown>) =>
    Object.fromEntries(names.filter((name) => source[name] !== undefined).map((name) => [name, source[name]]))
  const schema = wire.pipe(
    Schema.decodeTo(
      Schema.toType(error).annotate({ description: title }),
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
  problems.set(error, Schema.encodeUnknownSync(Schema.toCodecJson(schema) as unknown as Schema.Codec<unknown>))
  return schema as unknown as Problem<E>
}

/** The problem document of an error. */
export const documentOf = <E>(problem: Schema.Codec<E, unknown>, error: E): ProblemDetails.ProblemDetails =>
  Schema.encodeSync(problem)(error) as ProblemDetails.ProblemDetails

/** The answer that tells of a problem. */
const telling = (problem: ProblemDetails.ProblemDetails): Answer => ({
  status: problem.status!,
  headers: { "content-type": ProblemDetails.contentType },
  problem
})

/** The answer to an error. */
export const answer = <E>(problem: Schema.Codec<E, unknown>, error: E): Answer => telling(documentOf(problem, error))

/** The answer to an error of any class that is declared as a problem; `undefined` if it is none. */
export const answerTo = (error: unknown): Answer | undefined => {
  const declared = typeof error === "object" && error !== null ? problems.get(error.constructor) : undefined
  return declared === undefined ? undefined : telling(declared(error) as ProblemDetails.ProblemDetails)
}

/** The answer to a problem outside of any endpoint that has no error class, such as an unknown route. */
export const response = ({ code, status, title }: Declaration): Answer =>
  telling({ type: typeOf(code), title, status, code })
