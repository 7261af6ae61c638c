/**
 * The organization that a webhook belongs to; null for the installation, to which all that are there already belong.
 */
import type { Migration } from "../Migration.ts"

export const webhooksOfOrganizations: Migration = {
  id: 20,
  name: "webhooks_of_organizations",
  statements: (s) => [
    `ALTER TABLE ${s}.webhooks ADD COLUMN organization_id uuid REFERENCES ${s}.organizations`,
    `CREATE INDEX webhooks_by_organization ON ${s}.webhooks (organization_id, number)`
  ]
}
