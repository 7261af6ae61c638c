CREATE SCHEMA IF NOT EXISTS "turnout";
CREATE TABLE IF NOT EXISTS "turnout".migrations (
  migration_id integer PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL
);
-- 1 events_registrations_journal_idempotency
CREATE TABLE "turnout".events (
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
) WITH (fillfactor = 50);
CREATE INDEX events_by_start ON "turnout".events (starts_at, id);
CREATE INDEX events_by_organizer ON "turnout".events (organizer, starts_at, id);
CREATE INDEX events_promotions_due ON "turnout".events (id) WHERE promotions_due;
CREATE TABLE "turnout".registrations (
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
);
CREATE UNIQUE INDEX registrations_active ON "turnout".registrations (attendee_id, event_id) WHERE state <> 'cancelled';
CREATE INDEX registrations_cancelled ON "turnout".registrations (attendee_id) WHERE state = 'cancelled';
CREATE UNIQUE INDEX registrations_by_entry ON "turnout".registrations (event_id, sequence);
CREATE INDEX registrations_waiting ON "turnout".registrations (event_id, sequence) WHERE state = 'waitlisted';
CREATE TABLE "turnout".waitlist_blocks (
  event_id uuid NOT NULL,
  level smallint NOT NULL,
  block bigint NOT NULL,
  waiting integer NOT NULL,
  PRIMARY KEY (event_id, level, block)
) WITH (fillfactor = 50);
CREATE SEQUENCE "turnout".journal_seq CACHE 1;
CREATE TABLE "turnout".journal (
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq bigint NOT NULL DEFAULT nextval('"turnout".journal_seq'),
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
  slot smallint NOT NULL GENERATED ALWAYS AS (get_byte(uuid_send(event_id), 15) % 64) STORED,
  PRIMARY KEY (event_id, version)
);
ALTER SEQUENCE "turnout".journal_seq OWNED BY "turnout".journal.seq;
CREATE UNIQUE INDEX journal_by_slot ON "turnout".journal (slot, seq);
CREATE TABLE "turnout".idempotency (
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
);
CREATE INDEX idempotency_by_expiry ON "turnout".idempotency USING brin (expires_at);
INSERT INTO "turnout".migrations (migration_id, name) VALUES (1, 'events_registrations_journal_idempotency');
-- 2 outbox
CREATE TABLE "turnout".sinks (
  name text COLLATE "C" PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE "turnout".outbox_slots (
  sink text COLLATE "C" NOT NULL,
  slot smallint NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  owner text,
  until timestamptz,
  PRIMARY KEY (sink, slot, epoch)
) WITH (fillfactor = 20);
CREATE TABLE "turnout".outbox_positions (
  sink text COLLATE "C" NOT NULL,
  slot smallint NOT NULL,
  revision bigint NOT NULL,
  position text NOT NULL,
  PRIMARY KEY (sink, slot, revision)
);
CREATE TABLE "turnout".outbox_workers (
  sink text COLLATE "C" NOT NULL,
  owner text NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (sink, owner)
) WITH (fillfactor = 20);
CREATE TABLE "turnout".outbox_blocked (
  sink text COLLATE "C" NOT NULL,
  stream uuid NOT NULL,
  slot smallint NOT NULL,
  version bigint NOT NULL,
  attempts integer NOT NULL,
  error text NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  retry_at timestamptz,
  PRIMARY KEY (sink, stream)
);
CREATE INDEX outbox_blocked_due ON "turnout".outbox_blocked (sink, slot, retry_at) WHERE retry_at IS NOT NULL;
CREATE TABLE "turnout".audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  who text NOT NULL,
  action text NOT NULL,
  details json NOT NULL
);
CREATE TABLE "turnout".inbox (
  consumer text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (consumer, key)
);
CREATE INDEX inbox_by_time ON "turnout".inbox USING brin (at);
CREATE TABLE "turnout".journal_origin (system_identifier bigint NOT NULL);
INSERT INTO "turnout".journal_origin SELECT system_identifier FROM pg_control_system();
INSERT INTO "turnout".migrations (migration_id, name) VALUES (2, 'outbox');
-- 3 replays
CREATE TABLE "turnout".replays (
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
) WITH (fillfactor = 20);
CREATE INDEX replays_running ON "turnout".replays (sink, number) WHERE state = 'running';
INSERT INTO "turnout".migrations (migration_id, name) VALUES (3, 'replays');
-- 4 webhooks
CREATE TABLE "turnout".webhooks (
  id uuid PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  url text NOT NULL,
  types text[],
  description text NOT NULL,
  secret text NOT NULL,
  previous_secret text,
  previous_until timestamptz,
  disabled_because text,
  failing_since timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE "turnout".webhook_attempts (
  webhook uuid NOT NULL REFERENCES "turnout".webhooks ON DELETE CASCADE,
  id bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  message uuid NOT NULL,
  event_id uuid NOT NULL,
  version bigint NOT NULL,
  type text NOT NULL,
  replay uuid,
  millis integer NOT NULL,
  status smallint,
  error text,
  PRIMARY KEY (webhook, id)
);
CREATE INDEX webhook_attempts_by_time ON "turnout".webhook_attempts USING brin (at);
INSERT INTO "turnout".migrations (migration_id, name) VALUES (4, 'webhooks');
-- 5 projections
CREATE TABLE "turnout".projections (
  name text COLLATE "C" NOT NULL,
  stream uuid NOT NULL,
  version bigint NOT NULL,
  state json,
  PRIMARY KEY (name, stream)
) WITH (fillfactor = 50);
INSERT INTO "turnout".migrations (migration_id, name) VALUES (5, 'projections');
-- 6 journal_marks
CREATE TABLE "turnout".journal_marks (
  tx xid8 PRIMARY KEY DEFAULT pg_current_xact_id(),
  nonce text NOT NULL DEFAULT right(gen_random_uuid()::text, 12),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  floor bigint NOT NULL,
  snapshot pg_snapshot NOT NULL DEFAULT pg_current_snapshot()
);
INSERT INTO "turnout".journal_marks (tx, floor, snapshot) VALUES ('3', 0, '3:3:');
CREATE PROCEDURE "turnout".mark_journal(OUT tx text, OUT nonce text, OUT floor bigint, OUT snapshot text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE last bigint;
BEGIN
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO last FROM "turnout".journal_seq;
  PERFORM pg_current_xact_id();
  COMMIT;
  INSERT INTO "turnout".journal_marks AS m (floor) VALUES (last)
  RETURNING m.tx::text, m.nonce, m.floor, m.snapshot::text
  INTO mark_journal.tx, mark_journal.nonce, mark_journal.floor, mark_journal.snapshot;
END $$;
ALTER TABLE "turnout".sinks ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
CREATE TABLE "turnout".forgotten_sinks (id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp());
UPDATE "turnout".outbox_positions SET position = (
  position::jsonb || jsonb_build_object('marks', jsonb_build_array(root.mark)) ||
  CASE WHEN position::jsonb ? 'until' THEN jsonb_build_object('untilMark', root.mark) ELSE '{}' END
)::text FROM (SELECT tx::text || '.' || nonce AS mark FROM "turnout".journal_marks) root;
INSERT INTO "turnout".migrations (migration_id, name) VALUES (6, 'journal_marks');
