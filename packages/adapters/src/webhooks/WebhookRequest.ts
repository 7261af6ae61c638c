/**
 * Requests to webhooks, by the rules of Standard Webhooks (https://www.standardwebhooks.com).
 *
 * A request is made to a public address only, and by https only, unless `allowPrivate`; for a webhook of an organization, it is so in
 * any case, and its log does not tell which private address a name has. Redirects are not followed.
 */
import { storable } from "@turnout/core/kernel/domain/Text"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { type EndpointRule, refusalOf, ruleFor } from "@turnout/core/webhooks/domain/WebhookEndpoint"
import { retryAfterMillis } from "@turnout/core/webhooks/domain/RetryAfter"
import { HEADERS_TO_TELL, type Post, type WebhookAnswer } from "@turnout/core/webhooks/ports/WebhookPost"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { LookupFunction } from "node:net"
import { Webhook as Signer } from "standardwebhooks"
import { Agent, type Dispatcher, request } from "undici"
import * as PublicAddress from "./PublicAddress.ts"

export interface RequestOptions {
  /** For webhooks of the installation. */
  readonly allowPrivate: boolean
  /** How long the status and the headers of an answer may take. */
  readonly timeoutMillis: number
  /** The most connections to each server. */
  readonly connections: number
  /** Resolves names, and fails for those that lead to a private address. Default: as Node resolves them. */
  readonly lookup?: LookupFunction
}

type Body = Dispatcher.ResponseData["body"]

/**
 * How much of a body is received, and for how long once nobody wants more of it. A connection whose body has not ended by then
 * is cut; otherwise, it is used again.
 */
const RECEIVED = { bytes: 64 * 1_024, millis: 1_000 }

/** A body that is received from now on: what has come when it breaks off is there. */
const receive = (body: Body) => {
  const pieces: Array<Buffer> = []
  let bytes = 0
  let isOver = false
  let wake = () => {}
  const keep = (piece: Buffer) => {
    pieces.push(piece)
    bytes += piece.length
    if (bytes >= RECEIVED.bytes) body.pause()
    wake()
  }
  const end = () => {
    isOver = true
    wake()
  }
  // Whatever it breaks off with, its status and headers have come.
  body.on("error", end).on("close", end).on("end", end)
  // What is there already is taken at once: if the body has broken off in the same moment, it would be dropped.
  for (let piece = body.read() as Buffer | null; piece !== null; piece = body.read() as Buffer | null) keep(piece)
  if (bytes < RECEIVED.bytes) body.on("data", keep)
  return {
    read: (take: (piece: Uint8Array) => boolean): Effect.Effect<void> =>
      Effect.callback((resume) => {
        let next = 0
        wake = () => {
          while (next < pieces.length) if (!take(pieces[next++]!)) return resume(Effect.void)
          if (isOver || bytes >= RECEIVED.bytes) resume(Effect.void)
        }
        wake()
        return Effect.sync(() => (wake = () => {}))
      }),
    giveUp: () => {
      if (isOver) return
      body.off("data", keep)
      body.dump({ limit: RECEIVED.bytes, signal: AbortSignal.timeout(RECEIVED.millis) }).catch(() => {})
    }
  }
}

/** The values of a header, one for each time that it was sent. */
const valuesOf = (header: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  header === undefined ? [] : typeof header === "string" ? [header] : header

/** The headers to tell; one that was sent several times has its values joined. */
const told = (headers: Dispatcher.ResponseData["headers"]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    HEADERS_TO_TELL.flatMap((name) => {
      const values = valuesOf(headers[name])
      return values.length === 0 ? [] : [[name, values.join(", ")]]
    })
  )

/** What a failure is called in the log of a webhook, which the members of an organization read. */
const describe = (cause: unknown, organizationId: OrganizationId | null): string => {
  if (organizationId !== null && cause instanceof PublicAddress.PrivateAddress)
    return `${cause.name}: ${PublicAddress.PRIVATE_ADDRESS}`
  const { code, message, name } = Object(cause) as Partial<Error & { readonly code: string }>
  return storable([...new Set([code ?? name, message].filter(Boolean))].join(": "))
}

/** Requests that share connections, for as long as the scope is open. */
export const make = Effect.fnUntraced(function* ({
  allowPrivate,
  connections,
  lookup = PublicAddress.lookup,
  timeoutMillis
}: RequestOptions): Effect.fn.Return<Post, never, Scope.Scope> {
  const connecting = (to: { readonly lookup?: LookupFunction }) =>
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ connections, connect: { timeout: timeoutMillis, ...to } })),
      (agent) => Effect.promise(() => agent.destroy())
    )
  // Connections to private addresses are never those of an organization.
  const toPublic = yield* connecting({ lookup })
  const toAny = allowPrivate ? yield* connecting({}) : toPublic

  const check = (url: URL, rule: EndpointRule): void => {
    const refusal = refusalOf(url, rule)
    if (refusal !== undefined) throw new Error(`the URL ${refusal}`)
  }

  return Effect.fnUntraced(function* (
    { secrets, webhook },
    { at, body, id, traceParent }
  ): Effect.fn.Return<WebhookAnswer, never, Scope.Scope> {
    const { organizationId } = webhook
    const rule = ruleFor(organizationId, { allowPrivate })
    let received: ReturnType<typeof receive> | undefined
    yield* Effect.addFinalizer(() => Effect.sync(() => received?.giveUp()))
    const ask = async (signal: AbortSignal): Promise<WebhookAnswer> => {
      const url = new URL(webhook.url)
      check(url, rule)
      const {
        body: answered,
        headers,
        statusCode: status
      } = await request(url, {
        method: "POST",
        dispatcher: rule.allowPrivate ? toAny : toPublic,
        signal,
        headersTimeout: timeoutMillis,
        bodyTimeout: timeoutMillis,
        headers: {
          "content-type": "application/json",
          "user-agent": "Turnout-Webhooks",
          "webhook-id": id,
          "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
          "webhook-signature": secrets.map((secret) => new Signer(secret).sign(id, at, body)).join(" "),
          ...(traceParent === undefined ? {} : { traceparent: traceParent })
        },
        body
      })
      const { read } = (received = receive(answered))
      const after = retryAfterMillis(
        { retryAfter: valuesOf(headers["retry-after"]), date: valuesOf(headers["date"]) },
        at.getTime()
      )
      const isText = (headers["content-encoding"] ?? "identity") === "identity"
      return {
        status,
        read: (take) => (isText ? read(take) : Effect.void),
        headers: told(headers),
        ...(after === undefined ? {} : { retryAfterMillis: after })
      }
    }
    return yield* Effect.tryPromise({ try: ask, catch: (cause) => describe(cause, organizationId) }).pipe(
      Effect.catch((error) => Effect.succeed<WebhookAnswer>({ status: null, error }))
    )
  })
})
