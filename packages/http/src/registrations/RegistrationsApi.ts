/**
 * The group `registrations` of the HTTP API: the registrations and the waitlist of an event.
 */
import { RegistrationQuery } from "@turnout/core/admission/application/Queries"
import { type AttendanceCommand, AttendedInput } from "@turnout/core/admission/domain/model/Attendance"
import { GuestInput, RegistrationOutcome } from "@turnout/core/admission/domain/model/Register"
import {
  ConfirmationInput,
  CorrectionInput,
  Registration,
  type RegistrationCommand,
  RegistrationId,
  RegistrationInput,
  RegistrationState
} from "@turnout/core/admission/domain/model/Registration"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { Boundary, describeOptionalBody, OptionalBody, WriteBoundary } from "../requests/Boundaries.ts"
import {
  countedPage,
  cursor,
  cursorPage,
  describeLimit,
  describeParameters,
  limit,
  several
} from "../requests/Paging.ts"
import { created, headers } from "../requests/headers/WriteHeaders.ts"

/** The media type of CSV (RFC 4180). */
const CSV = "text/csv; charset=utf-8; header=present"

const ofEvent = { eventId: EventId }
const ofRegistration = { eventId: EventId, registrationId: RegistrationId }

/** The path of a registration. Ids are UUIDs, in which nothing has to be escaped. */
export const pathOf = (eventId: EventId, registrationId: RegistrationId): string =>
  `/events/${eventId}/registrations/${registrationId}`

const AttendeeIdOfPath = Schema.String.annotate({
  description:
    "The host's own id of the attendee; or mailto: and the address of one who has registered by address alone"
})

const WaitlistEntry = Schema.Struct({ position: Schema.Natural, registration: Registration }).annotate({
  identifier: "WaitlistEntry"
})
const WaitlistPlace = Schema.Struct({ position: Schema.Natural, length: Schema.Natural }).annotate({
  identifier: "WaitlistPlace"
})

const state = Schema.optionalKey(several(RegistrationState))

const PARAMETERS = {
  state: `One or more of ${RegistrationState.literals.join(", ")}, separated by commas`,
  attendeeId:
    "The id of the attendee, in full: the host's own, or `mailto:` and the address of a person who registered by address alone",
  search:
    "What the e-mail address, or a word of the name, begins with, without regard to case and accents; each word must be found",
  registeredFrom: "Registered at this moment or later",
  registeredUntil: "Registered before this moment",
  changedFrom: "In the present state since this moment or a later one",
  changedUntil: "In the present state since before this moment",
  order: "entry (the default): the first to register first; newest: the other way round"
}

/** A registration as a write left it; `changed` is false if there was nothing to do, and `changedAt` says since when. */
const ChangedRegistration = Schema.Struct({ ...Registration.fields, changed: Schema.Boolean }).annotate({
  identifier: "ChangedRegistration"
})

type Change = (RegistrationCommand | AttendanceCommand)["_tag"]

const path = <const Path extends string>(action: Path): `/events/:eventId/registrations/:registrationId${Path}` =>
  `/events/:eventId/registrations/:registrationId${action}`

const changeRegistration = <const Name extends string, const Operation extends Change>(
  name: Name,
  action: `/${string}`,
  operation: Operation,
  summary: string
) =>
  HttpApiEndpoint.post(name, path(action), {
    params: ofRegistration,
    headers,
    success: ChangedRegistration,
    error: RejectionProblems.rejectionsOf(operation)
  })
    .annotate(OpenApi.Summary, summary)
    .middleware(Boundary)
    .middleware(WriteBoundary)

/** The answer to a download of CSV: text in pieces, and the name of a file to save it in. */
const csv = HttpApiSchema.WithHeaders(
  HttpApiSchema.StreamUint8Array({ contentType: CSV }).annotate({ description: "CSV with a header, in UTF-8" }),
  { "content-disposition": Schema.String, "cache-control": Schema.String }
)

const CHANGES_MEANWHILE =
  "The rows are read page by page while they are sent, and are no snapshot: each shows what was committed when its page was read. A failure of the store cuts the answer off."

