/**
 * Requests to webhooks, by the rules of Standard Webhooks (https://www.standardwebhooks.com).
 *
 * A request is made to a public address only, and by https only, unless `allowPrivate`; redirects are not followed.
 */
import { storable } from "@turnout/core/kernel/domain/Text"
import type { WebhookResponse } from "@turnout/core/webhooks/domain/WebhookHealth"
import type { Post } from "@turnout/core/webhooks/ports/WebhookPost"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Webhook as Signer } from "standardwebhooks"
import { Agent, type Dispatcher, request } from "undici"
import { isPublic, literalOf, lookup, PrivateAddress } from "./PublicAddress.ts"

export interface RequestOptions {
  readonly allowPrivate: boolean
  /** How long a request may take. */
  readonly timeoutMillis: number
  /** The most connections to each server. */
  readonly connections: number
}

/** The number of bytes of a response that are kept for the operator. */
const KEPT_BYTES = 500

/** The first part of a response, as text, without waiting for the rest. */
const beginningOf = async (body: Dispatcher.ResponseData["body"]): Promise<string> => {
  const chunks: Array<Buffer> = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= KEPT_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString("utf8")
}

type Header = string | ReadonlyArray<string> | undefined

/**
 * `Retry-After`, in seconds or as a date. A date is by the server's clock, and so is the `Date` of the response that it is
 * compared with.
 */
const retryAfterMillis = (header: Header, date: Header, now: number): number | undefined => {
  if (typeof header !== "string") return undefined
  const dated = typeof date === "string" ? Date.parse(date) : Number.NaN
  const answeredAt = Number.isNaN(dated) ? now : dated
  const millis = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - answeredAt
  return Number.isNaN(millis) || millis < 0 ? undefined : millis
}

const describe = (cause: unknown): string => {
  const { code, message, name } = Object(cause) as Partial<Error & { readonly code: string }>
  return storable([...new Set([code ?? name, message].filter(Boolean))].join(": "))
}

/** Requests that share connections, for as long as the scope is open. */
export const make = Effect.fnUntraced(function* ({
  allowPrivate,
  connections,
  timeoutMillis
}: RequestOptions): Effect.fn.Return<Post, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const agent = yield* Effect.acquireRelease(
    Effect.sync(
      () => new Agent({ connections, connect: { timeout: timeoutMillis, ...(allowPrivate ? {} : { lookup }) } })
    ),
    (agent) => Effect.promise(() => agent.destroy())
  )

  const check = (url: URL): void => {
    if (allowPrivate) return
    if (url.protocol !== "https:") throw new Error("only https is allowed")
    const literal = literalOf(url)
    if (literal !== undefined && !isPublic(literal)) throw new PrivateAddress(literal, literal)
  }

  return ({ secrets, webhook }, id, body) => {
    const answer = async (signal: AbortSignal): Promise<WebhookResponse> => {
      const at = new Date(clock.currentTimeMillisUnsafe())
      const url = new URL(webhook.url)
      check(url)
      const response = await request(url, {
        method: "POST",
        dispatcher: agent,
        signal,
        headersTimeout: timeoutMillis,
        bodyTimeout: timeoutMillis,
        headers: {
          "content-type": "application/json",
          "user-agent": "Turnout-Webhooks",
          "webhook-id": id,
          "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
          "webhook-signature": secrets.map((secret) => new Signer(secret).sign(id, at, body)).join(" ")
        },
        body
      })
      const { headers, statusCode: status } = response
      if (status >= 200 && status < 300) {
        await response.body.dump()
        return { status, text: "" }
      }
      const text = await beginningOf(response.body).catch(() => "")
      const after = retryAfterMillis(headers["retry-after"], headers["date"], at.getTime())
      return { status, text, ...(after === undefined ? {} : { retryAfterMillis: after }) }
    }
    return Effect.tryPromise({ try: answer, catch: describe }).pipe(
      Effect.catch((error) => Effect.succeed<WebhookResponse>({ status: null, error }))
    )
  }
})
