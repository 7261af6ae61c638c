/**
 * People with their addresses and identities, and members of organizations. The subject of a member is the text of an address or of an
 * identity: somebody can be a member before they have signed in, so it refers to nobody.
 */
import type { Migration } from "../Migration.ts"

export const peopleAndMembers: Migration = {
  id: 17,
  name: "people_and_members",
  statements: (s) => [
    `CREATE TABLE ${s}.people (
  id uuid PRIMARY KEY,
  name text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  deactivated_at timestamptz
)`,
    `CREATE TABLE ${s}.person_addresses (
  address text COLLATE "C" PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES ${s}.people,
  number bigint GENERATED ALWAYS AS IDENTITY
)`,
    `CREATE INDEX person_addresses_by_person ON ${s}.person_addresses (person_id)`,
    `CREATE TABLE ${s}.person_identities (
  issuer text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  person_id uuid NOT NULL REFERENCES ${s}.people,
  number bigint GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (issuer, subject),
  UNIQUE (person_id, issuer)
)`,
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
