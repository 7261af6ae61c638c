/**
 * The revision of an event: the version in which the event itself changed last.
 *
 * Nothing tells this of an event that is there already, so its present version is taken: a caller who has seen that one has seen
 * every change.
 */
import type { Migration } from "../Migration.ts"

export const eventRevisions: Migration = {
  id: 12,
  name: "event_revisions",
  statements: (s) => [
    `ALTER TABLE ${s}.events ADD COLUMN revision bigint NOT NULL DEFAULT 1`,
    `UPDATE ${s}.events SET revision = version`
  ]
}
