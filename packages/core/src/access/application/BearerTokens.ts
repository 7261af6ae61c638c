/**
 * Bearer tokens of issuers: the person whom a token belongs to, with the roles that it gives them.
 *
 * Roles that a token gives are added to those of the person's memberships, for as long as the token is sent: nothing of them is stored. In
 * each organization the stronger role counts. An organization that is not there gives nothing, and the log says so once. One that gets
 * another short name is known by it within `REMEMBERED_MILLIS`.
 */
import * as Cache from "effect/Cache"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { CredentialRefused } from "../domain/credentials/CredentialRefused.ts"
import type { Grant } from "../domain/credentials/VerifiedToken.ts"
import { strongest } from "../domain/Member.ts"
import { readName } from "../domain/Organization.ts"
import type { Membership, User } from "../domain/policy/Principal.ts"
import { OrganizationStore } from "../ports/OrganizationStore.ts"
import type { IssuerUnreachable, TokenRefused, TokenVerifier } from "../ports/TokenVerifier.ts"
import { Authentication, REMEMBERED_MILLIS } from "./Authentication.ts"

/** The most organizations that are remembered by the names that rules give them. */
const MAX_REMEMBERED = 1_000

export interface BearerTokens {
  /**
   * Returns the person whom a token belongs to, and its issuer. Those who are deactivated are refused, as are tokens that are not valid.
   */
  readonly user: (
    token: string
  ) => Effect.Effect<
    { readonly user: User; readonly issuer: string },
    CredentialRefused | IssuerUnreachable | StoreError
  >
}

/** The caller is not told why a token is refused; the log is. */
const onRefused = ({ reason }: TokenRefused): Effect.Effect<never, CredentialRefused> =>
  Effect.andThen(Effect.logDebug(`a bearer token is refused: it ${reason}`), Effect.fail(new CredentialRefused()))

/** Recognizes the bearers of tokens that this verifier has verified. */
export const make = Effect.fnUntraced(function* (
  verifier: TokenVerifier["Service"]
): Effect.fn.Return<BearerTokens, never, Authentication | OrganizationStore> {
  const authentication = yield* Authentication
  const organizations = yield* OrganizationStore
  /** The names that no organization has, and that the log has been told of. */
  const unknown = new Set<string>()

  const find = Effect.fnUntraced(function* (text: string) {
    const name = readName(text)
    const found = name === undefined ? undefined : yield* organizations.find(name)
    if (found === undefined && !unknown.has(text)) {
      unknown.add(text)
      yield* Effect.logWarning(`tokens give roles in the organization ${text}, and there is none of this name`)
    }
    return found?.id
  })
  const known = yield* Cache.make({
    lookup: find,
    capacity: MAX_REMEMBERED,
    timeToLive: Duration.millis(REMEMBERED_MILLIS)
  })

  /** The memberships that a grant gives: one, or none. */
  const given = Effect.fnUntraced(function* (grant: Grant): Effect.fn.Return<ReadonlyArray<Membership>, StoreError> {
    if (grant.role === "operator") return []
    const organizationId = yield* Cache.get(known, grant.organization)
    return organizationId === undefined ? [] : [{ organizationId, role: grant.role }]
  })

  return {
    user: Effect.fnUntraced(function* (token) {
      const { grants, ...claims } = yield* Effect.catchTag(verifier.verify(token), "TokenRefused", onRefused)
      const user = yield* authentication.user(claims)
      const { issuer } = claims
      if (grants.length === 0) return { user, issuer }
      const memberships = yield* Effect.forEach(grants, given)
      const granted = {
        ...user,
        memberships: strongest([...user.memberships, ...memberships.flat()]),
        isOperator: grants.some(({ role }) => role === "operator")
      }
      return { user: granted, issuer }
    })
  }
})
