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

/** The pause of a stream whose entry the sink did not try. It depends on the attempts before, and does not end them. */
const pauseUntried = (policy: RetryPolicy, attempts: number, random: number): number =>
  pauseMillis({ ...policy, maxAttempts: Infinity }, Math.max(attempts, 1), random)!

const undelivered = (
  { eventId: stream, version }: StoredEntry,
  outcome: Undelivered,
  policy: RetryPolicy,
  random: number
): Block => {
  const error = storable(outcome.error)
  if (outcome._tag === "NotTried")
    return { stream, version, attempts: 0, error, retryAfterMillis: pauseUntried(policy, 0, random) }
  const retryAfterMillis = outcome.isFinal ? null : pauseMillis(policy, 1, random)
  return { stream, version, attempts: 1, error, retryAfterMillis }
}

/** The streams that these outcomes block, after deliveries that were tried for the first time. */
export const blocks = (
  deliveries: ReadonlyArray<StoredEntry>,
  outcomes: ReadonlyArray<DeliveryOutcome>,
  policy: RetryPolicy,
  random: () => number
): ReadonlyArray<Block> => {
  const found = new Map<EventId, Block>()
  for (const [index, delivery] of deliveries.entries()) {
    const outcome = outcomes[index]
    if (outcome?._tag === "Delivered" || found.has(delivery.eventId)) continue
    found.set(delivery.eventId, undelivered(delivery, (outcome ?? unanswered) as Undelivered, policy, random()))
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
  const [first, ...others] = blocks(deliveries, outcomes, policy, random)
  if (others.length > 0) throw new Error("the deliveries of a retry are of one stream")
  if (first !== undefined) {
    // The first entry has used up attempts before; a later one has not.
    if (first.version !== deliveries[0]!.version) return first
    if (first.attempts === 0) return { ...first, attempts, retryAfterMillis: pauseUntried(policy, attempts, random()) }
    const retryAfterMillis = first.retryAfterMillis === null ? null : pauseMillis(policy, attempts + 1, random())
    return { ...first, attempts: attempts + 1, retryAfterMillis }
  }
  const last = deliveries.at(-1)
  if (isAll || last === undefined) return null
  return { stream: last.eventId, version: last.version + 1, attempts: 0, error: "", retryAfterMillis: 0 }
}
