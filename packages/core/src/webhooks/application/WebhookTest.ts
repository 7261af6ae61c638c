/**
 * Testing a webhook: posts a test message (`TestMessage`) to its endpoint at once, signed with its secrets.
 *
 * The request is made as a relay makes it, by the same rules about addresses, time and answers, but nothing follows from the answer:
 * it is not in the log of the webhook, it ends no failures, and it disables nothing. So a webhook that is disabled can be tested
 * before it is enabled again.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { monotonicMillis } from "../../kernel/application/time/MonotonicTime.ts"
import * as TestMessage from "../domain/TestMessage.ts"
import type { Webhook, WebhookId } from "../domain/Webhook.ts"
import * as WebhookHealth from "../domain/WebhookHealth.ts"
import { WebhookPost } from "../ports/WebhookPost.ts"
import { type WebhookNotFound, WebhookStore } from "../ports/WebhookStore.ts"
import * as WebhookPosting from "./WebhookPosting.ts"
import { DEFAULTS } from "./WebhookSink.ts"

/** What a relay makes of such an answer: the message has arrived, is posted again later, or the webhook is disabled at once. */
export type Verdict = "delivered" | "retried" | "disabled"

export interface Tested {
  readonly webhook: Webhook
  /** The id of the test message. */
  readonly message: string
  readonly type: string
  /** The time that the request says it was made at, by the store's clock. */
  readonly at: Date
  /** Milliseconds until the status was there, or it was known that there is none. */
  readonly millis: number
  /** The HTTP status of the answer; `null` if there was none. */
  readonly status: number | null
  /** Headers of the answer (`HEADERS_TO_TELL`). */
  readonly headers: Readonly<Record<string, string>>
  /** What went wrong; `null` if the message has arrived. */
  readonly error: string | null
  readonly verdict: Verdict
  /** The longest time, in milliseconds, after which a relay would post a message again; `null` if it would not. */
  readonly retryMillis: number | null
}

const verdictOf = (response: WebhookHealth.WebhookResponse): Pick<Tested, "verdict" | "retryMillis"> => {
  const [, consequence] = WebhookHealth.after(WebhookHealth.unknown, response, 0)
  if (consequence._tag === "Disable") return { verdict: "disabled", retryMillis: null }
  if (WebhookHealth.errorOf(response) === null) return { verdict: "delivered", retryMillis: null }
  const { firstPauseMillis } = WebhookHealth.RETRY_POLICY
  return { verdict: "retried", retryMillis: Math.max(firstPauseMillis, WebhookHealth.restMillisOf(response)) }
}

/** Posts a test message, and tells what came of it. Changes nothing. */
export const run: (
  id: WebhookId,
  who: string
) => Effect.Effect<Tested, WebhookNotFound | StoreError, WebhookStore | WebhookPost> = Effect.fnUntraced(function* (
  id: WebhookId,
  who: string
): Effect.fn.Return<Tested, WebhookNotFound | StoreError, WebhookStore | WebhookPost> {
  const store = yield* WebhookStore
  const post = yield* WebhookPost
  const clock = yield* Clock.Clock
  const target = yield* store.target(id)
  const message = randomUUID()
  const at = store.clock.now()
  let headers: Readonly<Record<string, string>> = {}
  const watched: typeof post = (...request) =>
    Effect.tap(post(...request), (answer) =>
      Effect.sync(() => {
        if (answer.status !== null) headers = answer.headers ?? {}
      })
    )
  const began = monotonicMillis(clock)
  let millis = 0
  const heard = () => Effect.sync(() => void (millis = Math.round(monotonicMillis(clock) - began)))
  const body = TestMessage.toJson({ id: message, webhook: id, who, at })
  const response = yield* WebhookPosting.make(DEFAULTS).pipe(
    Effect.provideService(WebhookPost, watched),
    Effect.flatMap((posting) => posting(target, { id: message, body, at }, heard)),
    Effect.scoped
  )
  // The circuit of a posting that was just made is closed.
  if (response === undefined) return yield* Effect.die(new Error("nothing was posted"))
  return {
    webhook: target.webhook,
    message,
    type: TestMessage.TEST_TYPE,
    at,
    millis,
    status: response.status,
    headers,
    error: WebhookHealth.errorOf(response),
    ...verdictOf(response)
  }
})
