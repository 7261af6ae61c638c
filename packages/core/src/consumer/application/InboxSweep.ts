/**
 * Forgetting messages that a consumer dealt with long ago.
 *
 * A message has one effect for as long as the inbox remembers it. So it is remembered for longer than a queue can bring it
 * again: SQS keeps a message for 14 days at most, and as a dead letter of a FIFO queue for another 14.
 */
import * as Metric from "effect/Metric"
import type { Sweep } from "../../kernel/application/Sweeping.ts"
import type { Inbox } from "../ports/Inbox.ts"

/** For how long the inbox remembers a message, unless configured: 30 days. */
export const DEFAULT_INBOX_TTL_MILLIS = 30 * 24 * 60 * 60 * 1_000

/** The shortest and the longest time for which an inbox remembers a message: a minute, and ten years. */
export const MIN_INBOX_TTL_MILLIS = 60_000
export const MAX_INBOX_TTL_MILLIS = 3_660 * 24 * 60 * 60 * 1_000

/** Counts the records that this process has deleted. */
export const deleted = Metric.counter("turnout_inbox_swept_total", {
  description: "Records of the inbox that were deleted, since their messages were dealt with long ago",
  incremental: true
})

/** The sweep of the records of a consumer; `null` is every consumer. */
export const make = (inbox: Inbox["Service"], consumer: string | null, ttlMillis: number): Sweep => ({
  what: "old records of the inbox",
  step: inbox.forget(consumer, ttlMillis),
  deleted
})
