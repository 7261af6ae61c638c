/**
 * The documents of an issuer: its metadata, which names its keys (OpenID Connect Discovery 1.0, and RFC 8414), and its keys.
 *
 * A request follows no redirect, ends after `REQUEST_MILLIS`, and takes no more than `MAX_DOCUMENT_BYTES`. Everything but a document with
 * the status 200 is a failure. Metadata that is not that of the issuer itself is a failure too.
 */
import { type TokenIssuer, urlProblemOf } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { storable } from "@turnout/core/kernel/domain/Text"
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Agent, request } from "undici"
import * as KeySet from "./KeySet.ts"

/** How long a request may take, with its body. */
export const REQUEST_MILLIS = 5_000
/** The largest document that is read. */
export const MAX_DOCUMENT_BYTES = 256 * 1_024
/** The most connections to a server. */
const CONNECTIONS = 2

/** The keys could not be fetched. `words` can be shown to operators. */
export class KeysUnavailable extends TaggedError<KeysUnavailable>()("KeysUnavailable", {
  words: Schema.String,
  /** How the metadata names their issuer, if that is the reason: otherwise than the settings. */
  otherIssuer: Schema.NullOr(Schema.String)
}) {
  override get message(): string {
    return this.words
  }
}

const MAX_WORDS = 500

/** Words as they can be shown, however long and strange they are. */
const shown = (words: string): string => visible(storable(words, MAX_WORDS))

const failed = (url: string, cause: unknown): KeysUnavailable => {
  const { code, message, name } = Object(cause) as Partial<Error & { readonly code: string }>
  const parts = [...new Set([code ?? name, message])].filter(
    (part) => part !== undefined && part !== "Error" && part !== ""
  )
  return new KeysUnavailable({ words: shown(`${url}: ${parts.join(": ")}`), otherIssuer: null })
}

const ofAnother = (url: string, issuer: string, named: unknown): KeysUnavailable =>
  new KeysUnavailable({
    words: shown(`${url}: the answer is about another issuer than ${issuer}`),
    otherIssuer: typeof named === "string" ? shown(named) : null
  })

interface Answer {
  readonly status: number
  /** The text of an answer with the status 200, and nothing of another. */
  readonly text: string
  /** The time of the server by its header `Date`, which is to the second, in milliseconds; `null` if it does not tell the time. */
  readonly at: number | null
}

type Headers = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** The time of a server. A cache on the way has kept an answer for a while (`Age`) since the server told the time (RFC 9111, 4.2.3). */
const timeOf = ({ age = "0", date }: Headers): number | null => {
  const [at, seconds] = [Date.parse(String(date)), Number(age)]
  return Number.isNaN(at + seconds) ? null : at + seconds * 1_000
}

const get = async (dispatcher: Agent, url: string, signal: AbortSignal): Promise<Answer> => {
  const {
    body,
    headers,
    statusCode: status
  } = await request(url, {
    dispatcher,
    signal,
    // A cache on the way could keep a key that was revoked.
    headers: { accept: "application/json", "cache-control": "no-cache", "user-agent": "Turnout-Tokens" }
  })
  if (status !== 200) {
    body.on("error", () => {}).destroy()
    return { status, text: "", at: null }
  }
  const pieces: Array<Buffer> = []
  let bytes = 0
  // Leaving the loop closes the connection.
  for await (const piece of body as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > MAX_DOCUMENT_BYTES) throw new Error(`the answer has more than ${MAX_DOCUMENT_BYTES / 1_024} KiB`)
    pieces.push(piece)
  }
  return { status, text: Buffer.concat(pieces).toString(), at: timeOf(headers) }
}

