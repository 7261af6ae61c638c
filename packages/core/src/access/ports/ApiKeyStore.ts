/**
 * API keys as stores keep them: by id, with the digest of the secret. Changes are written to the audit log in the same transaction,
 * without secrets and digests.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OrganizationId, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { ApiKey, ApiKeyId, ApiKeyNotFound, ApiKeyNotReplaceable } from "../domain/credentials/ApiKey.ts"

/** A key that is to be stored. The digest is SHA-256 of the secret, in hexadecimal digits. */
export interface NewApiKey extends Pick<ApiKey, "id" | "name" | "role" | "organizationId" | "expiresAt"> {
  readonly digest: string
}

export interface StoredApiKey {
  readonly key: ApiKey
  readonly digest: string
  /** For how long the key is still valid, by the store's clock: 0 if it is not, `null` if it has no end. */
  readonly validMillis: number | null
}

export class ApiKeyStore extends Context.Service<
  ApiKeyStore,
  {
    /** Adds a key, unless there is one of this id; returns the key as it is then. */
    readonly create: (key: NewApiKey, who: string) => Effect.Effect<ApiKey, OrganizationNotFound | StoreError>
    /** Returns a key with its digest, valid or not; `undefined` if there is none. */
    readonly find: (id: ApiKeyId) => Effect.Effect<StoredApiKey | undefined, StoreError>
    /** Returns the keys of an organization, of operators (`null`), or all, the oldest first; the key is the id. */
    readonly list: (
      of: OrganizationId | null | "all",
      page: PageRequest<ApiKeyId>
    ) => Effect.Effect<ReadonlyArray<ApiKey>, StoreError>
    /**
     * Adds a key with the settings of another one, which ends `overlapMillis` from now, or at its own end if that is earlier. Both are
     * valid until then. Returns the new key; adds none if there is one of its id.
     */
    readonly replace: (
      id: ApiKeyId,
      by: Pick<NewApiKey, "id" | "digest">,
      overlapMillis: number,
      who: string
    ) => Effect.Effect<ApiKey, ApiKeyNotFound | ApiKeyNotReplaceable | StoreError>
    /** Ends a key at once; changes nothing if it was revoked before. */
    readonly revoke: (id: ApiKeyId, who: string) => Effect.Effect<ApiKey, ApiKeyNotFound | StoreError>
    /** Notes that a key is in use, by the hour of the store's clock. Nothing is written within an hour that was noted. */
    readonly noteUsed: (id: ApiKeyId) => Effect.Effect<void, StoreError>
  }
>()("@turnout/ApiKeyStore") {}
