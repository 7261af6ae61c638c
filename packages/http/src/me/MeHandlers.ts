/**
 * The handlers of the group `me`: each turns a request into one read of what is the principal's own.
 */
import { GuardedMe } from "@turnout/core/guard/application/access/GuardedMe"
import * as Effect from "effect/Effect"
import { Api } from "../Api.ts"
import * as SessionCookie from "../credentials/SessionCookie.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Exchange from "../pipeline/Exchange.ts"

/** A session is valid for as long again whenever it is used, and so is its cookie. */
const renewingCookie = Exchange.CurrentExchange.useSync((exchange) => {
  const [text] = SessionCookie.valuesIn(exchange.headers["cookie"])
  if (text !== undefined) exchange.setHeader("set-cookie", SessionCookie.setting(text))
})

export const layer = Handlers.group(
  Api,
  "me",
  Effect.gen(function* () {
    const me = yield* GuardedMe
    return {
      get: () => Effect.tap(toProblems(me.get, "header"), renewingCookie),
      registrations: ({ query }) => toProblems(me.registrations(query), "query")
    }
  })
)
