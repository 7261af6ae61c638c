/**
 * The group `me` of the HTTP API: who asks, and what they have registered for.
 */
import { Me } from "@turnout/core/access/domain/Me"
import { Registration } from "@turnout/core/admission/domain/model/Registration"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import { SetsCookie } from "../document/ResponseHeaders.ts"
import { cursor, cursorPage, limit } from "../requests/Paging.ts"

export class MeGroup extends HttpApiGroup.make("me")
  .add(
    HttpApiEndpoint.get("get", "/me", { success: Me })
      .annotateMerge(
        about({
          id: "getMe",
          summary: "Who am I?",
          description:
            "Whom the credential belongs to: a person, with their addresses and organizations; a program, with the role of its key; or an attendee, with the registration of their link. The cookie of a session is set anew, so that it lasts as long as the session.",
          answer: "Who asks"
        })
      )
      .annotate(SetsCookie, true),
    HttpApiEndpoint.get("registrations", "/me/registrations", {
      query: { cursor, limit },
      success: cursorPage(Registration, "RegistrationPage")
    }).annotateMerge(
      about({
        id: "listMyRegistrations",
        summary: "List one's own registrations",
        description:
          "The registrations of the person who asks for all events, by each of their addresses and by the id of the person, the oldest first. The list comes page by page.",
        answer: "A page of registrations"
      })
    )
  )
  .annotate(OpenApi.Description, "The one who asks.") {}
