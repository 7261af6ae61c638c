/**
 * Telling operators why the store does not do its work: a line in the log with the store's own words, at most once a second
 * for each cause, in a process, however many wait for it or ask in vain.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { StoreError } from "../ports/StoreError.ts"

const INTERVAL_NANOS = 1_000_000_000n
/** Causes that are remembered: more of them than a store has codes. */
const MAX_CAUSES = 1_000

/** When each cause was last told, by the clock, of which a process has one. */
const clocks = new WeakMap<Clock.Clock, Map<string, bigint>>()

const toldBy = (clock: Clock.Clock): Map<string, bigint> => {
  const toldAt = clocks.get(clock) ?? new Map<string, bigint>()
  clocks.set(clock, toldAt)
  return toldAt
}

/** What tells causes apart: the store's code, or its words where it has none. */
const causeOf = ({ reason, words }: StoreError): string => {
  const code = (reason.cause as { readonly code?: unknown } | null | undefined)?.code
  return `${reason._tag} ${typeof code === "string" ? code : words}`
}

/** Logs that something cannot go on, unless the same cause was told of less than a second ago. */
export const log = (what: string, error: StoreError): Effect.Effect<void> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const now = clock.monotonicTimeNanosUnsafe()
    const cause = causeOf(error)
    const toldAt = toldBy(clock)
    const last = toldAt.get(cause)
    if (last !== undefined && now >= last && now - last < INTERVAL_NANOS) return Effect.void
    if (toldAt.size >= MAX_CAUSES) toldAt.clear()
    toldAt.set(cause, now)
    const { message, reason, words } = error
    // What to do about a store that is away is clear once its words are known.
    const isClear = reason._tag === "Unavailable" || reason._tag === "OutcomeUnknown"
    return Effect.logWarning(`${what}: ${isClear ? words : message.includes(words) ? message : `${words}. ${message}`}`)
  })
