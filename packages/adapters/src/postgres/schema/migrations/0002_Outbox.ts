/**
 * The outbox: sinks, their positions in the journal, the leases of their slots, and their blocked streams. With it the audit
 * log, the inbox of consumers, and the origin of the journal.
 */
import type { Migration } from "../Migration.ts"

export const outbox: Migration = {
  id: 2,
  name: "outbox",
  statements: (s) => [
    `CREATE TABLE ${s}.sinks (
  name text COLLATE "C" PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`,
    // One row for each slot. A claim replaces it by one with the next epoch, which the index finds first: while a transaction
    // stays open, no old version of a row can be removed, and finding the current one would take longer with every claim. A
    // renewal updates the row, which stays on its page.
    `CREATE TABLE ${s}.outbox_slots (
  sink text COLLATE "C" NOT NULL,
  slot smallint NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  owner text,
  until timestamptz,
  PRIMARY KEY (sink, slot, epoch)
) WITH (fillfactor = 20)`,
    // The positions of `LogWindow`; the row with the highest revision is valid. No row is updated in place: while a transaction
    // stays open, no old version of a row can be removed, and finding the current one would take longer with every
    // acknowledgement.
    `CREATE TABLE ${s}.outbox_positions (
  sink text COLLATE "C" NOT NULL,
  slot smallint NOT NULL,
  revision bigint NOT NULL,
  position text NOT NULL,
  PRIMARY KEY (sink, slot, revision)
)`,
    `CREATE TABLE ${s}.outbox_workers (
  sink text COLLATE "C" NOT NULL,
  owner text NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (sink, owner)
) WITH (fillfactor = 20)`,
    `CREATE TABLE ${s}.outbox_blocked (
  sink text COLLATE "C" NOT NULL,
  stream uuid NOT NULL,
  slot smallint NOT NULL,
  version bigint NOT NULL,
  attempts integer NOT NULL,
  error text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  retry_at timestamptz,
  PRIMARY KEY (sink, stream)
)`,
    // A partial index, which the planner does not use to look for a stream.
    `CREATE INDEX outbox_blocked_due ON ${s}.outbox_blocked (sink, slot, retry_at) WHERE retry_at IS NOT NULL`,
    `CREATE TABLE ${s}.audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  who text NOT NULL,
  action text NOT NULL,
  details json NOT NULL
)`,
    `CREATE TABLE ${s}.inbox (
  consumer text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (consumer, key)
)`,
    `CREATE INDEX inbox_by_time ON ${s}.inbox USING brin (at)`,
    // The cluster whose transaction ids are in the journal: see `JournalOrigin`.
    `CREATE TABLE ${s}.journal_origin (system_identifier bigint NOT NULL)`,
    `INSERT INTO ${s}.journal_origin SELECT system_identifier FROM pg_control_system()`
  ]
}
