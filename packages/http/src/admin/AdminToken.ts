/**
 * The admin token in the definition of the API for operators. `admin/TokenComparison.ts` compares the token of a request with it.
 */
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OperatorProblems from "../problems/OperatorProblems.ts"

/** A middleware of every endpoint for operators, which refuses requests without the token. */
export class AdminToken extends HttpApiMiddleware.Service<AdminToken>()("@turnout/AdminToken", {
  error: OperatorProblems.unauthorized,
  security: { bearer: HttpApiSecurity.bearer }
}) {}
