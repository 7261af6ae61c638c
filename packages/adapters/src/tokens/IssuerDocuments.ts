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
export class KeysUnavailable extends TaggedError<KeysUnavailable>()("KeysUnavailable", { words: Schema.String }) {
  override get message(): string {
    return this.words
  }
}

const MAX_WORDS = 500

const failed = (url: string, cause: unknown): KeysUnavailable => {
  const { code, message, name } = Object(cause) as Partial<Error & { readonly code: string }>
  const parts = [...new Set([code ?? name, message])].filter(
    (part) => part !== undefined && part !== "Error" && part !== ""
  )
  return new KeysUnavailable({ words: visible(storable(`${url}: ${parts.join(": ")}`, MAX_WORDS)) })
}

interface Answer {
  readonly status: number
  /** The text of an answer with the status 200, and nothing of another. */
  readonly text: string
}

const get = async (dispatcher: Agent, url: string, signal: AbortSignal): Promise<Answer> => {
  const { body, statusCode: status } = await request(url, {
    dispatcher,
    signal,
    // A cache on the way could keep a key that was revoked.
    headers: { accept: "application/json", "cache-control": "no-cache", "user-agent": "Turnout-Tokens" }
  })
  if (status !== 200) {
    body.on("error", () => {}).destroy()
    return { status, text: "" }
  }
  const pieces: Array<Buffer> = []
  let bytes = 0
  // Leaving the loop closes the connection.
  for await (const piece of body as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > MAX_DOCUMENT_BYTES) throw new Error(`the answer has more than ${MAX_DOCUMENT_BYTES / 1_024} KiB`)
    pieces.push(piece)
  }
  return { status, text: Buffer.concat(pieces).toString() }
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

/** Fetches the keys of an issuer, with the metadata that names them. */
export type FetchKeys = (issuer: TokenIssuer) => Effect.Effect<ReadonlyArray<KeySet.VerifyingKey>, KeysUnavailable>

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
    if (named !== issuer) return yield* failed(url, new Error(`the answer is about another issuer than ${issuer}`))
    if (typeof keys !== "string") return yield* failed(url, new Error("the answer names no keys (jwks_uri)"))
    const problem = urlProblemOf(keys)
    return problem === undefined ? keys : yield* failed(url, new Error(`jwks_uri ${problem}`))
  })

  return Effect.fnUntraced(function* (issuer) {
    const url = issuer.jwksUrl ?? (yield* keysUrlOf(issuer))
    const document = yield* readJson(url, yield* answerOf(url))
    return yield* Effect.tryPromise({
      try: () => KeySet.read(document, issuer.algorithms),
      catch: (cause) => failed(url, cause)
    })
  })
})