/** The URLs at which an issuer may have its metadata, in the order in which they are asked. */
const metadataUrls = (issuer: string): readonly [openid: string, oauth: string] => {
  const url = new URL(issuer)
  const path = url.pathname.replace(/\/$/, "")
  return [
    `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
    `${url.origin}/.well-known/oauth-authorization-server${path}`
  ]
}

/** How far the clock of a server is ahead of that of this machine, within some milliseconds more or less. */
export interface ClockDifference {
  readonly aheadMillis: number
  readonly withinMillis: number
}

/** `Date` is cut to the second. */
const HALF_A_SECOND = 500

const differenceOf = (at: number, before: number, after: number): ClockDifference => ({
  aheadMillis: Math.round(at + HALF_A_SECOND - (before + after) / 2),
  withinMillis: Math.ceil(HALF_A_SECOND + (after - before) / 2)
})

/** The keys of an issuer, and what was seen of its server. */
export interface Fetched {
  readonly keys: ReadonlyArray<KeySet.VerifyingKey>
  /** The URL of the keys. */
  readonly url: string
  /** The number of keys in the set, with those that are passed over. */
  readonly published: number
  /** The difference of the clocks; `null` if the server does not tell the time. */
  readonly clock: ClockDifference | null
}

/** Fetches the keys of an issuer, with the metadata that names them. */
export type FetchKeys = (issuer: TokenIssuer) => Effect.Effect<Fetched, KeysUnavailable>

/** Fetches by HTTP, with connections that are closed with the scope. */
export const make: Effect.Effect<FetchKeys, never, Scope.Scope> = Effect.gen(function* () {
  const agent = yield* Effect.acquireRelease(
    // Connections are used once: the next request is minutes away, and would meet one that the server has closed meanwhile.
    Effect.sync(() => new Agent({ connections: CONNECTIONS, pipelining: 0, connect: { timeout: REQUEST_MILLIS } })),
    (agent) => Effect.promise(() => agent.destroy())
  )

  const answerOf = (url: string): Effect.Effect<Answer, KeysUnavailable> =>
    Effect.tryPromise({ try: (signal) => get(agent, url, signal), catch: (cause) => failed(url, cause) }).pipe(
      Effect.timeoutOrElse({
        duration: REQUEST_MILLIS,
        orElse: () => Effect.fail(failed(url, new Error(`no answer within ${REQUEST_MILLIS} milliseconds`)))
      })
    )

  const readJson = (url: string, { status, text }: Answer): Effect.Effect<unknown, KeysUnavailable> =>
    status === 200
      ? Effect.try({
          try: () => JSON.parse(text) as unknown,
          catch: () => failed(url, new Error("the answer is no JSON"))
        })
      : Effect.fail(failed(url, new Error(`HTTP ${status}`)))

  /** The URL of the keys, by the metadata at the first of the two places that has some. */
  const keysUrlOf = Effect.fnUntraced(function* ({ issuer }: TokenIssuer): Effect.fn.Return<string, KeysUnavailable> {
    const [openid, oauth] = metadataUrls(issuer)
    const first = yield* answerOf(openid)
    const [url, answer] = first.status === 404 ? [oauth, yield* answerOf(oauth)] : [openid, first]
    const { issuer: named, jwks_uri: keys } = Object(yield* readJson(url, answer)) as Record<string, unknown>
    if (named !== issuer) return yield* ofAnother(url, issuer, named)
    if (typeof keys !== "string") return yield* failed(url, new Error("the answer names no keys (jwks_uri)"))
    const problem = urlProblemOf(keys)
    return problem === undefined ? keys : yield* failed(url, new Error(`jwks_uri ${problem}`))
  })

  return Effect.fnUntraced(function* (issuer) {
    const url = issuer.jwksUrl ?? (yield* keysUrlOf(issuer))
    const before = yield* Clock.currentTimeMillis
    const answer = yield* answerOf(url)
    const after = yield* Clock.currentTimeMillis
    const document = yield* readJson(url, answer)
    const keys = yield* Effect.tryPromise({
      try: () => KeySet.read(document, issuer.algorithms),
      catch: (cause) => failed(url, cause)
    })
    const { length: published } = (document as { readonly keys: ReadonlyArray<unknown> }).keys
    return { keys, url, published, clock: answer.at === null ? null : differenceOf(answer.at, before, after) }
  })
})
