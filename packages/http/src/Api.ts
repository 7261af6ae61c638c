/**
 * The HTTP API: one definition that the server, the OpenAPI document and the typed client share.
 */
import { EventQuery, RegistrationQuery } from "@turnout/core/application/Query"
import { Limit } from "@turnout/core/application/Cursor"
import { CapacityInput, Event, EventChanges, EventId, EventInput } from "@turnout/core/domain/Event"
import { RegistrationOutcome } from "@turnout/core/domain/Outcome"
import { Registration, RegistrationId, RegistrationInput } from "@turnout/core/domain/Registration"
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Problems from "./Problems.ts"

/** On every endpoint: what does not fit the schemas becomes a problem, and work gets a deadline. */
export class Boundary extends HttpApiMiddleware.Service<Boundary>()("@turnout/http/Boundary", {
  error: [
    Problems.validationFailed,
    Problems.storeUnavailable,
    Problems.outcomeUnknown,
    Problems.overloaded,
    Problems.requestTimeout,
    Problems.internalError
  ]
}) {}

/** On every write: the idempotency key, and size, type and form of the body. Runs outside of `Boundary`. */
export class WriteBoundary extends HttpApiMiddleware.Service<WriteBoundary>()("@turnout/http/WriteBoundary", {
  error: [
    Problems.idempotencyKeyMissing,
    Problems.idempotencyKeyInFlight,
    Problems.idempotencyKeyReplayed,
    Problems.malformedJson,
    Problems.validationFailed,
    Problems.payloadTooLarge,
    Problems.unsupportedMediaType
  ]
}) {}

/** On what operators change: size, type and form of the body. Runs outside of `Boundary`. */
export class BodyBoundary extends HttpApiMiddleware.Service<BodyBoundary>()("@turnout/http/BodyBoundary", {
  error: [Problems.malformedJson, Problems.validationFailed, Problems.payloadTooLarge, Problems.unsupportedMediaType]
}) {}

/** `Idempotency-Key` on every write; `X-Request-Id`, if there is one, is recorded in the journal. */
const headers = {
  "idempotency-key": Schema.String.check(
    Schema.isPattern(/^[\x20-\x7e]{1,255}$/, { expected: "1 to 255 printable ASCII characters" })
  ).annotate({ examples: ["8e03978e-40d5-43dd-bc93-6894a57f9324"] }),
  "x-request-id": Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[\x21-\x7e]{1,200}$/, { expected: "1 to 200 printable ASCII characters" }))
  )
}

const created = <S extends Schema.Top>(schema: S) =>
  HttpApiSchema.WithHeaders(schema.pipe(HttpApiSchema.status(201)), { location: Schema.String })

const page = <S extends Schema.Top>(item: S, identifier: string) =>
  Schema.Struct({ items: Schema.Array(item), nextCursor: Schema.NullOr(Schema.String) }).annotate({ identifier })

/** Cursors stay opaque here: they are read by the use cases, which say so if one is not theirs. */
const cursor = Schema.optionalKey(Schema.String.annotate({ description: "nextCursor of the page before" }))
const limit = Schema.optionalKey(Limit)

/** Query parameters are documented by what the text must hold. */
export const describeLimit = (operation: Record<string, unknown>): Record<string, unknown> => ({
  ...operation,
  parameters: ((operation["parameters"] ?? []) as ReadonlyArray<Record<string, unknown>>).map((parameter) =>
    parameter["in"] === "query" && parameter["name"] === "limit"
      ? { ...parameter, schema: { type: "integer", minimum: 1, maximum: 500, default: 50 } }
      : parameter
  )
})

const ofEvent = { eventId: EventId }
const ofRegistration = { eventId: EventId, registrationId: RegistrationId }

const changeEvent = <
  const Name extends string,
  const Operation extends "PublishEvent" | "UnpublishEvent" | "CancelEvent" | "CompleteEvent"
>(
  name: Name,
  path: `/${string}`,
  operation: Operation,
  summary: string
) =>
  HttpApiEndpoint.post(name, `/events/:eventId${path}`, {
    params: ofEvent,
    headers,
    success: Event,
    error: Problems.rejectionsOf(operation)
  })
    .annotate(OpenApi.Summary, summary)
    .middleware(Boundary)
    .middleware(WriteBoundary)

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
    error: Problems.rejectionsOf(operation)
  })
    .annotate(OpenApi.Summary, summary)
    .middleware(Boundary)
    .middleware(WriteBoundary)

