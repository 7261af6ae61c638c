/**
 * The headers of the answers of an operation, by what the endpoint is and by the status.
 */
import * as Context from "effect/Context"
import type * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import { WriteBoundary } from "../requests/Boundaries.ts"
import { Credential } from "../credentials/Credential.ts"
import { headerName } from "./HeaderNames.ts"
import type { Header, Response } from "./Json.ts"

/** An annotation of an endpoint whose answer 200 has the header `Store-Clock-Offset`. */
export const TellsClockOffset = Context.Reference<boolean>("@turnout/TellsClockOffset", { defaultValue: () => false })

/** An annotation of an endpoint whose answers that succeed may set the cookie of a session, or take it away. */
export const SetsCookie = Context.Reference<boolean>("@turnout/SetsCookie", { defaultValue: () => false })

const WORDS: Readonly<Record<string, string>> = {
  "cache-control": "Forbids caches to keep the answer, which has personal data",
  "content-disposition": "The name of a file to save the answer in",
  location: "The path of what was created"
}

const text = (description: string, schema: Readonly<Record<string, unknown>> = {}, required = false): Header => ({
  description,
  required,
  schema: { type: "string", ...schema }
})

/** The headers that many answers have, as components of a document. */
const SHARED = {
  "X-Request-Id": text(
    "The id of the request: its own X-Request-Id, if that is 1 to 128 visible ASCII characters without quotes, or else a new one",
    { minLength: 1, maxLength: 128, pattern: "^[!#-&(-~]+$" },
    true
  ),
  "Idempotent-Replayed": text("`true` if this is the answer that was given to the same request before", {
    enum: ["true"]
  }),
  "Retry-After": {
    description: "The number of seconds after which to try again",
    required: false,
    schema: { type: "integer", minimum: 1 }
  },
  RateLimit: text(
    "The limit that is nearest to its end: its name, what remains of it, and the seconds until it is whole again",
    {
      pattern: '^"[a-z0-9-]+";r=\\d+;t=\\d+$'
    }
  ),
  "RateLimit-Policy": text("The same limit: its name, the most requests in a window, and the window in seconds", {
    pattern: '^"[a-z0-9-]+";q=\\d+;w=\\d+$'
  }),
  "WWW-Authenticate": text(
    "The kind of credentials that the API takes, with an error if the one that was sent is not valid",
    { enum: ["Bearer", 'Bearer error="invalid_token"'] },
    true
  ),
  "Store-Clock-Offset": {
    description:
      "The milliseconds by which the clock of the store, which decides, is ahead of that of the process; below 0 if it is behind",
    required: false,
    schema: { type: "integer" }
  },
  "Content-Encoding": text("The coding of the answer, if it is long and the request accepts one", {
    enum: ["br", "gzip"]
  }),
  Vary: text(
    "The headers of requests by which answers differ; origin, if the server lists origins, and accept-encoding, if the answer is long enough to be compressed",
    {
      enum: [
        "authorization, cookie",
        "authorization, cookie, accept-encoding",
        "authorization, cookie, origin",
        "authorization, cookie, origin, accept-encoding"
      ]
    }
  ),
  "Cache-Control": text(
    "Whether caches may keep the answer and ask each time whether it is still so; an answer that may be personal, or to a request with a credential, is kept by nobody",
    { enum: ["private, no-store", "public, no-cache"] }
  ),
  "Set-Cookie": text("Sets the cookie of a session, or takes it away, if the request has sent or asked for it")
} as const satisfies Readonly<Record<string, Header>>

const PREFIX = "#/components/headers/"

/** The shared headers that a part of a document refers to. */
export const referredTo = (part: unknown): Readonly<Record<string, Header>> => {
  const json = JSON.stringify(part)
  return Object.fromEntries(Object.entries(SHARED).filter(([name]) => json.includes(`"${PREFIX}${name}"`)))
}

/** The statuses of answers that are remembered under an idempotency key, and so may be given again. */
const REMEMBERED = /^(?:2..|409|412)$/

const isJson = ({ content = {} }: Response): boolean => "application/json" in content

/** The names of the shared headers that answers of this status have. */
const sharedBy = (
  status: string,
  response: Response,
  endpoint: HttpApiEndpoint.Top
): ReadonlyArray<keyof typeof SHARED> => {
  const isWrite = endpoint.middlewares.has(WriteBoundary)
  const isKeptByNobody = "cache-control" in (response.headers ?? {})
  const isTagged = "etag" in (response.headers ?? {})
  const names: Readonly<Record<keyof typeof SHARED, boolean>> = {
    "X-Request-Id": true,
    "Idempotent-Replayed": isWrite && REMEMBERED.test(status),
    RateLimit: endpoint.middlewares.has(Credential as never),
    "RateLimit-Policy": endpoint.middlewares.has(Credential as never),
    "Retry-After": status === "503" || status === "429" || (isWrite && status === "409"),
    "WWW-Authenticate": status === "401",
    "Store-Clock-Offset": status === "200" && Context.get(endpoint.annotations, TellsClockOffset),
    "Content-Encoding": status === "200" && isJson(response) && !isTagged,
    Vary: !isKeptByNobody,
    "Cache-Control": !isKeptByNobody,
    "Set-Cookie": status === "401" || (status < "300" && Context.get(endpoint.annotations, SetsCookie))
  }
  return Object.keys(SHARED).filter((name): name is keyof typeof SHARED => names[name as keyof typeof SHARED])
}

/** The response of an operation with all of its headers, each of which has a description. */
export const complete = (status: string, response: Response, endpoint: HttpApiEndpoint.Top): Response => {
  const own = Object.entries(response.headers ?? {}).map(([name, header]) => {
    const description = WORDS[name]
    return [headerName(name), description === undefined ? header : { description, ...header }] as const
  })
  const shared = sharedBy(status, response, endpoint).map((name) => [name, { $ref: PREFIX + name }] as const)
  return { ...response, headers: Object.fromEntries([...own, ...shared]) }
}
