/**
 * Deleting sessions and sign-in links that have ended.
 */
import * as Metric from "effect/Metric"
import type { Sweep } from "../../kernel/application/Sweeping.ts"
import type { SessionStore } from "../ports/SessionStore.ts"

/** Counts the sessions that this process has deleted. */
export const deletedSessions = Metric.counter("turnout_sessions_swept_total", {
  description: "Sessions that were deleted, since they had ended",
  incremental: true
})

/** Counts the links that this process has deleted. */
export const deletedLinks = Metric.counter("turnout_links_swept_total", {
  description: "Sign-in links that were deleted, since they had ended",
  incremental: true
})

/** The sweeps of a store. */
export const make = (store: SessionStore["Service"]): ReadonlyArray<Sweep> => [
  { what: "sessions that have ended", step: store.forgetSessions, deleted: deletedSessions },
  { what: "sign-in links that have ended", step: store.forgetLinks, deleted: deletedLinks }
]
