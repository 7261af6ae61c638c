/**
 * What the audit log says of an entry besides its details, with an index for each way of finding entries; and where the requests of
 * staff and of those who sign in came from, which is kept for 90 days.
 */
import type { Migration } from "../Migration.ts"

const found = (s: string, column: string) =>
  `CREATE INDEX audit_log_by_${column} ON ${s}.audit_log (${column}, at, id) WHERE ${column} IS NOT NULL`

export const auditTrail: Migration = {
  id: 19,
  name: "audit_trail",
  statements: (s) => [
    `ALTER TABLE ${s}.audit_log
  ADD COLUMN request_id text,
  ADD COLUMN credential text,
  ADD COLUMN organization_id uuid,
  ADD COLUMN resource text,
  ADD COLUMN outcome text NOT NULL DEFAULT 'done',
  ALTER COLUMN at SET DEFAULT date_trunc('milliseconds', clock_timestamp())`,
    // Entries are found by the time, which clients know in milliseconds.
    `UPDATE ${s}.audit_log SET at = date_trunc('milliseconds', at)`,
    `CREATE INDEX audit_log_by_time ON ${s}.audit_log (at, id)`,
    ...["who", "action", "resource", "organization_id"].map((column) => found(s, column)),
    `CREATE TABLE ${s}.audit_origins (
  request_id text COLLATE "C" NOT NULL,
  who text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  credential text,
  address text,
  user_agent text,
  PRIMARY KEY (request_id, who)
)`
  ]
}
