/**
 * The handlers of the group `signIn`: each turns a request into one call of signing in behind the policy.
 */
import { GuardedSignIn } from "@turnout/core/guard/application/access/GuardedSignIn"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../Api.ts"
import * as Caching from "../credentials/Caching.ts"
import * as SameOrigin from "../credentials/SameOrigin.ts"
import * as SessionCookie from "../credentials/SessionCookie.ts"
import * as AccessProblems from "../problems/AccessProblems.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Body from "../requests/Body.ts"
import * as ResponseHeader from "../server/ResponseHeader.ts"

export const layer = HttpApiBuilder.group(
  Api,
  "signIn",
  Effect.fnUntraced(function* (handlers) {
    const signIn = yield* GuardedSignIn
    const publicOrigin = yield* SameOrigin.PublicOrigin

    const redeem = Effect.fnUntraced(function* (link: string, as: "token" | "cookie", request: HttpServerRequest) {
      // Another site must not sign a browser in as somebody of its choice, and a link that it sends is not used up.
      if (as === "cookie" && !SameOrigin.isSameOrigin(request.headers, publicOrigin))
        return yield* new AccessProblems.CrossSite()
      const { session, text } = yield* signIn.redeem(link)
      yield* ResponseHeader.set("cache-control", Caching.PRIVATE)
      if (as === "token") return { session, text }
      yield* ResponseHeader.set("set-cookie", SessionCookie.setting(text))
      return { session }
    })

    return handlers
      .handleRaw(
        "request",
        Body.withPayload(({ payload }) => toProblems(signIn.request(payload), "body"))
      )
      .handleRaw(
        "redeem",
        Body.withPayload(({ payload: { as = "token", link }, request }) =>
          toProblems(redeem(link, as, request), "body")
        )
      )
  })
)
