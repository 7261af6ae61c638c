/**
 * The id of an organization. Events belong to one, and so do members, API keys and webhooks.
 *
 * Every database has the default organization, which owns the events of hosts and installations that know of no other.
 */
import * as Schema from "effect/Schema"
import { described } from "./document/Documented.ts"
import { TaggedError } from "./TaggedError.ts"
import { Uuid } from "./Uuid.ts"

export const OrganizationId = Uuid.pipe(Schema.brand("OrganizationId"))
export type OrganizationId = typeof OrganizationId.Type

/** The id of the default organization, which is the same in every database. */
export const DEFAULT_ORGANIZATION = OrganizationId.make("00000000-0000-7000-8000-000000000000")

/** The field of a journal event that names an organization. The default organization is not named in the journal. */
export const namedInJournal = (
  organizationId: OrganizationId | undefined
): { readonly organizationId?: OrganizationId } =>
  organizationId === undefined || organizationId === DEFAULT_ORGANIZATION ? {} : { organizationId }

/** A field that has the id of the organization that is spoken of. */
export const TheOrganization = described("The id of the organization", OrganizationId)

/** There is no organization with this id or short name. */
export class OrganizationNotFound extends TaggedError<OrganizationNotFound>()("OrganizationNotFound", {
  organization: described("The id or the short name that was asked for", Schema.String)
}) {
  override get message(): string {
    return `There is no organization ${this.organization}.`
  }
}
