/**
 * The health of a webhook: which response is a failure, and what follows from failures.
 *
 * A response of 2xx means that the message has arrived; every other response, and none at all, is a failure. A failure with
 * `Retry-After` leaves the whole endpoint alone for that time, from the first one on, up to `LONGEST_REST_MILLIS`; then one
 * request is made, and the others wait for its response.
 *
 * A webhook that answers 410 is disabled at once, and one that has failed for `DISABLE_AFTER_MILLIS` without a success is
 * disabled then. It fails for as long as it is tried in vain: the times between its failures add up, except those that are
 * longer than any pause between attempts (`LONGEST_GAP_MILLIS`), in which nobody has tried. A success ends the count, and so
 * does it if nothing waits for the webhook any more.
 *
 * All of this is about one endpoint. An operator who enables the webhook, or changes its URL, begins another edition of it, and
 * what was found out before does not count.
 */
import type { RetryPolicy } from "../../kernel/domain/Backoff.ts"
import { storable } from "../../kernel/domain/Text.ts"

const HOUR_MILLIS = 60 * 60 * 1_000

/** For how long a webhook fails, without a success, until it is disabled: 5 days. */
export const DISABLE_AFTER_MILLIS = 5 * 24 * HOUR_MILLIS

/** When a failed message is posted again. Pauses have half their length on average, so the attempts last about five days. */
export const RETRY_POLICY: RetryPolicy = {
  firstPauseMillis: 5_000,
  longestPauseMillis: 12 * HOUR_MILLIS,
  maxAttempts: 34
}

/** The longest time for which an endpoint is left alone because it asks for it: 12 hours, as long as the longest pause. */
export const LONGEST_REST_MILLIS = RETRY_POLICY.longestPauseMillis

/** The longest time between two failures that counts as failing: 13 hours, an hour more than the longest pause. */
export const LONGEST_GAP_MILLIS = RETRY_POLICY.longestPauseMillis + HOUR_MILLIS

/**
 * How long after a failure nothing may wait any more, at the earliest: a minute. Until then, a relay may be about to write down
 * that something does.
 */
export const IDLE_AFTER_MILLIS = 60 * 1_000

/** When nothing is posted to an endpoint for a while: after `failures` in a row, for pauses that double. */
export const CIRCUIT = { failures: 5, openMillis: 5_000, longestOpenMillis: 5 * 60 * 1_000 } as const

const GONE = 410

/**
 * For how long a process leaves an endpoint alone whose webhook it disables. If that could not be written down, it finds out
 * anew after this time.
 */
export const DISABLED_REST_MILLIS = 60 * 1_000

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

/** For how long the endpoint is left alone after this response; 0 if it does not ask for it, or the message has arrived. */
export const restMillisOf = (response: WebhookResponse, longestRestMillis: number = LONGEST_REST_MILLIS): number => {
  if (response.status === null || isSuccess(response.status)) return 0
  const { retryAfterMillis = 0 } = response
  return retryAfterMillis > 0 ? Math.min(retryAfterMillis, longestRestMillis) : 0
}

/** The failures of a webhook since its last success, as a store counts them. */
export interface Failing {
  readonly since: Date
  /** The sum of the times between them that count. */
  readonly failedMillis: number
}

/** How much of the time between two failures counts. */
export const countedMillis = (gapMillis: number, longestGapMillis: number): number =>
  gapMillis >= 0 && gapMillis <= longestGapMillis ? gapMillis : 0

/** Why a webhook is disabled that has failed in this way; `undefined` if it is not. */
export const disabledBecause = (
  { failedMillis, since }: Failing,
  error: string,
  disableAfterMillis: number = DISABLE_AFTER_MILLIS
): string | undefined =>
  failedMillis >= disableAfterMillis ? `it has failed since ${since.toISOString()}; at last: ${error}` : undefined

/** What a process knows of a webhook. Moments are by its monotonic time. */
export interface WebhookHealth {
  readonly edition: number
  /** Whether the last request has failed. */
  readonly isFailing: boolean
  /** Until when the endpoint is left alone; `null` if there is no reason for it, or it has answered since. */
  readonly restsUntil: number | null
}

/** The health of a webhook that nothing is known of. */
export const unknown: WebhookHealth = { edition: -1, isFailing: false, restsUntil: null }

/** What a store has noted of a webhook that is enabled. */
export interface Noted {
  readonly edition: number
  readonly isFailing: boolean
  /** For how long the endpoint is still to be left alone. */
  readonly restMillis: number
}

const later = (restsUntil: number | null, restMillis: number, now: number): number | null =>
  restMillis > 0 ? Math.max(restsUntil ?? 0, now + restMillis) : restsUntil

/**
 * The health by what the store has noted. What the process has found out itself stays: it may not have been noted yet when that
 * was read. In another edition of the webhook, it does not count.
 */
export const asNoted = (health: WebhookHealth, noted: Noted, now: number): WebhookHealth => {
  const { edition, isFailing, restMillis } = noted
  if (edition < health.edition) return health
  const own = edition === health.edition ? health : unknown
  return { ...own, edition, isFailing, restsUntil: later(own.restsUntil, restMillis, now) }
}

/** The health of a webhook that is being disabled. */
export const disabling = (health: WebhookHealth, now: number): WebhookHealth => ({
  ...health,
  restsUntil: later(health.restsUntil, DISABLED_REST_MILLIS, now)
})

/** Whether requests may be made now: none, one at a time, or any number. */
export const allowed = ({ restsUntil }: WebhookHealth, now: number): "none" | "one" | "any" =>
  restsUntil === null ? "any" : now < restsUntil ? "none" : "one"

/** What is written of a webhook after a response. */
export type Consequence =
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "NoteWorking" }
  /** The failure counts; the endpoint is left alone for `restMillis`, if that is not 0. */
  | { readonly _tag: "NoteFailed"; readonly restMillis: number }
  | { readonly _tag: "Disable"; readonly reason: string }

/** The health after a response, whose text does not matter, and what follows from it for the webhook as a whole. */
export const after = (
  health: WebhookHealth,
  response: WebhookResponse,
  now: number,
  longestRestMillis: number = LONGEST_REST_MILLIS
): readonly [WebhookHealth, Consequence] => {
  if (response.status === GONE) return [disabling(health, now), { _tag: "Disable", reason: "it answered 410 Gone" }]
  const restMillis = restMillisOf(response, longestRestMillis)
  // A response that was under way when the endpoint asked to be left alone ends nothing.
  const before = health.restsUntil !== null && health.restsUntil <= now ? null : health.restsUntil
  const restsUntil = later(before, restMillis, now)
  if (errorOf(response) !== null)
    return [
      { ...health, isFailing: true, restsUntil },
      { _tag: "NoteFailed", restMillis }
    ]
  return [{ ...health, isFailing: false, restsUntil }, { _tag: health.isFailing ? "NoteWorking" : "Nothing" }]
}
