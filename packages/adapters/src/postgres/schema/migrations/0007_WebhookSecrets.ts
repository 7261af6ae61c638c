/**
 * Every secret of a webhook that was promised to sign for a while longer, with the end of that time: the one that was replaced
 * last first. Both arrays are in one row, so that two rotations at once cannot lose one.
 */
import type { Migration } from "../Migration.ts"

export const webhookSecrets: Migration = {
  id: 7,
  name: "webhook_secrets",
  statements: (s) => [
    `ALTER TABLE ${s}.webhooks
  ADD COLUMN previous_secrets text[] NOT NULL DEFAULT '{}',
  ADD COLUMN previous_untils timestamptz[] NOT NULL DEFAULT '{}'`,
    `UPDATE ${s}.webhooks SET previous_secrets = ARRAY[previous_secret], previous_untils = ARRAY[previous_until]
WHERE previous_secret IS NOT NULL AND previous_until IS NOT NULL`,
    `ALTER TABLE ${s}.webhooks DROP COLUMN previous_secret, DROP COLUMN previous_until`
  ]
}
