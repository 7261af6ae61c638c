/**
 * The problems of those who may not: a credential that is missing, not valid, or not for this.
 */
import { CredentialRefused } from "@turnout/core/access/domain/credentials/CredentialRefused"
import { MayNotGive } from "@turnout/core/access/domain/policy/Role"
import { IssuerUnreachable } from "@turnout/core/access/ports/TokenVerifier"
import { Forbidden, SelfServiceEnded, Unauthenticated } from "@turnout/core/kernel/domain/access/Refusals"
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
