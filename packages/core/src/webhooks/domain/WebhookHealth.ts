/**
 * The health of a webhook: which response is a failure, and what follows from failures.
 *
 * A response of 2xx means that the message has arrived; every other response, and none at all, is a failure. A webhook that
 * answers 410 is disabled at once, and one that has failed for `DISABLE_AFTER_MILLIS` without a success is disabled then. Each
 * success begins the count anew, and so does an operator who enables the webhook.
 *
 * A failure is noted with the time of the wall clock, which is stored and shown; how long a webhook has failed is counted by
 * monotonic time, so that setting the clock disables nothing.
 */
import type { RetryPolicy } from "../../kernel/domain/Backoff.ts"
import { storable } from "../../kernel/domain/Text.ts"

/** The time without a success after which a webhook is disabled: 5 days. */
export const DISABLE_AFTER_MILLIS = 5 * 24 * 60 * 60 * 1_000

/** When a failed message is posted again. Pauses have half their length on average, so the attempts last about five days. */
export const RETRY_POLICY: RetryPolicy = {
  firstPauseMillis: 5_000,
  longestPauseMillis: 12 * 60 * 60 * 1_000,
  maxAttempts: 34
}

/** When nothing is posted to an endpoint for a while: after `failures` in a row, for pauses that double. */
export const CIRCUIT = { failures: 5, openMillis: 5_000, longestOpenMillis: 5 * 60 * 1_000 } as const

const GONE = 410

/** The response to a request. */
export type WebhookResponse =
  | {
      readonly status: number
      /** The beginning of the body of a response that is not 2xx. */
      readonly text: string
      /** For how long the endpoint asks to be left alone. */
      readonly retryAfterMillis?: number
    }
  /** There was no response; `error` says why. */
  | { readonly status: null; readonly error: string }

/** Whether a message that is answered with this status has arrived. */
export const isSuccess = (status: number): boolean => status >= 200 && status < 300

/** What went wrong, in a sentence; `null` if the message has arrived. */
export const errorOf = (response: WebhookResponse): string | null => {
  if (response.status === null) return response.error
  const { status, text } = response
  return isSuccess(status) ? null : storable(`HTTP ${status}${text === "" ? "" : `: ${text}`}`)
}

/** A moment, by the wall clock and by monotonic time. */
export interface Moment {
  readonly now: Date
  readonly monotonicMillis: number
}

export interface WebhookHealth {
  /** Since when every request has failed; `null` if the last one succeeded. */
  readonly failingSince: Date | null
  /** For how long every request had failed at `countedFrom`, which is monotonic time. */
  readonly failedMillis: number
  readonly countedFrom: number
  readonly isDisabled: boolean
}

/** The health of a webhook that nothing is known of. */
export const unknown: WebhookHealth = { failingSince: null, failedMillis: 0, countedFrom: 0, isDisabled: false }

const failing = (health: WebhookHealth, since: Date | null, at: Moment): WebhookHealth =>
  since?.getTime() === health.failingSince?.getTime()
    ? health
    : {
        ...health,
        failingSince: since,
        failedMillis: since === null ? 0 : Math.max(0, at.now.getTime() - since.getTime()),
        countedFrom: at.monotonicMillis
      }

/** The health of an enabled webhook for which the store has noted since when it fails. */
export const asStored = (health: WebhookHealth, failingSince: Date | null, at: Moment): WebhookHealth => ({
  ...failing(health, failingSince, at),
  isDisabled: false
})

/** What is written of a webhook after a response. */
export type Consequence =
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "NoteFailing"; readonly isFailing: boolean }
  | { readonly _tag: "Disable"; readonly reason: string }

const NOTHING: Consequence = { _tag: "Nothing" }

const disabled = (health: WebhookHealth, reason: string): readonly [WebhookHealth, Consequence] => [
  { ...health, isDisabled: true },
  { _tag: "Disable", reason }
]

/** The health after a response, and what follows from it for the webhook as a whole. */
export const after = (
  health: WebhookHealth,
  response: WebhookResponse,
  at: Moment,
  disableAfterMillis: number = DISABLE_AFTER_MILLIS
): readonly [WebhookHealth, Consequence] => {
  const { countedFrom, failedMillis, failingSince } = health
  const error = errorOf(response)
  if (error === null)
    return failingSince === null
      ? [health, NOTHING]
      : [failing(health, null, at), { _tag: "NoteFailing", isFailing: false }]
  if (response.status === GONE) return disabled(health, "it answered 410 Gone")
  if (failingSince === null) return [failing(health, at.now, at), { _tag: "NoteFailing", isFailing: true }]
  const isOver = failedMillis + at.monotonicMillis - countedFrom >= disableAfterMillis
  return isOver
    ? disabled(health, `it has failed since ${failingSince.toISOString()}; at last: ${error}`)
    : [health, NOTHING]
}
