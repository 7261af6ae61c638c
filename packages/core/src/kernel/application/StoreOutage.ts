/**
 * Logs for operators why the store does not do its work: one line, with the store's own words made visible, at most once a second
 * for each cause in a process, even if many callers wait for the store.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { visible } from "../domain/text/VisibleText.ts"
import type { StoreError } from "../ports/StoreError.ts"
import * as Outage from "./Outage.ts"

const INTERVAL_NANOS = 1_000_000_000n
/** The most causes that are remembered: more than a store has codes. */
const MAX_CAUSES = 1_000

/** The time at which each cause was last logged, by the clock; a process has one clock. */
const clocks = new WeakMap<Clock.Clock, Map<string, bigint>>()

const toldBy = (clock: Clock.Clock): Map<string, bigint> => {
  const toldAt = clocks.get(clock) ?? new Map<string, bigint>()
  clocks.set(clock, toldAt)
  return toldAt
}

/** Logs, unless the same was logged less than a second ago. */
const ifNotTold = (what: string, log: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const now = clock.monotonicTimeNanosUnsafe()
    const toldAt = toldBy(clock)
    const last = toldAt.get(what)
    if (last !== undefined && now >= last && now - last < INTERVAL_NANOS) return Effect.void
    if (toldAt.size >= MAX_CAUSES) toldAt.clear()
    toldAt.set(what, now)
    return log
  })

/** The key of a cause: the store's code, or its words if it has no code. */
export const causeOf = ({ reason, words }: StoreError): string => {
  const code = (reason.cause as { readonly code?: unknown } | null | undefined)?.code
  return `${reason._tag} ${typeof code === "string" ? code : words}`
}

/** Logs that something goes on, unless that was logged less than a second ago of anything else: all wait for the same store. */
export const logOver = (what: string, millis: number): Effect.Effect<void> =>
  ifNotTold("is over", Effect.logInfo(`${what} after ${Outage.inWords(millis)}`))

/** Logs that something cannot go on, unless the same cause was logged less than a second ago. */
export const log = (what: string, error: StoreError): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { message, reason, words } = error
    // If the store is away, its own words are enough to act on.
    const isClear = reason._tag === "Unavailable" || reason._tag === "OutcomeUnknown"
    const why = isClear ? words : message.includes(words) ? message : `${words}. ${message}`
    return ifNotTold(causeOf(error), Effect.logWarning(`${what}: ${visible(why)}`))
  })