export class RegistrationsGroup extends HttpApiGroup.make("registrations")
  .add(
    HttpApiEndpoint.post("register", "/events/:eventId/registrations", {
      params: ofEvent,
      headers,
      payload: RegistrationInput,
      success: created(RegistrationOutcome),
      error: RejectionProblems.rejectionsOf("Register")
    })
      .annotate(OpenApi.Summary, "Register an attendee")
      .middleware(Boundary)
      .middleware(WriteBoundary),
    HttpApiEndpoint.post("registerGuest", "/events/:eventId/guests", {
      params: ofEvent,
      headers,
      payload: GuestInput,
      success: created(RegistrationOutcome),
      error: RejectionProblems.rejectionsOf("RegisterGuest")
    })
      .annotate(
        OpenApi.Summary,
        "Register somebody for staff: outside the registration window, with the waitlist closed, or into a draft"
      )
      .middleware(Boundary)
      .middleware(WriteBoundary),
    HttpApiEndpoint.get("list", "/events/:eventId/registrations", {
      params: ofEvent,
      query: { ...RegistrationQuery.fields, state, cursor, limit },
      success: countedPage(Registration, "CountedRegistrationPage"),
      error: RejectionProblems.eventNotFound
    })
      .annotate(OpenApi.Summary, "List registrations")
      .annotate(OpenApi.Transform, describeParameters(PARAMETERS)),
    HttpApiEndpoint.get("export", "/events/:eventId/registrations.csv", {
      params: ofEvent,
      query: { state },
      success: csv,
      error: RejectionProblems.eventNotFound
    })
      .annotate(OpenApi.Summary, "Download registrations as CSV, in the order of entry")
      .annotate(OpenApi.Description, CHANGES_MEANWHILE),
    HttpApiEndpoint.get("get", "/events/:eventId/registrations/:registrationId", {
      params: ofRegistration,
      success: Registration,
      error: [RejectionProblems.eventNotFound, RejectionProblems.registrationNotFound]
    }).annotate(OpenApi.Summary, "Get a registration"),
    changeRegistration(
      "cancel",
      "/cancel",
      "CancelRegistration",
      "Cancel a registration, and promote the first in line"
    ),
    HttpApiEndpoint.post("confirm", path("/confirm"), {
      params: ofRegistration,
      headers,
      payload: ConfirmationInput,
      success: ChangedRegistration,
      error: RejectionProblems.rejectionsOf("ConfirmRegistration")
    })
      .annotate(OpenApi.Summary, "Give a chosen waiter a seat")
      .annotate(OptionalBody, true)
      .annotate(OpenApi.Transform, describeOptionalBody)
      .middleware(Boundary)
      .middleware(WriteBoundary),
    changeRegistration(
      "reinstate",
      "/reinstate",
      "ReinstateRegistration",
      "Take a cancellation back: to a seat if one is free, or else to the old place in the waitlist"
    ),
    HttpApiEndpoint.patch("correct", path(""), {
      params: ofRegistration,
      headers,
      payload: CorrectionInput,
      success: ChangedRegistration,
      error: RejectionProblems.rejectionsOf("CorrectRegistration")
    })
      .annotate(OpenApi.Summary, "Correct who the attendee is, and the notes")
      .middleware(Boundary)
      .middleware(WriteBoundary),
    HttpApiEndpoint.post("markAttended", path("/attended"), {
      params: ofRegistration,
      headers,
      payload: AttendedInput,
      success: ChangedRegistration,
      error: RejectionProblems.rejectionsOf("MarkAttended")
    })
      .annotate(OpenApi.Summary, "Note that the attendee came")
      .annotate(OptionalBody, true)
      .annotate(OpenApi.Transform, describeOptionalBody)
      .middleware(Boundary)
      .middleware(WriteBoundary),
    changeRegistration("markNoShow", "/no-show", "MarkNoShow", "Note that the attendee did not come"),
    changeRegistration(
      "clearAttendance",
      "/clear-attendance",
      "ClearAttendance",
      "Take back that the attendee came, or did not come"
    ),
    changeRegistration(
      "releaseSeat",
      "/release-seat",
      "ReleaseSeat",
      "Give the seat of somebody who did not come to the first in line"
    ),
    HttpApiEndpoint.get("waitlist", "/events/:eventId/waitlist", {
      params: ofEvent,
      query: { cursor, limit },
      success: cursorPage(WaitlistEntry, "WaitlistPage"),
      error: [RejectionProblems.eventNotFound, RejectionProblems.eventStatusConflict]
    })
      .annotate(OpenApi.Summary, "List the waitlist, first in line first")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("exportWaitlist", "/events/:eventId/waitlist.csv", {
      params: ofEvent,
      success: csv,
      error: [RejectionProblems.eventNotFound, RejectionProblems.eventStatusConflict]
    })
      .annotate(OpenApi.Summary, "Download the waitlist as CSV, first in line first")
      .annotate(OpenApi.Description, CHANGES_MEANWHILE),
    HttpApiEndpoint.get("position", "/events/:eventId/registrations/:registrationId/position", {
      params: ofRegistration,
      success: WaitlistPlace,
      error: [
        RejectionProblems.eventNotFound,
        RejectionProblems.eventStatusConflict,
        RejectionProblems.registrationNotFound,
        RejectionProblems.registrationStateConflict
      ]
    }).annotate(OpenApi.Summary, "Get the place of a waiter"),
    HttpApiEndpoint.get("ofAttendee", "/attendees/:attendeeId/registrations", {
      params: { attendeeId: AttendeeIdOfPath },
      query: { cursor, limit },
      success: cursorPage(Registration, "RegistrationPage")
    })
      .annotate(OpenApi.Summary, "List the registrations of an attendee")
      .annotate(OpenApi.Transform, describeLimit)
  )
  .annotate(
    OpenApi.Description,
    "Registrations: confirmed while seats are free, then waitlisted in the order of arrival."
  ) {}
