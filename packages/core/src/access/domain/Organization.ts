/**
 * Organizations: who events belong to. `organizer` of an event is only the name that people are shown.
 */
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { OrganizationId, TheOrganization } from "../../kernel/domain/OrganizationId.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"
import { line } from "../../kernel/domain/Text.ts"

const MAX_SLUG_LENGTH = 63
const SLUG = "^[a-z0-9]+(?:-[a-z0-9]+)*$"
const SLUG_PATTERN = new RegExp(SLUG)
const SLUG_RULE = `must be lower-case letters, digits and single hyphens between them, at most ${MAX_SLUG_LENGTH} characters`

/** The short name of an organization, for commands and addresses. An id is none, so that either can stand in one place. */
export const Slug = Schema.String.annotate({ pattern: SLUG, maxLength: MAX_SLUG_LENGTH }).check(
  Schema.makeFilter((text) =>
    text.length > MAX_SLUG_LENGTH || !SLUG_PATTERN.test(text)
      ? SLUG_RULE
      : !Schema.is(OrganizationId)(text) || "must not be a UUID"
  )
)
export type Slug = typeof Slug.Type

/** The text by which a caller names an organization: its id or its short name. */
export const GivenOrganization = Schema.Union([OrganizationId, Slug])

/** How an organization is named: by its id or its short name. */
export type OrganizationName = { readonly id: OrganizationId } | { readonly slug: string }

const isId = Schema.is(OrganizationId)
const isSlug = Schema.is(Slug)

/** Reads an id, in any spelling, or a short name; `undefined` if a text is neither, so that no organization has it. */
export const readName = (text: string): OrganizationName | undefined => {
  const id = text.toLowerCase()
  if (isId(id)) return { id }
  return isSlug(text) ? { slug: text } : undefined
}

const fields = {
  /** The short name, for commands and addresses, which no other organization has. */
  slug: described("The short name, for commands and addresses, which no other organization has", Slug, {
    examples: ["music-society"]
  }),
  /** The name as people are shown it: a line of 1 to 200 characters. */
  name: described("The name as people are shown it", line({ minLength: 1, maxLength: 200 }), {
    examples: ["Music society"]
  })
} as const

export const Organization = Schema.Struct({
  /** The id of the organization. */
  id: TheOrganization,
  /** The short name, for commands and addresses, which no other organization has. */
  slug: described("The short name, for commands and addresses, which no other organization has", Schema.String, {
    examples: ["music-society"]
  }),
  /** The name as people are shown it. */
  name: described("The name as people are shown it", Schema.String, { examples: ["Music society"] }),
  /** When the organization was added. */
  createdAt: described("When the organization was added", Instant)
}).annotate({ identifier: "Organization" })
export interface Organization extends Schema.Schema.Type<typeof Organization> {}

/** The input for a new organization. */
export const OrganizationInput = Schema.Struct(fields).annotate({ identifier: "OrganizationInput" })
export type OrganizationInput = typeof OrganizationInput.Type

/** The input for a change: a field that is absent stays as it is. */
export const OrganizationChanges = Schema.Struct({
  slug: Schema.optionalKey(fields.slug),
  name: Schema.optionalKey(fields.name)
}).annotate({ identifier: "OrganizationChanges" })
export type OrganizationChanges = typeof OrganizationChanges.Type

/** Another organization has the short name. */
export class SlugTaken extends TaggedError<SlugTaken>()("SlugTaken", {
  slug: described("The short name that another organization has", Schema.String)
}) {
  override get message(): string {
    return `Another organization has the short name ${this.slug}.`
  }
}
