/**
 * The marks of `LogWindow`: the snapshots that positions rest on, written down before they are used.
 *
 * The procedure commits in between, so that the transaction whose id it has drawn is over when the snapshot is taken; for the
 * same reason it cannot be called within a transaction. It is one statement, so one server carries it out: a floor that was
 * read on another server would be worth nothing.
 */
import type { Migration } from "../Migration.ts"

export const journalMarks: Migration = {
  id: 6,
  name: "journal_marks",
  statements: (s) => [
    `CREATE TABLE ${s}.journal_marks (
  tx xid8 PRIMARY KEY DEFAULT pg_current_xact_id(),
  nonce text NOT NULL DEFAULT right(gen_random_uuid()::text, 12),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  floor bigint NOT NULL,
  snapshot pg_snapshot NOT NULL DEFAULT pg_current_snapshot()
)`,
    // The root, which is before everything.
    `INSERT INTO ${s}.journal_marks (tx, floor, snapshot) VALUES ('3', 0, '3:3:')`,
    `CREATE PROCEDURE ${s}.mark_journal(OUT tx text, OUT nonce text, OUT floor bigint, OUT snapshot text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE last bigint;
BEGIN
  SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO last FROM ${s}.journal_seq;
  PERFORM pg_current_xact_id();
  COMMIT;
  INSERT INTO ${s}.journal_marks AS m (floor) VALUES (last)
  RETURNING m.tx::text, m.nonce, m.floor, m.snapshot::text
  INTO mark_journal.tx, mark_journal.nonce, mark_journal.floor, mark_journal.snapshot;
END $$`,
    // The id distinguishes a sink that was forgotten on purpose from one that was lost with a server.
    `ALTER TABLE ${s}.sinks ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid()`,
    `CREATE TABLE ${s}.forgotten_sinks (id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp())`,
    // The positions that are stored here cannot be ahead of this server.
    `UPDATE ${s}.outbox_positions SET position = (
  position::jsonb || jsonb_build_object('marks', jsonb_build_array(root.mark)) ||
  CASE WHEN position::jsonb ? 'until' THEN jsonb_build_object('untilMark', root.mark) ELSE '{}' END
)::text FROM (SELECT tx::text || '.' || nonce AS mark FROM ${s}.journal_marks) root`
  ]
}
