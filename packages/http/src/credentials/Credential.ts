/**
 * The credential in the definition of the APIs: a bearer token, which is the text of an API key, of a session or of an attendee
 * link, a token of an issuer, or the admin token; or the cookie of a session. `CredentialCheck` finds the principal of a request by it.
 */
import type { CurrentPrincipal } from "@turnout/core/guard/application/CurrentPrincipal"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as AccessProblems from "../problems/AccessProblems.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as LimitProblems from "../limits/LimitProblems.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as StoreProblems from "../problems/StoreProblems.ts"

/**
 * A middleware of every endpoint behind the policy: finds the principal, and refuses a credential that is not valid. Runs outside of
 * the others, so that nothing of such a request is read.
 */
export class Credential extends HttpApiMiddleware.Service<Credential, { provides: CurrentPrincipal }>()(
  "@turnout/Credential",
  {
    error: [
      AccessProblems.unauthenticated,
      AccessProblems.credentialRefused,
      AccessProblems.issuerUnreachable,
      AccessProblems.forbidden,
      AccessProblems.crossSite,
      LimitProblems.rateLimited,
      LimitProblems.limitsUnavailable,
      BoundaryProblems.validationFailed,
      StoreProblems.storeUnavailable,
      StoreProblems.outcomeUnknown,
      ServerProblems.requestTimeout,
      ServerProblems.internalError
    ]
  }
) {}
