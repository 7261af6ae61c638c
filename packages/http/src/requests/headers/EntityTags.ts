/**
 * The entity tags of events (RFC 9110, 8.8.3), `If-None-Match` (13.1.2), which spares an answer that the client has, and `If-Match`
 * (13.1.1), which keeps one change from undoing another.
 *
 * The tag of an event is its version, so it is another as soon as anything in the answer is, and a cache can rely on it. A write
 * with `If-Match` is refused if the event itself has changed since the version in the tag: its details, its capacity or its
 * status. Registrations change the tag, and refuse no write: a form that is open can be saved while people register.
 */
import type { Answer } from "@turnout/core/admission/domain/model/Outcome"
import type { Expecting } from "@turnout/core/admission/domain/model/event/EventVersion"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Context from "effect/Context"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import type { RequestHeaders } from "../../pipeline/Exchange.ts"
import type { Violation } from "../../problems/BoundaryProblems.ts"

/** The tag of an event in a version. */
export const tagOf = ({ version }: { readonly version: number }): string => `"${version}"`

/** The tag of the event that an answer is about; `undefined` if it is about none, or does not say its version. */
export const tagIn = (answer: Answer): string | undefined => {
  if (Result.isFailure(answer)) return answer.failure._tag === "VersionConflict" ? tagOf(answer.failure) : undefined
  return "event" in answer.success ? tagOf(answer.success.event) : undefined
}

/** The most tags in a header. */
const MAX_TAGS = 20

/** The next element of a list: a tag, which is weak with `W/`, or nothing. */
const ELEMENT = /[\t ]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[\t ]*)?(?:,|$)/y

/** The strong tags of a header, without their quotes; `undefined` if it is no list of one to `MAX_TAGS` tags. */
const strongTags = (header: string): ReadonlyArray<string> | undefined => {
  const strong: Array<string> = []
  let count = 0
  ELEMENT.lastIndex = 0
  do {
    const element = ELEMENT.exec(header)
    if (element === null) return undefined
    const [, weak, opaque] = element
    if (opaque === undefined) continue
    count += 1
    // No weak tag is ever equal to another tag in the comparison that `If-Match` prescribes.
    if (weak === undefined) strong.push(opaque)
  } while (ELEMENT.lastIndex < header.length)
  return count === 0 || count > MAX_TAGS ? undefined : strong
}

/** Tells whether `If-None-Match` names a tag, by weak comparison. */
export const isNamedBy = (header: string, tag: string): boolean =>
  header === tag ||
  header.trim() === "*" ||
  Array.from(header.matchAll(/(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g)).some(([, one]) => one === tag)

/** Tells whether a client has the answer to its request already, whose tag is this one. */
export const isUnmodified = (
  { headers, method }: { readonly headers: RequestHeaders; readonly method: string },
  tag: string | undefined
): boolean => {
  const known = headers["if-none-match"]
  return known !== undefined && tag !== undefined && (method === "GET" || method === "HEAD") && isNamedBy(known, tag)
}

const VERSION = /^[1-9]\d{0,15}$/

/**
 * The versions in a header: those in the tags that this server may have given. `any` stands for `*`, which every event matches.
 */
const versionsIn = (header: string): ReadonlyArray<number> | "any" | undefined =>
  header.trim() === "*"
    ? "any"
    : strongTags(header)
        ?.filter((tag) => VERSION.test(tag))
        .map(Number)
        .filter(Number.isSafeInteger)

const IfMatch = Schema.String.check(
  Schema.makeFilter(
    (header) =>
      versionsIn(header) !== undefined || `must be * or 1 to ${MAX_TAGS} entity tags in double quotes, such as "42"`
  )
)

/** The header of writes about an event itself. */
export const ifMatch = {
  "if-match": described(
    `The ETag of the event that the change is based on, such as "42"; up to ${MAX_TAGS} of them; or *, which asks for nothing. If the event itself has changed since, the answer is 412`,
    Schema.optionalKey(IfMatch),
    { examples: ["*"] }
  )
}

/** What `If-Match` expects of the event of a command. The schema has accepted the header. */
export const expecting = ({ "if-match": header }: { readonly "if-match"?: string }): Expecting => {
  const versions = header === undefined ? "any" : versionsIn(header)
  return versions === "any" || versions === undefined ? {} : { expectedVersions: versions }
}

/** Whether an endpoint heeds `If-Match`. */
export const HeedsIfMatch = Context.Reference<boolean>("@turnout/HeedsIfMatch", { defaultValue: () => false })

/** The violations of a write with a condition that its endpoint does not heed: it would be carried out against the condition. */
export const unheeded = (
  headers: Readonly<Record<string, string | undefined>>,
  { annotations }: Pick<HttpApiEndpoint.Top, "annotations">
): ReadonlyArray<Violation> =>
  ["if-match", "if-none-match"]
    .filter((name) => headers[name] !== undefined && !(name === "if-match" && Context.get(annotations, HeedsIfMatch)))
    .map((name) => ({ in: "header", pointer: `/${name}`, rule: "is not heeded by this write; leave it out" }))

const ETAG = {
  etag: {
    description: "The version of the event, as If-Match takes it",
    required: true,
    schema: { type: "string", pattern: '^"[1-9][0-9]*"$', examples: ['"42"'] }
  }
}

/** Documents the header `ETag` in the answers of an operation that show an event, or say its version. */
export const describeEntityTag = (operation: Record<string, unknown>): Record<string, unknown> => {
  const responses = operation["responses"] as Readonly<Record<string, { readonly headers?: object }>>
  return {
    ...operation,
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [
        status,
        ["200", "201", "412"].includes(status) ? { ...response, headers: { ...response.headers, ...ETAG } } : response
      ])
    )
  }
}

const UNMODIFIED = { description: "The event is in the version that the client has", headers: ETAG }

const IF_NONE_MATCH = {
  name: "If-None-Match",
  in: "header",
  required: false,
  description:
    "The ETag of the event that the client has: if that is still its version, the answer is 304, without the event",
  schema: { type: "string", examples: ['"42"'] }
}

/** The same for an operation that reads an event, and heeds `If-None-Match`. */
export const describeReading = (operation: Record<string, unknown>): Record<string, unknown> => {
  const {
    parameters = [],
    responses,
    ...rest
  } = describeEntityTag(operation) as {
    readonly parameters?: ReadonlyArray<object>
    readonly responses: object
  }
  return { ...rest, parameters: [...parameters, IF_NONE_MATCH], responses: { ...responses, 304: UNMODIFIED } }
}
