/**
 * What finding needs: an index of events by the span of time that they take, one of registrations that have come to an end, by
 * their state, and the keys of the people who are registered for large events.
 */
import type { Migration } from "../Migration.ts"

export const finding: Migration = {
  id: 10,
  name: "finding",
  statements: (s) => [
    // The updates of the counters change no column of this index. It takes every row that a column takes.
    `CREATE INDEX events_by_span ON ${s}.events USING gist (tstzrange(starts_at, greatest(starts_at, ends_at)))`,
    // A registration enters this index when it is cancelled, or attendance is recorded, so that registering pays nothing for it.
    `CREATE INDEX registrations_ended ON ${s}.registrations (event_id, state, sequence)
  WHERE state IN ('cancelled', 'attended', 'noShow')`,
    // The keys of people are written by those who search, some time after the registrations: see `PeopleIndex`.
    `CREATE TABLE ${s}.people_keys (
  event_id uuid NOT NULL,
  key text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (event_id, key, sequence)
)`,
    // Up to which registration of an event the keys are there.
    `CREATE TABLE ${s}.people_keys_until (
  event_id uuid PRIMARY KEY,
  sequence bigint NOT NULL
)`,
    // Whoever is corrected keeps the old keys, and gets the empty one, which every search looks at.
    `CREATE FUNCTION ${s}.people_keys_corrected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ${s}.people_keys VALUES (NEW.event_id, '', NEW.sequence) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$`,
    `CREATE TRIGGER people_keys_corrected AFTER UPDATE OF name, email ON ${s}.registrations
  FOR EACH ROW WHEN (OLD.name <> NEW.name OR OLD.email <> NEW.email) EXECUTE FUNCTION ${s}.people_keys_corrected()`
  ]
}
