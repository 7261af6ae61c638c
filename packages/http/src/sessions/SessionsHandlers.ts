/**
 * The handlers of the group `sessions`: each turns a request into one call of one's own sessions behind the policy.
 */
import { GuardedSessions } from "@turnout/core/guard/application/access/GuardedSessions"
import * as Effect from "effect/Effect"
import { paged } from "../admin/KeyPaging.ts"
import { Api } from "../Api.ts"
import * as SessionCookie from "../credentials/SessionCookie.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as Exchange from "../pipeline/Exchange.ts"

/** Takes the cookie of a session that was ended away from the browser that has sent it. */
const clearing = Exchange.CurrentExchange.useSync((exchange) => {
  if (SessionCookie.valuesIn(exchange.headers["cookie"]).length > 0)
    exchange.setHeader("set-cookie", SessionCookie.CLEARING)
})

export const layer = Handlers.group(
  Api,
  "sessions",
  Effect.gen(function* () {
    const sessions = yield* GuardedSessions
    return {
      list: ({ query }) =>
        toProblems(
          paged(query, ({ id }) => id, sessions.list),
          "query"
        ),
      end: ({ params }) =>
        toProblems(
          Effect.flatMap(sessions.end(params.sessionId), (isCurrent) => (isCurrent ? clearing : Effect.void)),
          "path"
        ),
      endAll: () =>
        toProblems(
          Effect.tap(
            Effect.map(sessions.endAll, (ended) => ({ ended })),
            clearing
          ),
          "path"
        )
    }
  })
)
