/**
 * API keys: found by id, with the digests of their secrets.
 */
import type { Migration } from "../Migration.ts"

export const apiKeys: Migration = {
  id: 15,
  name: "api_keys",
  statements: (s) => [
    `CREATE TABLE ${s}.api_keys (
  id text COLLATE "C" PRIMARY KEY,
  digest text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  organization_id uuid REFERENCES ${s}.organizations,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  replaced_by text
)`,
    `CREATE INDEX api_keys_by_organization ON ${s}.api_keys (organization_id, id)`
  ]
}
