/**
 * Organizations, and the one that each event belongs to. The default organization owns the events that are there already.
 */
import type { Migration } from "../Migration.ts"

/** The id of the default organization (`DEFAULT_ORGANIZATION`), as it was when this migration was released. */
const DEFAULT = "'00000000-0000-7000-8000-000000000000'"

export const organizations: Migration = {
  id: 14,
  name: "organizations",
  statements: (s) => [
    `CREATE TABLE ${s}.organizations (
  id uuid PRIMARY KEY,
  slug text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`,
    `INSERT INTO ${s}.organizations (id, slug, name) VALUES (${DEFAULT}, 'default', 'Default organization')`,
    `ALTER TABLE ${s}.events ADD COLUMN organization_id uuid NOT NULL DEFAULT ${DEFAULT} REFERENCES ${s}.organizations`,
    // The updates of the counters change no column of this index.
    `CREATE INDEX events_by_organization ON ${s}.events (organization_id, starts_at, id)`
  ]
}
