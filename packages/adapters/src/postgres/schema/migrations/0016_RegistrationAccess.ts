/**
 * Who may register themselves, until when attendees may cancel, and the links by which attendees reach their registrations, of which
 * there are digests only.
 */
import type { Migration } from "../Migration.ts"

export const registrationAccess: Migration = {
  id: 16,
  name: "registration_access",
  statements: (s) => [
    `ALTER TABLE ${s}.events ADD COLUMN registration text NOT NULL DEFAULT 'open', ADD COLUMN cancellation_closes_at timestamptz`,
    `CREATE TABLE ${s}.attendee_links (
  registration_id uuid PRIMARY KEY,
  event_id uuid NOT NULL,
  digest text NOT NULL
)`
  ]
}
