/**
 * The group `registrations` of the HTTP API: the registrations and the waitlist of an event.
 */
import { RegistrationQuery } from "@turnout/core/admission/application/Queries"
import {
  Registration,
  RegistrationId,
  RegistrationInput,
  RegistrationOutcome
} from "@turnout/core/admission/domain/model/Registration"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { Boundary, WriteBoundary } from "../requests/Boundaries.ts"
import { cursor, cursorPage, describeLimit, limit } from "../requests/Paging.ts"
import { created, headers } from "../requests/WriteHeaders.ts"

const ofEvent = { eventId: EventId }
const ofRegistration = { eventId: EventId, registrationId: RegistrationId }

const WaitlistEntry = Schema.Struct({ position: Schema.Natural, registration: Registration }).annotate({
  identifier: "WaitlistEntry"
})
const WaitlistPlace = Schema.Struct({ position: Schema.Natural, length: Schema.Natural }).annotate({
  identifier: "WaitlistPlace"
})

const changeRegistration = <
  const Name extends string,
  const Operation extends "CancelRegistration" | "ConfirmRegistration" | "MarkAttended" | "MarkNoShow"
>(
  name: Name,
  path: `/${string}`,
  operation: Operation,
  summary: string
) =>
  HttpApiEndpoint.post(name, `/events/:eventId/registrations/:registrationId${path}`, {
    params: ofRegistration,
    headers,
    success: Registration,
    error: RejectionProblems.rejectionsOf(operation)
  })
    .annotate(OpenApi.Summary, summary)
    .middleware(Boundary)
    .middleware(WriteBoundary)

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
    HttpApiEndpoint.get("list", "/events/:eventId/registrations", {
      params: ofEvent,
      query: { ...RegistrationQuery.fields, cursor, limit },
      success: cursorPage(Registration, "RegistrationPage"),
      error: RejectionProblems.eventNotFound
    })
      .annotate(OpenApi.Summary, "List registrations in the order of entry")
      .annotate(OpenApi.Transform, describeLimit),
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
    changeRegistration("confirm", "/confirm", "ConfirmRegistration", "Give a chosen waiter a seat"),
    changeRegistration("markAttended", "/attended", "MarkAttended", "Note that the attendee came"),
    changeRegistration("markNoShow", "/no-show", "MarkNoShow", "Note that the attendee did not come"),
    HttpApiEndpoint.get("waitlist", "/events/:eventId/waitlist", {
      params: ofEvent,
      query: { cursor, limit },
      success: cursorPage(WaitlistEntry, "WaitlistPage"),
      error: RejectionProblems.eventNotFound
    })
      .annotate(OpenApi.Summary, "List the waitlist, first in line first")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("position", "/events/:eventId/registrations/:registrationId/position", {
      params: ofRegistration,
      success: WaitlistPlace,
      error: [
        RejectionProblems.eventNotFound,
        RejectionProblems.registrationNotFound,
        RejectionProblems.registrationStateConflict
      ]
    }).annotate(OpenApi.Summary, "Get the place of a waiter"),
    HttpApiEndpoint.get("ofAttendee", "/attendees/:attendeeId/registrations", {
      params: { attendeeId: Schema.String },
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
