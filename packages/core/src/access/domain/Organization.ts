/**
 * Organizations: each event belongs to one. Members, API keys and webhooks belong to one as well.
 *
 * Every database has the default organization, which owns the events of hosts and installations that know of no other.
 */
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { line } from "../../kernel/domain/Text.ts"
import { Uuid } from "../../kernel/domain/Uuid.ts"

export const OrganizationId = Uuid.pipe(Schema.brand("OrganizationId"))
export type OrganizationId = typeof OrganizationId.Type

/** The id of the default organization, which is the same in every database. */
export const DEFAULT_ORGANIZATION = OrganizationId.make("00000000-0000-7000-8000-000000000000")

const MAX_SLUG_LENGTH = 63

/** The short name of an organization, for commands and addresses. */
export const Slug = Schema.String.annotate({
  description: `Lower-case letters, digits and single hyphens between them, of at most ${MAX_SLUG_LENGTH} characters`,
  pattern: "^[a-z0-9]+(?:-[a-z0-9]+)*$",
  maxLength: MAX_SLUG_LENGTH,
  examples: ["music-society"]
}).check(
  Schema.makeFilter(
    (text) =>
      (text.length <= MAX_SLUG_LENGTH && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text)) ||
      `must be lower-case letters, digits and single hyphens between them, of at most ${MAX_SLUG_LENGTH} characters`
  )
)
export type Slug = typeof Slug.Type

export const Organization = Schema.Struct({
  /** The id of the organization. */
  id: described("The id of the organization", OrganizationId),
  /** The short name, for commands and addresses, which no other organization has. */
  slug: described("The short name, for commands and addresses, which no other organization has", Slug),
  /** The name, as people are shown it. */
  name: described("The name, as people are shown it", line({ minLength: 1, maxLength: 200 })),
  /** When the organization was added. */
  createdAt: described("When the organization was added", Instant)
}).annotate({ identifier: "Organization" })
export interface Organization extends Schema.Schema.Type<typeof Organization> {}
