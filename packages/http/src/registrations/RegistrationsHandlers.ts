/**
 * The handlers of the group `registrations`: each turns a request into one command or one read of the `Turnout` service.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import * as Register from "@turnout/core/admission/domain/model/Register"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { Api } from "../Api.ts"
import { toProblems } from "../problems/ToProblems.ts"
import { BasePath } from "../requests/BasePath.ts"
import * as Body from "../requests/Body.ts"
import { Write } from "../server/Write.ts"

const url = HttpApiClient.urlBuilder(Api)

export const layer = HttpApiBuilder.group(
  Api,
  "registrations",
  Effect.fnUntraced(function* (handlers) {
    const turnout = yield* Turnout
    const write = yield* Write
    const base = yield* BasePath
    return handlers
      .handleAll({
        list: ({ params, query }) => toProblems(turnout.listRegistrations(params.eventId, query), "query"),
        get: ({ params }) => toProblems(turnout.getRegistration(params.eventId, params.registrationId), "path"),
        cancel: ({ headers, params }) =>
          Effect.map(write({ _tag: "CancelRegistration", ...params }, headers), ({ registration }) => registration),
        confirm: ({ headers, params }) =>
          Effect.map(write({ _tag: "ConfirmRegistration", ...params }, headers), ({ registration }) => registration),
        markAttended: ({ headers, params }) =>
          Effect.map(write({ _tag: "MarkAttended", ...params }, headers), ({ registration }) => registration),
        markNoShow: ({ headers, params }) =>
          Effect.map(write({ _tag: "MarkNoShow", ...params }, headers), ({ registration }) => registration),
        waitlist: ({ params, query }) => toProblems(turnout.listWaitlist(params.eventId, query), "query"),
        position: ({ params }) => toProblems(turnout.waitlistPosition(params.eventId, params.registrationId), "path"),
        ofAttendee: ({ params, query }) =>
          toProblems(turnout.listAttendeeRegistrations(params.attendeeId, query), "query")
      })
      .handleRaw(
        "register",
        Body.withPayload(({ headers, params, payload }) =>
          Effect.map(write(Register.fromInput(params.eventId, payload), headers), (outcome) =>
            HttpApiSchema.withHeaders({
              body: outcome,
              headers: {
                location:
                  base + url.registrations.get({ params: { ...params, registrationId: outcome.registration.id } })
              }
            })
          )
        )
      )
  })
)
