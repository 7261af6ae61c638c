/**
 * The handlers of the group `me`: each turns a request into one read of what is the principal's own.
 */
import { GuardedMe } from "@turnout/core/guard/application/access/GuardedMe"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Api } from "../Api.ts"
import * as SessionCookie from "../credentials/SessionCookie.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as ResponseHeader from "../server/ResponseHeader.ts"

/** A session is valid for as long again whenever it is used, and so is its cookie. */
const renewingCookie = ({ headers }: HttpServerRequest) => {
  const [text] = SessionCookie.valuesIn(headers["cookie"])
  return text === undefined ? Effect.void : ResponseHeader.set("set-cookie", SessionCookie.setting(text))
}

export const layer = HttpApiBuilder.group(
  Api,
  "me",
  Effect.fnUntraced(function* (handlers) {
    const me = yield* GuardedMe
    return handlers.handleAll({
      get: ({ request }) => Effect.tap(toProblems(me.get, "header"), renewingCookie(request)),
      registrations: ({ query }) => toProblems(me.registrations(query), "query")
    })
  })
)
