/**
 * What is known of the endpoint of a webhook: when a request failed last, for how long requests have failed in all, until when
 * the endpoint is left alone, and the number of the edition that this is about.
 */
import type { Migration } from "../Migration.ts"

export const webhookFailures: Migration = {
  id: 8,
  name: "webhook_failures",
  statements: (s) => [
    `ALTER TABLE ${s}.webhooks
  ADD COLUMN edition integer NOT NULL DEFAULT 1,
  ADD COLUMN failed_at timestamptz,
  ADD COLUMN failed_millis float8 NOT NULL DEFAULT 0,
  ADD COLUMN left_alone_until timestamptz`
  ]
}
