/**
 * The problems of those who may not: a credential that is missing, not valid, or not for this; and of signing in.
 */
import { CredentialRefused } from "@turnout/core/access/domain/credentials/CredentialRefused"
import { MayNotGive } from "@turnout/core/access/domain/policy/Role"
import { SessionNotFound } from "@turnout/core/access/domain/signIn/Session"
import { LinkRefused } from "@turnout/core/access/domain/signIn/SignInLink"
import { IssuerUnreachable } from "@turnout/core/access/ports/TokenVerifier"
import { SignInDisabled } from "@turnout/core/guard/application/access/GuardedSignIn"
import { Forbidden, SelfServiceEnded, Unauthenticated } from "@turnout/core/kernel/domain/access/Refusals"
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"
import { type Problem, problem } from "./Problem.ts"

export const unauthenticated: Problem<typeof Unauthenticated> = problem(Unauthenticated, {
  status: 401,
  code: "unauthorized",
  title: "The request needs a credential"
})

export const credentialRefused: Problem<typeof CredentialRefused> = problem(CredentialRefused, {
  status: 401,
  code: "invalid_credential",
  title: "The credential is not valid"
})

export const issuerUnreachable: Problem<typeof IssuerUnreachable> = problem(IssuerUnreachable, {
  status: 503,
  code: "issuer_unreachable",
  title: "The issuer of the token cannot be reached"
})

export const forbidden: Problem<typeof Forbidden> = problem(Forbidden, {
  status: 403,
  code: "forbidden",
  title: "The credential does not allow this"
})

export const mayNotGive: Problem<typeof MayNotGive> = problem(MayNotGive, {
  status: 403,
  code: "may_not_give",
  title: "The role has permissions that the credential lacks"
})

export const selfServiceEnded: Problem<typeof SelfServiceEnded> = problem(SelfServiceEnded, {
  status: 409,
  code: "self_service_ended",
  title: "Attendees cannot cancel by themselves any more"
})

/** A page of another site, or a program, sends the cookie of a session along with a write. */
export class CrossSite extends TaggedError<CrossSite>()("CrossSite", {}) {
  override get message(): string {
    return "With the cookie of a session only pages of this server may write: Origin must be that of its public URL. Programs send the session as a bearer token."
  }
}
export const crossSite: Problem<typeof CrossSite> = problem(CrossSite, {
  status: 403,
  code: "cross_site",
  title: "The request comes from another site"
})

export const signInDisabled: Problem<typeof SignInDisabled> = problem(SignInDisabled, {
  status: 404,
  code: "sign_in_disabled",
  title: "Nobody can sign in by mail here"
})

export const linkRefused: Problem<typeof LinkRefused> = problem(LinkRefused, {
  status: 410,
  code: "link_refused",
  title: "The link to sign in does not work, or no more"
})

export const sessionNotFound: Problem<typeof SessionNotFound> = problem(SessionNotFound, {
  status: 404,
  code: "session_not_found",
  title: "There is no such session"
})
