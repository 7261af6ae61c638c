/**
 * The credential in the definition of the API for operators: the admin token, or the API key of an operator.
 * `admin/CredentialCheck.ts` checks that of a request.
 */
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as StoreProblems from "../problems/StoreProblems.ts"

/** The problems of looking up a credential. */
const lookingUp = [
  BoundaryProblems.validationFailed,
  StoreProblems.storeUnavailable,
  StoreProblems.outcomeUnknown,
  ServerProblems.internalError
] as const

/** A middleware of every endpoint for operators, which refuses requests without a credential of an operator. */
export class OperatorCredential extends HttpApiMiddleware.Service<OperatorCredential>()("@turnout/OperatorCredential", {
  error: [OperatorProblems.unauthorized, OperatorProblems.forbidden, ...lookingUp],
  security: { bearer: HttpApiSecurity.bearer }
}) {}
