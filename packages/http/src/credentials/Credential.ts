/**
 * The credential in the definition of the APIs: a bearer token, which is the text of an API key, of a session or of an attendee
 * link, a token of an issuer, or the admin token; or the cookie of a session. `CredentialCheck` finds the principal of a request by it.
 */
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as AccessProblems from "../problems/AccessProblems.ts"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as LimitProblems from "../limits/LimitProblems.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as StoreProblems from "../problems/StoreProblems.ts"

/** The mark of every endpoint behind the policy: its handler has a principal, and a credential that is not valid is refused. */
export class Credential extends HttpApiMiddleware.Service<Credential>()("@turnout/Credential", {
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
}) {}
