/**
 * One request to a webhook: the time that it may take, how much of its answer is kept, and the circuit of its endpoint.
 *
 * The status and the headers are the answer, and they may take `timeoutMillis`. The body changes nothing about it: it may never
 * end, break off, or be as long as it likes. What is kept of it, for the operator, is what comes within `KEPT`, and only of an
 * answer that is a failure.
 */
import * as Clock from "effect/Clock"
import * as Circuits from "../../kernel/application/Circuits.ts"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as WebhookHealth from "../domain/WebhookHealth.ts"
import { type PostedMessage, type WebhookAnswer, WebhookPost } from "../ports/WebhookPost.ts"
import type { WebhookTarget } from "../ports/WebhookStore.ts"
import { steady } from "../../kernel/application/time/MonotonicTime.ts"

/** The beginning of a body that is kept: at most these bytes, as far as they come within this time. */
export const KEPT = { bytes: 500, millis: 1_000 } as const

export interface PostingSettings extends Circuits.CircuitSettings {
  readonly timeoutMillis: number
}

type Hear = (response: WebhookHealth.WebhookResponse) => Effect.Effect<void>

/**
 * Posts a message; `undefined` if nothing was posted, because the circuit is open. As soon as the status is known, or it is known that
 * there is none, `hear` is given the response without its text; the body is read after that.
 */
export type Posting = (
  to: WebhookTarget,
  message: PostedMessage,
  hear: Hear
) => Effect.Effect<WebhookHealth.WebhookResponse | undefined>

const beginningOf = Effect.fnUntraced(function* ({ read }: WebhookAnswer & { readonly status: number }) {
  const decoder = new TextDecoder()
  let text = ""
  let left: number = KEPT.bytes
  const reading = read((piece) => {
    // A character whose end is missing is left out.
    text += decoder.decode(piece.subarray(0, left), { stream: true })
    left -= piece.length
    return left > 0
  })
  yield* Effect.timeoutOption(reading, KEPT.millis)
  return text
})

const toResponse = Effect.fnUntraced(function* (
  answer: WebhookAnswer,
  hear: Hear
): Effect.fn.Return<WebhookHealth.WebhookResponse> {
  if (answer.status === null) {
    yield* hear(answer)
    return answer
  }
  const { retryAfterMillis, status } = answer
  const response = { status, text: "", ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }) }
  yield* hear(response)
  return WebhookHealth.isSuccess(status) ? response : { ...response, text: yield* beginningOf(answer) }
})

const classify = (exit: Exit.Exit<WebhookHealth.WebhookResponse>): CircuitBreaker.Outcome => {
  if (Exit.isFailure(exit)) return CircuitBreaker.ignored
  return WebhookHealth.errorOf(exit.value) === null ? CircuitBreaker.success : CircuitBreaker.failure()
}

/** Makes requests, each through the circuit of its webhook, of which another edition has another one. */
export const make = Effect.fnUntraced(function* (
  settings: PostingSettings
): Effect.fn.Return<Posting, never, WebhookPost | Scope.Scope> {
  const post = yield* WebhookPost
  const clock = yield* Clock.Clock
  const { timeoutMillis } = settings
  const breaker = yield* Circuits.make(settings)
  const steadyClock = steady(clock)
  const noAnswer = { status: null, error: `no answer within ${timeoutMillis} milliseconds` } as const
  return (to, message, hear) =>
    Effect.timeoutOrElse(post(to, message), {
      duration: timeoutMillis,
      orElse: () => Effect.succeed<WebhookAnswer>(noAnswer)
    }).pipe(
      Effect.flatMap((answer) => toResponse(answer, hear)),
      Effect.scoped,
      breaker.execute({ key: `${to.webhook.id} ${to.edition}`, classify }),
      Effect.provideService(Clock.Clock, steadyClock),
      Effect.catch(() => Effect.succeed(undefined))
    )
})
