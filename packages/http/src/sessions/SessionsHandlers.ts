/**
 * The handlers of the group `sessions`: each turns a request into one call of one's own sessions behind the policy.
 */
import { GuardedSessions } from "@turnout/core/guard/application/access/GuardedSessions"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { paged } from "../admin/KeyPaging.ts"
import { Api } from "../Api.ts"
import * as SessionCookie from "../credentials/SessionCookie.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as ResponseHeader from "../server/ResponseHeader.ts"

/** Takes the cookie of a session that was ended away from the browser that has sent it. */
const clearing = ({ headers }: HttpServerRequest) =>
  SessionCookie.valuesIn(headers["cookie"]).length === 0
    ? Effect.void
    : ResponseHeader.set("set-cookie", SessionCookie.CLEARING)

export const layer = HttpApiBuilder.group(
  Api,
  "sessions",
  Effect.fnUntraced(function* (handlers) {
    const sessions = yield* GuardedSessions
    return handlers.handleAll({
      list: ({ query }) =>
        toProblems(
          paged(query, ({ id }) => id, sessions.list),
          "query"
        ),
      end: ({ params, request }) =>
        toProblems(
          Effect.flatMap(sessions.end(params.sessionId), (isCurrent) => (isCurrent ? clearing(request) : Effect.void)),
          "path"
        ),
      endAll: ({ request }) =>
        toProblems(
          Effect.tap(
            Effect.map(sessions.endAll, (ended) => ({ ended })),
            clearing(request)
          ),
          "path"
        )
    })
  })
)
