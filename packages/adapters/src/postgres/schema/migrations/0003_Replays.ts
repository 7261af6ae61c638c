/**
 * Replays, with the places that they have reached.
 */
import type { Migration } from "../Migration.ts"

export const replays: Migration = {
  id: 3,
  name: "replays",
  statements: (s) => [
    `CREATE TABLE ${s}.replays (
  id uuid PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  sink text COLLATE "C" NOT NULL,
  selection json NOT NULL,
  per_second integer,
  who text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  state text NOT NULL DEFAULT 'running',
  total bigint NOT NULL,
  sent bigint NOT NULL DEFAULT 0,
  error text,
  ended_at timestamptz,
  up_to bigint NOT NULL,
  slot smallint NOT NULL DEFAULT 0,
  seq bigint NOT NULL DEFAULT 0,
  epoch bigint NOT NULL DEFAULT 0,
  owner text,
  until timestamptz
) WITH (fillfactor = 20)`,
    `CREATE INDEX replays_running ON ${s}.replays (sink, number) WHERE state = 'running'`
  ]
}
