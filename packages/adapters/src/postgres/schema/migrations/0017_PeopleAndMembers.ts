/**
 * Members of organizations: the subject is the text of an address or of what a token issuer calls somebody.
 */
import type { Migration } from "../Migration.ts"

export const peopleAndMembers: Migration = {
  id: 17,
  name: "people_and_members",
  statements: (s) => [
    `CREATE TABLE ${s}.members (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL REFERENCES ${s}.organizations,
  subject text COLLATE "C" NOT NULL,
  role text NOT NULL,
  added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (subject, organization_id)
)`,
    `CREATE INDEX members_by_organization ON ${s}.members (organization_id, id)`
  ]
}
