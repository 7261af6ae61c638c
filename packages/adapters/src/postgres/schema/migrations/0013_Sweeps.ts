/**
 * Sweeps read their tables page by page (ADR 23), so the indexes on the times of idempotency records and of the inbox serve
 * nobody, and every write kept them up to date.
 */
import type { Migration } from "../Migration.ts"

export const sweeps: Migration = {
  id: 13,
  name: "sweeps",
  statements: (s) => [`DROP INDEX ${s}.idempotency_by_expiry`, `DROP INDEX ${s}.inbox_by_time`]
}
