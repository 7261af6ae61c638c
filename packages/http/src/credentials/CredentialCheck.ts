/**
 * The check of the credential of a request: who its principal is.
 *
 * A request has one credential or none: a header `Authorization`, or the cookie of a session. Which kind it is shows by where it is and how
 * it begins, so a credential that is refused is never passed over for another, and nobody who sends one counts as somebody without. A
 * browser sends the cookie for any page, so writes with it have to come from a page of this server. What the policy refuses whatever the
 * facts are is refused here, before anything else of the request is looked at.
 *
 * The request, and the recorder of the audit trail, are in the context of the work, unless somebody registers, or looks at what is public:
 * that costs nothing more, and leaves nothing in the audit trail.
 */
import { AuditRecorder, AuditTrail } from "@turnout/core/access/application/audit/AuditTrail"
import { CurrentRequest } from "@turnout/core/access/application/audit/CurrentRequest"
import * as BearerTokens from "@turnout/core/access/application/BearerTokens"
import { Authentication } from "@turnout/core/access/application/Authentication"
import { digestOf, hasDigest } from "@turnout/core/access/application/Secrets"
import { kindOf } from "@turnout/core/access/domain/credentials/Credential"
import { CredentialRefused } from "@turnout/core/access/domain/credentials/CredentialRefused"
import { actorOf, isStaff, type Principal } from "@turnout/core/access/domain/policy/Principal"
import { withoutLooking } from "@turnout/core/access/domain/policy/Policy"
import * as Guard from "@turnout/core/guard/application/Guard"
import { CurrentPrincipal } from "@turnout/core/guard/application/CurrentPrincipal"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import type { IssuerUnreachable, TokenVerifier } from "@turnout/core/access/ports/TokenVerifier"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type CurrentExchange, type Exchange, setHeader } from "../pipeline/Exchange.ts"
import type { Operation } from "../pipeline/Operation.ts"
import * as AccessProblems from "../problems/AccessProblems.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as RequestId from "../requests/headers/RequestId.ts"
import * as AdminToken from "./AdminToken.ts"
import * as SameOrigin from "./SameOrigin.ts"
import * as SessionCookie from "./SessionCookie.ts"

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

/** Who the bearer of a credential is, and the credential without its secret. */
export interface Bearer {
  readonly principal: Principal
  readonly credential: string | null
}

/** The methods that change nothing. */
const isSafe = (method: string): boolean => method === "GET" || method === "HEAD"

const refuse = (pointer: string, rule: string): BoundaryProblems.ValidationFailed =>
  new BoundaryProblems.ValidationFailed({ violations: [{ in: "header", pointer, rule }] })

/** The problem of a request with more than one credential, of which `cookies` are cookies of a session. */
const ambiguity = (
  authorization: string | undefined,
  cookies: number
): BoundaryProblems.ValidationFailed | undefined => {
  if (cookies > 1) return refuse("/cookie", `must have one cookie ${SessionCookie.NAME} at most`)
  return authorization !== undefined && cookies > 0
    ? refuse(
        "/authorization",
        `must not be sent together with the cookie ${SessionCookie.NAME}: a request has one credential`
      )
    : undefined
}

/** Why a credential is not taken. */
type Refusal = AccessProblems.CrossSite | CredentialRefused | IssuerUnreachable

type Looking = Effect.Effect<Bearer, Refusal | StoreError, CurrentExchange>

const operator: Bearer = { principal: { kind: "operator" }, credential: "admin-token" }

/** The kinds of ids in paths, the most particular first. */
const RESOURCES = [
  ["registration", "registrationId"],
  ["event", "eventId"],
  ["member", "memberId"],
  ["organization", "organization"],
  ["person", "personId"],
  ["key", "keyId"],
  ["webhook", "webhookId"],
  ["replay", "replayId"],
  ["sink", "sink"],
  ["queue", "queue"]
] as const

/** The longest id that is told of a request whose path nobody has checked. */
const MAX_ID_LENGTH = 200

/** What the path of a request names; `null` if that is nothing in particular. */
const resourceIn = ({ params }: Exchange): string | null => {
  for (const [kind, name] of RESOURCES)
    if (params[name] !== undefined) return `${kind}:${params[name].slice(0, MAX_ID_LENGTH)}`
  return null
}

