/**
 * The comparison of the token of a request with the admin token.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { hash, timingSafeEqual } from "node:crypto"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import * as ResponseHeader from "../server/ResponseHeader.ts"
import { isToken, TOKEN_RULE } from "../server/Token.ts"
import { AdminToken } from "./AdminToken.ts"

const digest = (text: string): Buffer => Buffer.from(hash("sha256", text, "hex"), "hex")

/**
 * Compares tokens in a time that does not depend on the number of characters that are right. Throws a `RangeError` if the
 * expected token breaks `TOKEN_RULE`.
 */
export const layer = (expected: Redacted.Redacted<string>): Layer.Layer<AdminToken> => {
  if (!isToken(Redacted.value(expected))) throw new RangeError(`adminToken: ${TOKEN_RULE}`)
  return Layer.succeed(AdminToken, {
    bearer: (httpEffect, { credential }) =>
      timingSafeEqual(digest(Redacted.value(credential)), digest(Redacted.value(expected)))
        ? httpEffect
        : Effect.andThen(
            ResponseHeader.set("www-authenticate", "Bearer"),
            Effect.fail(new OperatorProblems.Unauthorized())
          )
  })
}
