/**
 * Posting a message to the URL of a webhook, signed with its secrets.
 *
 * An adapter signs the body, checks the address that it connects to, and returns the answer as soon as its status and its
 * headers are there, whatever becomes of its body. It follows no redirect, makes no second attempt, and draws no conclusion:
 * whether an answer is a failure, how much of its body is read, and what follows from it, are rules of the core.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { WebhookTarget } from "./WebhookStore.ts"

/** The headers of an answer that tell an operator who has answered, and what the endpoint asks for. */
export const HEADERS_TO_TELL = [
  "content-type",
  "date",
  "location",
  "retry-after",
  "server",
  "www-authenticate"
] as const

export type WebhookAnswer =
  | {
      readonly status: number
      /** For how long the endpoint asks to be left alone. */
      readonly retryAfterMillis?: number
      /** The headers that say something to an operator (`HEADERS_TO_TELL`), as far as they were sent. */
      readonly headers?: Readonly<Record<string, string>>
      /**
       * Reads the body, as far as it is text, and gives each piece to `take`, until `take` returns `false`, or the body ends
       * or breaks off. May take for ever; interrupting it stops reading.
       */
      readonly read: (take: (piece: Uint8Array) => boolean) => Effect.Effect<void>
    }
  /** There was no answer; `error` says why. */
  | { readonly status: null; readonly error: string }

/** A message as it is posted. */
export interface PostedMessage {
  /** The id of the message, which the request carries. */
  readonly id: string
  readonly body: string
  /** The time that the request says it is made at. */
  readonly at: Date
  /** The span in which the message was caused, as the request passes it on in the header `traceparent`; absent if there was none. */
  readonly traceParent?: string | undefined
}

/** Posts a message. Interrupting it gives up the request; the end of the scope gives up the rest of the answer. */
export type Post = (target: WebhookTarget, message: PostedMessage) => Effect.Effect<WebhookAnswer, never, Scope.Scope>

export class WebhookPost extends Context.Service<WebhookPost, Post>()("@turnout/WebhookPost") {}
