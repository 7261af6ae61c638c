/**
 * The group `sessions` of the HTTP API: the sessions of the person who asks.
 */
import { OwnSession, SessionId } from "@turnout/core/access/domain/signIn/Session"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import { SetsCookie } from "../document/ResponseHeaders.ts"
import * as AccessProblems from "../problems/AccessProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { keyPage, limit } from "../requests/Paging.ts"

const Ended = Schema.Struct({
  ended: described("The number of sessions that were ended", Schema.Natural)
}).annotate({ identifier: "SessionsEnded" })

export class SessionsGroup extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("list", "/sessions", {
      query: { after: described("next of the page before", Schema.optionalKey(SessionId)), limit },
      success: keyPage(OwnSession, SessionId, "OwnSessionPage")
    }).annotateMerge(
      about({
        id: "listSessions",
        summary: "List one's own sessions, the oldest first",
        description: "The sessions of the person who asks that are valid, without their secrets.",
        answer: "A page of sessions"
      })
    ),
    HttpApiEndpoint.delete("end", "/sessions/:sessionId", {
      params: { sessionId: described("The id of the session", SessionId) },
      success: HttpApiSchema.NoContent,
      error: AccessProblems.sessionNotFound
    })
      .annotateMerge(
        about({
          id: "endSession",
          summary: "End one of one's own sessions",
          description:
            "Every process refuses it within ten seconds. A session that has ended stays as it is. If it is that of the cookie which was sent, the answer takes the cookie away: this is how a browser signs out.",
          answer: "The session has ended"
        })
      )
      .annotate(SetsCookie, true)
      .middleware(BodyBoundary),
    HttpApiEndpoint.delete("endAll", "/sessions", { success: Ended })
      .annotateMerge(
        about({
          id: "endAllSessions",
          summary: "Sign out everywhere",
          description:
            "Ends all sessions of the person who asks, the one that asks included. Every process refuses them within ten seconds.",
          answer: "The number of sessions that were ended"
        })
      )
      .annotate(SetsCookie, true)
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "Where the person who asks is signed in.") {}
