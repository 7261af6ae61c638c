/**
 * The handlers of the group `signIn`: each turns a request into one call of signing in behind the policy.
 */
import { GuardedSignIn } from "@turnout/core/guard/application/access/GuardedSignIn"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Api } from "../Api.ts"
import * as Caching from "../credentials/Caching.ts"
import * as SameOrigin from "../credentials/SameOrigin.ts"
import * as SessionCookie from "../credentials/SessionCookie.ts"
import * as AccessProblems from "../problems/AccessProblems.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"
import { Limiting } from "../limits/Limiting.ts"
import * as Exchange from "../pipeline/Exchange.ts"

export const layer = Handlers.group(
  Api,
  "signIn",
  Effect.gen(function* () {
    const signIn = yield* GuardedSignIn
    const publicOrigin = yield* SameOrigin.PublicOrigin
    const limiting = Option.getOrUndefined(yield* Effect.serviceOption(Limiting))

    const redeem = Effect.fnUntraced(function* (link: string, as: "token" | "cookie") {
      const { headers } = yield* Exchange.CurrentExchange
      // Another site must not sign a browser in as somebody of its choice, and a link that it sends is not used up.
      if (as === "cookie" && !SameOrigin.isSameOrigin(headers, publicOrigin))
        return yield* new AccessProblems.CrossSite()
      const { session, text } = yield* signIn.redeem(link)
      yield* Exchange.setHeader("cache-control", Caching.PRIVATE)
      if (as === "token") return { session, text }
      yield* Exchange.setHeader("set-cookie", SessionCookie.setting(text))
      return { session }
    })

    const limited = (address: string) =>
      limiting === undefined
        ? Effect.void
        : Exchange.CurrentExchange.use((exchange) => limiting.ofMailAddress(exchange, "requestSignIn", address))

    return {
      request: ({ payload }) => toProblems(Effect.andThen(limited(payload.address), signIn.request(payload)), "body"),
      redeem: ({ payload: { as = "token", link } }) => toProblems(redeem(link, as), "body")
    }
  })
)
