/**
 * Organizations as stores keep them. Changes are written to the audit log in the same transaction.
 *
 * Every store has the default organization from the beginning. None is ever deleted, so an event that was made for one keeps it.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OrganizationId, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type {
  Organization,
  OrganizationChanges,
  OrganizationInput,
  OrganizationName,
  SlugTaken
} from "../domain/Organization.ts"

/** What the default organization is called until somebody renames it. */
export const DEFAULT_NAMES: OrganizationInput = { slug: "default", name: "Default organization" }

export class OrganizationStore extends Context.Service<
  OrganizationStore,
  {
    /** Adds an organization, unless there is one of this id; returns the organization as it is then. */
    readonly create: (
      id: OrganizationId,
      input: OrganizationInput,
      who: string
    ) => Effect.Effect<Organization, SlugTaken | StoreError>
    /** Returns the organization; `undefined` if there is none. */
    readonly find: (name: OrganizationName) => Effect.Effect<Organization | undefined, StoreError>
    /** Returns organizations in the order of their short names, which are the keys. */
    readonly list: (page: PageRequest<string>) => Effect.Effect<ReadonlyArray<Organization>, StoreError>
    /** Renames an organization; changes nothing, and writes no entry, if it is called so already. */
    readonly update: (
      id: OrganizationId,
      changes: OrganizationChanges,
      who: string
    ) => Effect.Effect<Organization, OrganizationNotFound | SlugTaken | StoreError>
  }
>()("@turnout/OrganizationStore") {}
