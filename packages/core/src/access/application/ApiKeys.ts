/**
 * API keys, for those who give them out. Every use checks its input, and names the principal for the audit log. A secret is shown
 * once, when it is made. Nobody makes or replaces a key whose role has permissions that they lack.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { decoder, type InvalidInput } from "../../kernel/application/InvalidInput.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import type { OrganizationId, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import {
  type ApiKey,
  type ApiKeyId,
  ApiKeyInput,
  ApiKeyNotFound,
  type ApiKeyNotReplaceable
} from "../domain/credentials/ApiKey.ts"
import type { Permission } from "../domain/policy/Permission.ts"
import type { MayNotGive } from "../domain/policy/Role.ts"
import { ApiKeyStore } from "../ports/ApiKeyStore.ts"
import * as Giving from "./Giving.ts"
import { newCredential } from "./Secrets.ts"

/** A key, and its text, which is shown this once only. */
export interface WithText {
  readonly key: ApiKey
  readonly text: string
}

/** The longest time for which a replaced key is still valid. */
export const MAX_OVERLAP_MILLIS = 30 * 24 * 60 * 60 * 1_000
/** The time for which a replaced key is valid, unless its owner chooses another. */
export const DEFAULT_OVERLAP_MILLIS = 24 * 60 * 60 * 1_000

export const Replacement = Schema.Struct({
  overlapMillis: described(
    "The milliseconds for which the replaced key is valid as well: a day, unless it says otherwise, and 30 days at most",
    Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_OVERLAP_MILLIS }))),
    { default: DEFAULT_OVERLAP_MILLIS }
  )
})

const decodeInput = decoder(ApiKeyInput)
const decodeReplacement = decoder(Replacement)

/** `held` are the permissions that the caller has: for the organization of the key, or for the installation. */
export class ApiKeys extends Context.Service<
  ApiKeys,
  {
    readonly create: (
      input: typeof ApiKeyInput.Encoded,
      held: ReadonlySet<Permission>,
      who: string
    ) => Effect.Effect<WithText, OrganizationNotFound | MayNotGive | InvalidInput | StoreError>
    /** Returns the keys of an organization, of operators (`null`), or all, the oldest first; the key is the id. */
    readonly list: (
      of: OrganizationId | null | "all",
      page: PageRequest<ApiKeyId>
    ) => Effect.Effect<ReadonlyArray<ApiKey>, StoreError>
    /** Makes a key that replaces another one, which is valid for a while as well (a day by default). */
    readonly replace: (
      id: ApiKeyId,
      options: typeof Replacement.Encoded,
      held: ReadonlySet<Permission>,
      who: string
    ) => Effect.Effect<WithText, ApiKeyNotFound | ApiKeyNotReplaceable | MayNotGive | InvalidInput | StoreError>
    /** Ends a key at once. */
    readonly revoke: (id: ApiKeyId, who: string) => Effect.Effect<ApiKey, ApiKeyNotFound | StoreError>
  }
>()("@turnout/ApiKeys") {}

const make = Effect.gen(function* () {
  const store = yield* ApiKeyStore
  const random = yield* SecureRandom.SecureRandom

  return ApiKeys.of({
    create: Effect.fnUntraced(function* (input, held, who) {
      const { expiresAt = null, name, organizationId = null, role } = yield* decodeInput(input)
      yield* Giving.check(held, role)
      const { text, ...made } = yield* newCredential(random, "apiKey")
      return { key: yield* store.create({ ...made, name, role, organizationId, expiresAt }, who), text }
    }),
    list: store.list,
    replace: Effect.fnUntraced(function* (id, options, held, who) {
      const { overlapMillis = DEFAULT_OVERLAP_MILLIS } = yield* decodeReplacement(options)
      const replaced = yield* store.find(id)
      if (replaced === undefined) return yield* new ApiKeyNotFound({ id })
      // A key has one role for ever.
      yield* Giving.check(held, replaced.key.role)
      const { text, ...made } = yield* newCredential(random, "apiKey")
      return { key: yield* store.replace(id, made, overlapMillis, who), text }
    }),
    revoke: store.revoke
  })
})

export const layer: Layer.Layer<ApiKeys, never, ApiKeyStore> = Layer.effect(ApiKeys, make).pipe(
  Layer.provide(SecureRandom.layerWebCrypto)
)
