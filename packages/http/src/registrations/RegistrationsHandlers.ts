/**
 * The handlers of the group `registrations`: each turns a request into one command or one read of the `Turnout` service behind the policy.
 */
import { textOf } from "@turnout/core/access/domain/credentials/AttendeeLink"
import type * as Exports from "@turnout/core/admission/application/Exports"
import type { AttendanceCommand } from "@turnout/core/admission/domain/model/Attendance"
import * as Register from "@turnout/core/admission/domain/model/Register"
import type { RegistrationChange, RegistrationCommand } from "@turnout/core/admission/domain/model/Registration"
import { GuardedTurnout } from "@turnout/core/guard/application/GuardedTurnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Effect from "effect/Effect"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { Api } from "../Api.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"
import { BasePath } from "../requests/BasePath.ts"
import type { WriteHeaders } from "../requests/headers/WriteHeaders.ts"
import * as Download from "../server/Download.ts"
import { Write } from "../server/Write.ts"
import { pathOf } from "./RegistrationsApi.ts"

/** The answer that sends an export. Its file is named by the list and the event. */
const download = (list: "registrations" | "waitlist", eventId: EventId, text: Exports.Export) =>
  Download.answer(`${list}-${eventId}.csv`, text)

export const layer = Handlers.group(
  Api,
  "registrations",
  Effect.gen(function* () {
    const turnout = yield* GuardedTurnout
    const { execute: write, register } = yield* Write
    const base = yield* BasePath

    const change = <C extends RegistrationCommand | AttendanceCommand>(command: C, headers: WriteHeaders) =>
      Effect.map(write(command, headers), (outcome) => {
        const { changed, registration } = outcome as RegistrationChange
        return { ...registration, changed }
      })
    const created = (outcome: Register.RegistrationOutcome & { readonly link?: string }) => {
      const { eventId, id: registrationId } = outcome.registration
      const location = base + pathOf(eventId, registrationId)
      return HttpApiSchema.withHeaders({ body: outcome, headers: { location } })
    }

    return {
      list: ({ params, query }) => toProblems(turnout.listRegistrations(params.eventId, query), "query"),
      export: ({ params, query }) =>
        Effect.map(toProblems(turnout.exportRegistrations(params.eventId, query), "query"), (text) =>
          download("registrations", params.eventId, text)
        ),
      get: ({ params }) => toProblems(turnout.getRegistration(params.eventId, params.registrationId), "path"),
      cancel: ({ headers, params }) => change({ _tag: "CancelRegistration", ...params }, headers),
      reinstate: ({ headers, params }) => change({ _tag: "ReinstateRegistration", ...params }, headers),
      markNoShow: ({ headers, params }) => change({ _tag: "MarkNoShow", ...params }, headers),
      clearAttendance: ({ headers, params }) => change({ _tag: "ClearAttendance", ...params }, headers),
      releaseSeat: ({ headers, params }) => change({ _tag: "ReleaseSeat", ...params }, headers),
      replaceLink: ({ params }) =>
        Effect.map(toProblems(turnout.replaceLink(params.eventId, params.registrationId), "path"), (secret) => ({
          link: textOf(params.registrationId, secret)
        })),
      waitlist: ({ params, query }) => toProblems(turnout.listWaitlist(params.eventId, query), "query"),
      exportWaitlist: ({ params }) =>
        Effect.map(toProblems(turnout.exportWaitlist(params.eventId), "path"), (text) =>
          download("waitlist", params.eventId, text)
        ),
      position: ({ params }) => toProblems(turnout.waitlistPosition(params.eventId, params.registrationId), "path"),
      ofAttendee: ({ params, query }) =>
        toProblems(turnout.listAttendeeRegistrations(params.attendeeId, query), "query"),
      register: ({ headers, params, payload }) =>
        toProblems(turnout.attendeeOf(payload.attendee), "body").pipe(
          Effect.flatMap((attendee) => register(Register.fromInput(params.eventId, { ...payload, attendee }), headers)),
          Effect.map(created)
        ),
      registerGuest: ({ headers, params, payload }) =>
        Effect.map(register(Register.guestFromInput(params.eventId, payload), headers), created),
      confirm: ({ headers, params, payload: { beyond = null } }) =>
        change({ _tag: "ConfirmRegistration", ...params, beyond }, headers),
      correct: ({ headers, params, payload }) =>
        change({ _tag: "CorrectRegistration", ...params, changes: payload }, headers),
      markAttended: ({ headers, params, payload: { early = false } }) =>
        change({ _tag: "MarkAttended", ...params, early }, headers)
    }
  })
)
