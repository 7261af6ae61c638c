/**
 * The admin token, which every request for operators needs, as the definition of their API has it. `admin/Admin.ts` compares it.
 */
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OperatorProblems from "../problems/OperatorProblems.ts"

/** On every endpoint: who does not have the token is refused. */
export class AdminToken extends HttpApiMiddleware.Service<AdminToken>()("@turnout/AdminToken", {
  error: OperatorProblems.unauthorized,
  security: { bearer: HttpApiSecurity.bearer }
}) {}
