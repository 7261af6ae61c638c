/**
 * Events and registrations, the journal, and the answers to idempotency keys.
 */
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import type { Migration } from "../Migration.ts"

export const eventsRegistrationsJournalIdempotency: Migration = {
  id: 1,
  name: "events_registrations_journal_idempotency",
  statements: (s) => [
    `CREATE TABLE ${s}.events (
  id uuid PRIMARY KEY,
  title text NOT NULL,
  description text NOT NULL,
  location text NOT NULL,
  organizer text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  time_zone text NOT NULL,
  registration_opens_at timestamptz,
  registration_closes_at timestamptz,
  waitlist text NOT NULL,
  waitlist_limit integer,
  capacity integer NOT NULL,
  status text NOT NULL,
  version bigint NOT NULL,
  confirmed integer NOT NULL,
  waitlisted integer NOT NULL,
  attended integer NOT NULL,
  no_show integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  promotions_due boolean NOT NULL GENERATED ALWAYS AS
    (status = 'published' AND waitlisted > 0 AND confirmed + attended + no_show < capacity) STORED
) WITH (fillfactor = 50)`,
    `CREATE INDEX events_by_start ON ${s}.events (starts_at, id)`,
    `CREATE INDEX events_by_organizer ON ${s}.events (organizer, starts_at, id)`,
    // The index hardly ever has a row, and costs the updates of the counters nothing: its column changes twice in a raise of
    // capacity.
    `CREATE INDEX events_promotions_due ON ${s}.events (id) WHERE promotions_due`,
    `CREATE TABLE ${s}.registrations (
  id uuid PRIMARY KEY,
  event_id uuid NOT NULL,
  attendee_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  notes text NOT NULL,
  state text NOT NULL,
  sequence bigint NOT NULL,
  registered_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL
)`,
    // Every registration is in one of these two indexes, which together list the registrations of an attendee.
    `CREATE UNIQUE INDEX registrations_active ON ${s}.registrations (attendee_id, event_id) WHERE state <> 'cancelled'`,
    `CREATE INDEX registrations_cancelled ON ${s}.registrations (attendee_id) WHERE state = 'cancelled'`,
    `CREATE UNIQUE INDEX registrations_by_entry ON ${s}.registrations (event_id, sequence)`,
    `CREATE INDEX registrations_waiting ON ${s}.registrations (event_id, sequence) WHERE state = 'waitlisted'`,
    // The number of waiters by blocks of the sequence, so that a place is found without counting everybody before it.
    `CREATE TABLE ${s}.waitlist_blocks (
  event_id uuid NOT NULL,
  level smallint NOT NULL,
  block bigint NOT NULL,
  waiting integer NOT NULL,
  PRIMARY KEY (event_id, level, block)
) WITH (fillfactor = 50)`,
    // Columns that are only stored and returned are json, which is kept as it was written, at the price of a text. `tx` comes
    // before `seq`, so that a transaction has its id before it draws a number: see `LogWindow`.
    `CREATE SEQUENCE ${s}.journal_seq CACHE 1`,
    `CREATE TABLE ${s}.journal (
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint NOT NULL DEFAULT nextval('${s}.journal_seq'),
  event_id uuid NOT NULL,
  version bigint NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  schema_version smallint NOT NULL,
  payload json NOT NULL,
  actor text NOT NULL,
  correlation_id text,
  causation_id text,
  occurred_at timestamptz NOT NULL,
  slot smallint NOT NULL GENERATED ALWAYS AS (get_byte(uuid_send(event_id), 15) % ${SLOTS}) STORED,
  PRIMARY KEY (event_id, version)
)`,
    `ALTER SEQUENCE ${s}.journal_seq OWNED BY ${s}.journal.seq`,
    `CREATE UNIQUE INDEX journal_by_slot ON ${s}.journal (slot, seq)`,
    `CREATE TABLE ${s}.idempotency (
  key text COLLATE "C" NOT NULL,
  operation text COLLATE "C" NOT NULL,
  principal text COLLATE "C" NOT NULL,
  fingerprint text NOT NULL,
  request_id uuid NOT NULL,
  registration_id uuid,
  answer json NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (key, operation, principal)
)`,
    // Rows are written in the order of their expiry, so a range of blocks is as good as an index entry for each.
    `CREATE INDEX idempotency_by_expiry ON ${s}.idempotency USING brin (expires_at)`
  ]
}
