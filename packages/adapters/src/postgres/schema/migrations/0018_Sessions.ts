/**
 * Sessions and sign-in links: found by id, with the digests of their secrets.
 */
import type { Migration } from "../Migration.ts"

export const sessions: Migration = {
  id: 18,
  name: "sessions",
  statements: (s) => [
    `CREATE TABLE ${s}.sessions (
  id text COLLATE "C" PRIMARY KEY,
  digest text NOT NULL,
  person_id uuid NOT NULL REFERENCES ${s}.people,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ends_at timestamptz NOT NULL,
  user_agent text,
  address text
)`,
    `CREATE INDEX sessions_by_person ON ${s}.sessions (person_id, id)`,
    `CREATE TABLE ${s}.sign_in_links (
  id text COLLATE "C" PRIMARY KEY,
  digest text NOT NULL,
  address text COLLATE "C" NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
)`,
    `CREATE INDEX sign_in_links_by_address ON ${s}.sign_in_links (address)`
  ]
}