export class EventsGroup extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.post("create", "/events", {
      headers,
      payload: EventInput,
      success: created(Event),
      error: Problems.rejectionsOf("CreateEvent")
    })
      .annotate(OpenApi.Summary, "Create an event, as a draft")
      .middleware(Boundary)
      .middleware(WriteBoundary),
    HttpApiEndpoint.get("list", "/events", {
      query: { ...EventQuery.fields, cursor, limit },
      success: page(Event, "EventPage")
    })
      .annotate(OpenApi.Summary, "List events by their start")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("get", "/events/:eventId", {
      params: ofEvent,
      success: Event,
      error: Problems.EventNotFound
    }).annotate(OpenApi.Summary, "Get an event"),
    HttpApiEndpoint.patch("update", "/events/:eventId", {
      params: ofEvent,
      headers,
      payload: EventChanges,
      success: Event,
      error: Problems.rejectionsOf("UpdateEvent")
    })
      .annotate(OpenApi.Summary, "Change the details of an event")
      .middleware(Boundary)
      .middleware(WriteBoundary),
    changeEvent("publish", "/publish", "PublishEvent", "Open an event to registrations"),
    changeEvent("unpublish", "/unpublish", "UnpublishEvent", "Take an event back to draft"),
    changeEvent("cancel", "/cancel", "CancelEvent", "Cancel an event"),
    changeEvent("complete", "/complete", "CompleteEvent", "Say that an event has taken place"),
    HttpApiEndpoint.put("changeCapacity", "/events/:eventId/capacity", {
      params: ofEvent,
      headers,
      payload: CapacityInput,
      success: Event,
      error: Problems.rejectionsOf("ChangeCapacity")
    })
      .annotate(OpenApi.Summary, "Raise or lower the capacity")
      .middleware(Boundary)
      .middleware(WriteBoundary)
  )
  .annotate(OpenApi.Description, "What people attend: made as a draft, published, then cancelled or completed.") {}

const WaitlistEntry = Schema.Struct({ position: Schema.Natural, registration: Registration }).annotate({
  identifier: "WaitlistEntry"
})
const WaitlistPlace = Schema.Struct({ position: Schema.Natural, length: Schema.Natural }).annotate({
  identifier: "WaitlistPlace"
})

export class RegistrationsGroup extends HttpApiGroup.make("registrations")
  .add(
    HttpApiEndpoint.post("register", "/events/:eventId/registrations", {
      params: ofEvent,
      headers,
      payload: RegistrationInput,
      success: created(RegistrationOutcome),
      error: Problems.rejectionsOf("Register")
    })
      .annotate(OpenApi.Summary, "Register an attendee")
      .middleware(Boundary)
      .middleware(WriteBoundary),
    HttpApiEndpoint.get("list", "/events/:eventId/registrations", {
      params: ofEvent,
      query: { ...RegistrationQuery.fields, cursor, limit },
      success: page(Registration, "RegistrationPage"),
      error: Problems.EventNotFound
    })
      .annotate(OpenApi.Summary, "List registrations in the order of entry")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("get", "/events/:eventId/registrations/:registrationId", {
      params: ofRegistration,
      success: Registration,
      error: [Problems.EventNotFound, Problems.RegistrationNotFound]
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
      success: page(WaitlistEntry, "WaitlistPage"),
      error: Problems.EventNotFound
    })
      .annotate(OpenApi.Summary, "List who waits, first in line first")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("position", "/events/:eventId/registrations/:registrationId/position", {
      params: ofRegistration,
      success: WaitlistPlace,
      error: [Problems.EventNotFound, Problems.RegistrationNotFound, Problems.RegistrationStateConflict]
    }).annotate(OpenApi.Summary, "Get the place of a waiter"),
    HttpApiEndpoint.get("ofAttendee", "/attendees/:attendeeId/registrations", {
      params: { attendeeId: Schema.String },
      query: { cursor, limit },
      success: page(Registration, "RegistrationPage")
    })
      .annotate(OpenApi.Summary, "List the registrations of an attendee")
      .annotate(OpenApi.Transform, describeLimit)
  )
  .annotate(OpenApi.Description, "Who attends: confirmed while seats are free, then waiting in order of arrival.") {}

export class HealthGroup extends HttpApiGroup.make("health", { topLevel: true })
  .add(
    HttpApiEndpoint.get("live", "/health/live", { success: HttpApiSchema.NoContent }).annotate(
      OpenApi.Summary,
      "Is the process alive?"
    ),
    HttpApiEndpoint.get("ready", "/health/ready", {
      success: HttpApiSchema.NoContent,
      error: Problems.storeUnavailable
    }).annotate(OpenApi.Summary, "Can it do its work?")
  )
  .annotate(OpenApi.Description, "`live`: the process answers. `ready`: it can do its work, the store included.") {}

/** What nobody knows is refused, and everything that is wrong is told. */
const strict = { onExcessProperty: "error", errors: "all" } as const
export const strictness = Context.empty().pipe(
  Context.add(HttpApi.PayloadParseOptions, strict),
  Context.add(HttpApi.QueryParseOptions, strict),
  Context.add(HttpApi.ParamsParseOptions, strict),
  // Clients and proxies send headers of their own.
  Context.add(HttpApi.HeadersParseOptions, { errors: "all" })
)

export class Api extends HttpApi.make("turnout")
  .add(EventsGroup, RegistrationsGroup)
  // Middleware covers the endpoints added so far, and what is added later runs outside. Adding one twice keeps its first
  // place, so writes have WriteBoundary outside of Boundary: the deadline must not interrupt the reading of a body.
  .middleware(Boundary)
  .add(HealthGroup)
  .annotateMerge(strictness)
  .annotateMerge(
    OpenApi.annotations({
      title: "Turnout",
      version: "0.1.0",
      description:
        "Live-event registration that never oversells. Every write needs an Idempotency-Key; an answer that was given before carries `Idempotent-Replayed: true`. Errors are RFC 9457 problems with a stable `code`."
    })
  ) {}
