/**
 * API keys: the credentials of programs.
 *
 * A key is the text `tk_<id>_<secret>` (see `Credential`). It has a role in an organization, or is that of an operator. It can be replaced
 * by another one, and is valid beside it for a while, so that the programs that have it can be given the new one.
 */
import * as Schema from "effect/Schema"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { Instant } from "../../../kernel/domain/Instant.ts"
import { OrganizationId } from "../../../kernel/domain/OrganizationId.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"
import { line } from "../../../kernel/domain/Text.ts"
import { CredentialId } from "./Credential.ts"
import { Role } from "../policy/Role.ts"

/** The id of a key: 32 hexadecimal digits. Later keys have higher ids. */
export const ApiKeyId = CredentialId
export type ApiKeyId = typeof ApiKeyId.Type

const words = {
  name: "What the key is for",
  role: "What the key may do",
  organizationId: "The organization that the key is for; null for that of an operator",
  expiresAt: "When the key ends; null for never"
} as const

export const ApiKey = Schema.Struct({
  /** The id of the key. */
  id: described("The id of the key", ApiKeyId),
  /** What the key is for. */
  name: described(words.name, Schema.String, { examples: ["Badge printer"] }),
  /** What the key may do. */
  role: described(words.role, Role),
  /** The organization that the key is for; `null` for that of an operator. */
  organizationId: described(words.organizationId, Schema.NullOr(OrganizationId)),
  /** When the key was made. */
  createdAt: described("When the key was made", Instant),
  /** When the key ends; `null` for never. */
  expiresAt: described(words.expiresAt, Schema.NullOr(Instant)),
  /** When the key was used last, to the hour; `null` if it never was. */
  lastUsedAt: described("When the key was used last, to the hour; null if it never was", Schema.NullOr(Instant)),
  /** When the key was revoked; `null` if it was not. */
  revokedAt: described("When the key was revoked; null if it was not", Schema.NullOr(Instant)),
  /** The key that replaces this one; `null` if there is none. */
  replacedBy: described("The key that replaces this one; null if there is none", Schema.NullOr(ApiKeyId))
}).annotate({ identifier: "ApiKey" })
export interface ApiKey extends Schema.Schema.Type<typeof ApiKey> {}

/** The input for a new key. The role of an operator is that of no organization, and each other role is that of one. */
export const ApiKeyInput = Schema.Struct({
  /** What the key is for: a line of 1 to 200 characters. */
  name: described(words.name, line({ minLength: 1, maxLength: 200 }), { examples: ["Badge printer"] }),
  /** What the key may do. */
  role: described(words.role, Role),
  /** The organization that the key is for; without one, the key of an operator. */
  organizationId: described(words.organizationId, Schema.optionalKey(Schema.NullOr(OrganizationId)), { default: null }),
  /** When the key ends; default never. */
  expiresAt: described(words.expiresAt, Schema.optionalKey(Schema.NullOr(Instant)), { default: null })
})
  .check(
    Schema.makeFilter(({ organizationId = null, role }) =>
      role === "operator"
        ? organizationId === null || { path: ["organizationId"], issue: "must be absent for the role operator" }
        : organizationId !== null || { path: ["organizationId"], issue: `must be there for the role ${role}` }
    )
  )
  .annotate({ identifier: "ApiKeyInput" })
export type ApiKeyInput = typeof ApiKeyInput.Type

/** For how long a key is still valid: 0 if it is not, `null` if it has no end. */
export const validMillis = ({ expiresAt, revokedAt }: ApiKey, now: Date): number | null => {
  if (revokedAt !== null) return 0
  return expiresAt === null ? null : Math.max(0, expiresAt.getTime() - now.getTime())
}

/** There is no key with this id. */
export class ApiKeyNotFound extends TaggedError<ApiKeyNotFound>()("ApiKeyNotFound", {
  id: described("The id of the key", Schema.String)
}) {
  override get message(): string {
    return `There is no API key ${this.id}.`
  }
}

/** The key has ended, was revoked, or is being replaced already, so that it cannot be replaced. */
export class ApiKeyNotReplaceable extends TaggedError<ApiKeyNotReplaceable>()("ApiKeyNotReplaceable", {
  id: described("The id of the key", Schema.String),
  /** The key that replaces it already; `null` if it has ended or was revoked. */
  replacedBy: described(
    "The key that replaces it already; null if it has ended or was revoked",
    Schema.NullOr(ApiKeyId)
  )
}) {
  override get message(): string {
    return this.replacedBy === null
      ? `API key ${this.id} has ended: make a new one.`
      : `API key ${this.id} is being replaced by ${this.replacedBy}: replace that one, or make a new one.`
  }
}
