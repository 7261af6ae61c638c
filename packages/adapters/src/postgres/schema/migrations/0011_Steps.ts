/**
 * What proceeds in steps: besides promotions, the registrations of events that are cancelled or reopened. A registration knows what
 * it was cancelled for, and from which state; an event, from which status.
 */
import type { Migration } from "../Migration.ts"

export const steps: Migration = {
  id: 11,
  name: "steps",
  statements: (s) => [
    `ALTER TABLE ${s}.events DROP COLUMN promotions_due`,
    `ALTER TABLE ${s}.events ADD COLUMN cancelled_from text,
  ADD COLUMN steps_due boolean NOT NULL GENERATED ALWAYS AS (
    (status = 'published' AND waitlisted > 0 AND confirmed + attended + no_show < capacity) OR
    (status = 'cancelled' AND (confirmed > 0 OR waitlisted > 0)) OR status = 'reopening') STORED`,
    // The index hardly ever has a row, and costs the updates of the counters nothing: its column changes twice in a raise of
    // capacity.
    `CREATE INDEX events_steps_due ON ${s}.events (id) WHERE steps_due`,
    `ALTER TABLE ${s}.registrations ADD COLUMN cancelled_from text, ADD COLUMN cancelled_reason text`,
    // Only registrations of cancelled events are in this index.
    `CREATE INDEX registrations_returning ON ${s}.registrations (event_id, sequence)
  WHERE cancelled_reason = 'eventCancelled'`
  ]
}
