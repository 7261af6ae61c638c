/**
 * The check of the credential of a request: who its principal is.
 *
 * A request has one credential or none. Which kind it is shows by how it begins, so a credential that is refused is never passed over for
 * another, and nobody who sends one counts as somebody without. What the policy refuses whatever the facts are is refused here, before
 * anything else of the request is looked at.
 */
import * as BearerTokens from "@turnout/core/access/application/BearerTokens"
import { Authentication } from "@turnout/core/access/application/Authentication"
import { digestOf, hasDigest } from "@turnout/core/access/application/Secrets"
import { kindOf } from "@turnout/core/access/domain/credentials/Credential"
import { CredentialRefused } from "@turnout/core/access/domain/credentials/CredentialRefused"
import type { Principal } from "@turnout/core/access/domain/policy/Principal"
import { withoutLooking } from "@turnout/core/access/domain/policy/Policy"
import type { Action } from "@turnout/core/access/domain/policy/Action"
import { toRefusal } from "@turnout/core/guard/application/Guard"
import { CurrentPrincipal } from "@turnout/core/guard/application/CurrentPrincipal"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import type { IssuerUnreachable, TokenVerifier } from "@turnout/core/access/ports/TokenVerifier"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as OpenApi from "effect/http-api/OpenApi"
import { toProblems } from "../problems/ToProblems.ts"
import { RequestLimits, withDeadline } from "../server/Boundary.ts"
import * as AdminToken from "./AdminToken.ts"
import { Credential } from "./Credential.ts"

export interface CredentialOptions {
  /** The token that opens everything when nothing else does, of at least 16 characters. Default: there is none. */
  readonly adminToken?: Redacted.Redacted<string>
  /** Whether everybody may do everything, without a credential. Default false. */
  readonly open?: boolean
  /** Verifies the bearer tokens of issuers, such as `TokenVerifier` of `@turnout/adapters/tokens`. Default: there are no issuers. */
  readonly tokenVerifier?: TokenVerifier["Service"]
}

const BEARER = /^bearer +([\x21-\x7e]+)$/i

/** Whether a text may be a token of an issuer: three parts with dots between them (RFC 7515, 3.1). */
const isToken = (text: string): boolean => text.split(".").length === 3

const operator: Principal = { kind: "operator" }

const make = Effect.fnUntraced(function* ({ adminToken, open = false, tokenVerifier }: CredentialOptions) {
  const digest = adminToken === undefined ? undefined : digestOf(Redacted.value(adminToken))
  const { apiKey, attendeeLink, session } = yield* Authentication
  const tokens = tokenVerifier === undefined ? undefined : yield* BearerTokens.make(tokenVerifier)
  const { requestTimeoutMillis } = yield* RequestLimits
  const anonymous: Principal = open ? { kind: "anonymous", mayEverything: true } : { kind: "anonymous" }

  const principalOf = (
    authorization: string
  ): Effect.Effect<Principal, CredentialRefused | IssuerUnreachable | StoreError> => {
    const text = BEARER.exec(authorization)?.[1]
    if (text === undefined) return Effect.fail(new CredentialRefused())
    const kind = kindOf(text)
    if (kind === "apiKey") return apiKey(text)
    if (kind === "session") return session(text)
    if (kind === "attendeeLink") return attendeeLink(text)
    if (digest !== undefined && hasDigest(text, digest)) return Effect.succeed(operator)
    return tokens !== undefined && isToken(text) ? tokens.user(text) : Effect.fail(new CredentialRefused())
  }

  return Credential.of((work, { endpoint }) =>
    Effect.withFiber((fiber) => {
      const action = Context.getOrUndefined(endpoint.annotations, OpenApi.Identifier) as Action
      const as = (principal: Principal) => {
        const refused = withoutLooking(principal, action)
        if (refused !== undefined) return toProblems(Effect.fail(toRefusal(action, refused.because)), "header")
        return Effect.provideService(
          work,
          CurrentPrincipal,
          principal
        ) as Effect.Effect<HttpServerResponse.HttpServerResponse>
      }
      const { authorization } = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest).headers
      if (authorization === undefined) return as(anonymous)
      const found = withDeadline(requestTimeoutMillis)(principalOf(authorization))
      return Effect.flatMap(toProblems(found, "header"), as)
    })
  )
})

/** Throws a `RangeError` if the admin token breaks `TOKEN_RULE`. */
export const layer = (
  options: CredentialOptions
): Layer.Layer<Credential, never, Authentication | OrganizationStore> => {
  const { adminToken } = options
  if (adminToken !== undefined && !AdminToken.isToken(Redacted.value(adminToken)))
    throw new RangeError(`adminToken: ${AdminToken.TOKEN_RULE}`)
  return Layer.effect(Credential, make(options))
}
