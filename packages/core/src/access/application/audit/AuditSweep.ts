/**
 * Deleting the addresses and user agents of requests, 90 days after them.
 */
import * as Metric from "effect/Metric"
import type { Sweep } from "../../../kernel/application/Sweeping.ts"
import type { AuditStore } from "../../ports/AuditStore.ts"

/** Counts the origins that this process has deleted. */
export const deleted = Metric.counter("turnout_audit_origins_swept_total", {
  description: "Addresses and user agents of requests that were deleted, since 90 days had passed",
  incremental: true
})

/** The sweep of a store. */
export const make = (store: AuditStore["Service"]): Sweep => ({
  what: "addresses and user agents of requests before 90 days",
  step: store.forgetOrigins,
  deleted
})
