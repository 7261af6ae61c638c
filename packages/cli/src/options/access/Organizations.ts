/**
 * The option and the argument that name an organization, by its id or its short name.
 */
import { find } from "@turnout/core/access/application/Organizations"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import { readName } from "@turnout/core/access/domain/Organization"
import type { OrganizationId, OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Argument, InvalidArgumentError, Option } from "commander"
import * as Effect from "effect/Effect"

export interface OrganizationOptions {
  readonly organization?: string
}

/** The options of a command that is about one organization. */
export interface RequiredOrganization {
  readonly organization: string
}

/** Reads the name of an organization. */
const name = (text: string): string => {
  if (readName(text) === undefined)
    throw new InvalidArgumentError("must be the id or the short name of an organization.")
  return text
}

/** `description` says what the organization is to the command. */
export const organization = (description: string): Option =>
  new Option("--organization <organization>", `${description}: its id or its short name`).argParser(name)

/** The organization that a command is about. */
export const theOrganization = (): Argument =>
  new Argument("<organization>", "its id or its short name").argParser(name)

/** The id of the organization that a command is about. */
export const idOf = ({
  organization
}: RequiredOrganization): Effect.Effect<OrganizationId, OrganizationNotFound | StoreError, OrganizationStore> =>
  Effect.map(find(organization), ({ id }) => id)

/** The organization of the option as the field of an input or a query; without the option, no field. */
export const fieldOf = ({
  organization: text
}: OrganizationOptions): Effect.Effect<
  { readonly organizationId?: OrganizationId },
  OrganizationNotFound | StoreError,
  OrganizationStore
> => (text === undefined ? Effect.succeed({}) : Effect.map(find(text), ({ id }) => ({ organizationId: id })))