/** The bearers of credentials, and what the policy says of them before anything else of a request is looked at. */
export interface Credentials {
  /** The bearer of the credential of a request; the effect that looks for them, or fails with a problem, if that takes a look. */
  readonly find: (exchange: Exchange) => Bearer | Effect.Effect<Bearer, unknown, CurrentExchange>
  /** What the work on an operation knows: its principal, and its request, if the audit trail may need it. */
  readonly known: (
    context: Context.Context<CurrentExchange>,
    exchange: Exchange,
    operation: Operation,
    bearer: Bearer
  ) => Context.Context<CurrentExchange | CurrentPrincipal>
  /** The effect that refuses an operation that the policy refuses whatever the facts are; `undefined` if it does not. */
  readonly refusal: (
    exchange: Exchange,
    operation: Operation,
    bearer: Bearer
  ) => Effect.Effect<never, unknown, CurrentExchange | CurrentPrincipal> | undefined
  /** The work on an operation, before which the origin of a write of staff is noted. */
  readonly noting: <A, E, R>(
    operation: Operation,
    bearer: Bearer,
    work: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
}

const make = Effect.fnUntraced(function* ({ adminToken, open = false, tokenVerifier }: CredentialOptions) {
  const digest = adminToken === undefined ? undefined : digestOf(Redacted.value(adminToken))
  const { apiKey, attendeeLink, session } = yield* Authentication
  const tokens = tokenVerifier === undefined ? undefined : yield* BearerTokens.make(tokenVerifier)
  const publicOrigin = yield* SameOrigin.PublicOrigin
  const anonymous: Principal = open ? { kind: "anonymous", mayEverything: true } : { kind: "anonymous" }
  const nobody: Bearer = { principal: anonymous, credential: null }
  const trail = yield* AuditRecorder

  const ofSession = (text: string) =>
    Effect.map(session(text), (principal): Bearer => ({ principal, credential: `session:${principal.sessionId}` }))
  const ofAuthorization = (authorization: string): Looking => {
    const text = BEARER.exec(authorization)?.[1]
    if (text === undefined) return Effect.fail(new CredentialRefused())
    const kind = kindOf(text)
    // The names of both principals are those of their credentials.
    const named = (principal: Principal): Bearer => ({ principal, credential: actorOf(principal) })
    if (kind === "apiKey") return Effect.map(apiKey(text), named)
    if (kind === "attendeeLink") return Effect.map(attendeeLink(text), named)
    if (kind === "session") return ofSession(text)
    if (digest !== undefined && hasDigest(text, digest)) return Effect.succeed(operator)
    return tokens !== undefined && isToken(text)
      ? Effect.map(tokens.user(text), ({ issuer, user }) => ({ principal: user, credential: `token:${issuer}` }))
      : Effect.fail(new CredentialRefused())
  }

  /** The principal of a cookie. One that is not valid is taken away from the browser, which would send it for ever. */
  const ofCookie = (text: string, { headers, method }: Exchange): Looking =>
    !isSafe(method) && !SameOrigin.isSameOrigin(headers, publicOrigin)
      ? Effect.fail(new AccessProblems.CrossSite())
      : Effect.tapErrorTag(ofSession(text), "CredentialRefused", () => setHeader("set-cookie", SessionCookie.CLEARING))

  /** Whether the audit trail has nothing to say about an operation: registering, and looking at what is public. */
  const isUnrecorded = ({ action, endpoint: { method } }: Operation, { credential }: Bearer) =>
    action === "register" || (credential === null && isSafe(method))

  const credentials: Credentials = {
    find: (exchange) => {
      const { authorization, cookie } = exchange.headers
      const cookies = SessionCookie.valuesIn(cookie)
      if (authorization === undefined && cookies.length === 0) return nobody
      const ambiguous = ambiguity(authorization, cookies.length)
      if (ambiguous !== undefined) return Effect.fail(ambiguous)
      return toProblems(
        authorization === undefined ? ofCookie(cookies[0]!, exchange) : ofAuthorization(authorization),
        "header"
      )
    },
    known: (context, exchange, operation, bearer) => {
      const known = Context.add(context, CurrentPrincipal, bearer.principal)
      if (isUnrecorded(operation, bearer)) return known
      const { headers, id, origin } = exchange
      const request = {
        id: RequestId.read(headers["x-request-id"]) ?? id,
        credential: bearer.credential,
        address: origin.address,
        userAgent: headers["user-agent"] ?? null
      }
      return known.pipe(Context.add(CurrentRequest, request), Context.add(AuditTrail, trail))
    },
    refusal: (exchange, { action }, { principal }) => {
      const refused = withoutLooking(principal, action)
      return refused === undefined
        ? undefined
        : toProblems(Guard.refuse(principal, action, refused.because, resourceIn(exchange)), "header")
    },
    noting: (operation, bearer, work) =>
      !isUnrecorded(operation, bearer) && isStaff(bearer.principal) && !isSafe(operation.endpoint.method)
        ? Effect.andThen(trail.noteOrigin(actorOf(bearer.principal)), work)
        : work
  }
  return credentials
})

export class CredentialCheck extends Context.Service<CredentialCheck, Credentials>()("@turnout/CredentialCheck") {}

/** Throws a `RangeError` if the admin token breaks `TOKEN_RULE`. */
export const layer = (
  options: CredentialOptions
): Layer.Layer<CredentialCheck, never, AuditRecorder | Authentication | OrganizationStore> => {
  const { adminToken } = options
  if (adminToken !== undefined && !AdminToken.isToken(Redacted.value(adminToken)))
    throw new RangeError(`adminToken: ${AdminToken.TOKEN_RULE}`)
  return Layer.effect(CredentialCheck, make(options))
}
