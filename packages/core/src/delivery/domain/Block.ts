/**
 * Blocked streams: what becomes of an entry that could not be delivered, and of the later entries of its stream.
 *
 * ```text
 *              an entry fails                    all that waited was delivered
 *   flowing ───────────────────▶ blocked ──────────────────────────────────────▶ flowing
 *                                │  ▲  │
 *               fails again, ────┘  │  │ no more attempts, or of no use
 *               after a pause       │  ▼
 *                                   parked
 *                       an operator retries, skips or discards
 * ```
 *
 * The first entry of a stream that did not arrive blocks the stream. The outcomes of later entries do not count: these may not
 * overtake it.
 */
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import { type DeliveryOutcome, unanswered } from "./DeliveryOutcome.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import { pauseMillis, type RetryPolicy } from "../../kernel/domain/Backoff.ts"
import { storable } from "../../kernel/domain/Text.ts"

/** A stream that is blocked for a sink, from one of its entries on. */
export interface Block {
  readonly stream: EventId
  /** The first entry that waits. */
  readonly version: number
  /** How many attempts to deliver it have failed. */
  readonly attempts: number
  /** What went wrong the last time. */
  readonly error: string
  /** When to try again; `null` parks the stream. */
  readonly retryAfterMillis: number | null
}

type Undelivered = Exclude<DeliveryOutcome, { readonly _tag: "Delivered" }>

/** The pause after a failed attempt, which lasts at least as long as the sink asks for; `null` if there are no more attempts. */
const pauseFailed = (
  outcome: Undelivered & { readonly _tag: "Failed" },
  policy: RetryPolicy,
  attempts: number,
  random: number
): number | null => {
  const millis = outcome.isFinal ? null : pauseMillis(policy, attempts, random)
  return millis === null ? null : Math.max(millis, outcome.retryAfterMillis ?? 0)
}

/** The pause of a stream whose entry the sink did not try. It depends on the attempts before, and does not end them. */
const pauseUntried = (policy: RetryPolicy, attempts: number, random: number): number =>
  pauseMillis({ ...policy, maxAttempts: Infinity }, Math.max(attempts, 1), random)!

/** The block of a stream by the outcome of its first entry, which was tried `attempts` times before. */
const undelivered = (
  { eventId: stream, version }: StoredEntry,
  outcome: Undelivered,
  policy: RetryPolicy,
  attempts: number,
  random: number
): Block => {
  const error = storable(outcome.error)
  return outcome._tag === "NotTried"
    ? { stream, version, attempts, error, retryAfterMillis: pauseUntried(policy, attempts, random) }
    : {
        stream,
        version,
        attempts: attempts + 1,
        error,
        retryAfterMillis: pauseFailed(outcome, policy, attempts + 1, random)
      }
}

/** The streams that these outcomes block, after deliveries that were tried for the first time. */
export const blocks = (
  deliveries: ReadonlyArray<StoredEntry>,
  outcomes: ReadonlyArray<DeliveryOutcome>,
  policy: RetryPolicy,
  random: () => number,
  attemptsOf: (delivery: StoredEntry) => number = () => 0
): ReadonlyArray<Block> => {
  const found = new Map<EventId, Block>()
  for (const [index, delivery] of deliveries.entries()) {
    const outcome = outcomes[index]
    if (outcome?._tag === "Delivered" || found.has(delivery.eventId)) continue
    const undone = (outcome ?? unanswered) as Undelivered
    found.set(delivery.eventId, undelivered(delivery, undone, policy, attemptsOf(delivery), random()))
  }
  return [...found.values()]
}

/**
 * The block of a stream after its first waiting entries were tried again; `null` if all of them arrived and `isAll` says that
 * no others wait.
 */
export const retried = (
  {
    attempts,
    deliveries,
    isAll
  }: {
    readonly attempts: number
    readonly deliveries: ReadonlyArray<StoredEntry>
    readonly isAll: boolean
  },
  outcomes: ReadonlyArray<DeliveryOutcome>,
  policy: RetryPolicy,
  random: () => number
): Block | null => {
  // The first entry has used up attempts before; a later one has not.
  const attemptsOf = (delivery: StoredEntry) => (delivery === deliveries[0] ? attempts : 0)
  const [first, ...others] = blocks(deliveries, outcomes, policy, random, attemptsOf)
  if (others.length > 0) throw new Error("the deliveries of a retry are of one stream")
  if (first !== undefined) return first
  const last = deliveries.at(-1)
  if (isAll || last === undefined) return null
  return { stream: last.eventId, version: last.version + 1, attempts: 0, error: "", retryAfterMillis: 0 }
}
