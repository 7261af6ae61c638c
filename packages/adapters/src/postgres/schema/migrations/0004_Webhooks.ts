/**
 * Webhooks, with their secrets, and the log of the requests that were made.
 */
import type { Migration } from "../Migration.ts"

export const webhooks: Migration = {
  id: 4,
  name: "webhooks",
  statements: (s) => [
    `CREATE TABLE ${s}.webhooks (
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
)`,
    `CREATE TABLE ${s}.webhook_attempts (
  webhook uuid NOT NULL REFERENCES ${s}.webhooks ON DELETE CASCADE,
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
)`,
    `CREATE INDEX webhook_attempts_by_time ON ${s}.webhook_attempts USING brin (at)`
  ]
}
