/**
 * The span in which an entry of the journal has happened; null for the entries that are there already. A column without a default
 * changes no row, so the table is locked for a moment only.
 */
import type { Migration } from "../Migration.ts"

export const traceParents: Migration = {
  id: 21,
  name: "trace_parents",
  statements: (s) => [`ALTER TABLE ${s}.journal ADD COLUMN trace_parent text`]
}
