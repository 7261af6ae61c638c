/**
 * The group `events` of the HTTP API.
 */
import { EventQuery } from "@turnout/core/admission/application/Queries"
import { Event, EventChanges, EventInput, EventStatus } from "@turnout/core/admission/domain/model/Event"
import { CapacityInput } from "@turnout/core/admission/domain/model/Seats"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { Boundary, WriteBoundary } from "../requests/Boundaries.ts"
import { describeEntityTag, HeedsIfMatch, ifMatch } from "../requests/headers/EntityTags.ts"
import { countedPage, cursor, describeParameters, limit, several } from "../requests/Paging.ts"
import { created, headers } from "../requests/headers/WriteHeaders.ts"

const ofEvent = { eventId: EventId }

/** The path of an event. Ids are UUIDs, in which nothing has to be escaped. */
export const pathOf = (eventId: EventId): string => `/events/${eventId}`

const status = Schema.optionalKey(several(EventStatus))

const PARAMETERS = {
  status: `One or more of ${EventStatus.literals.join(", ")}, separated by commas`,
  organizer: "The organizer, in full",
  search: "Text in the title or the location, without regard to case and accents; each word must be there",
  from: "The event ends after this moment: with the present moment, it is not over",
  until: "The event starts before this moment",
  startsFrom: "The event starts at this moment or later",
  startsUntil: "The event starts before this moment",
  overBy: "The event is over at this moment",
  order: "earliest (the default): the first to start first; latest: the other way round"
}

/** The headers of writes about an event that is there. */
const conditional = { ...headers, ...ifMatch }

const changeEvent = <
  const Name extends string,
  const Operation extends "PublishEvent" | "UnpublishEvent" | "CancelEvent" | "CompleteEvent" | "ReopenEvent"
>(
  name: Name,
  path: `/${string}`,
  operation: Operation,
  summary: string
) =>
  HttpApiEndpoint.post(name, `/events/:eventId${path}`, {
    params: ofEvent,
    headers: conditional,
    success: Event,
    error: RejectionProblems.rejectionsOf(operation)
  })
    .annotate(OpenApi.Summary, summary)
    .annotate(OpenApi.Transform, describeEntityTag)
    .annotate(HeedsIfMatch, true)
    .middleware(Boundary)
    .middleware(WriteBoundary)

export class EventsGroup extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.post("create", "/events", {
      headers,
      payload: EventInput,
      success: created(Event),
      error: RejectionProblems.rejectionsOf("CreateEvent")
    })
      .annotate(OpenApi.Summary, "Create an event, as a draft")
      .annotate(OpenApi.Transform, describeEntityTag)
      .middleware(Boundary)
      .middleware(WriteBoundary),
    HttpApiEndpoint.get("list", "/events", {
      query: { ...EventQuery.fields, status, cursor, limit },
      success: countedPage(Event, "EventPage")
    })
      .annotate(OpenApi.Summary, "List events by their start")
      .annotate(OpenApi.Transform, describeParameters(PARAMETERS)),
    HttpApiEndpoint.get("get", "/events/:eventId", {
      params: ofEvent,
      success: Event,
      error: RejectionProblems.eventNotFound
    })
      .annotate(OpenApi.Summary, "Get an event")
      .annotate(OpenApi.Transform, describeEntityTag),
    HttpApiEndpoint.patch("update", "/events/:eventId", {
      params: ofEvent,
      headers: conditional,
      payload: EventChanges,
      success: Event,
      error: RejectionProblems.rejectionsOf("UpdateEvent")
    })
      .annotate(OpenApi.Summary, "Change the details of an event")
      .annotate(OpenApi.Transform, describeEntityTag)
      .annotate(HeedsIfMatch, true)
      .middleware(Boundary)
      .middleware(WriteBoundary),
    changeEvent("publish", "/publish", "PublishEvent", "Open an event to registrations"),
    changeEvent("unpublish", "/unpublish", "UnpublishEvent", "Take an event back to draft"),
    changeEvent("cancel", "/cancel", "CancelEvent", "Cancel an event"),
    changeEvent("complete", "/complete", "CompleteEvent", "Say that an event has taken place"),
    changeEvent("reopen", "/reopen", "ReopenEvent", "Take back that an event was cancelled or completed"),
    HttpApiEndpoint.put("changeCapacity", "/events/:eventId/capacity", {
      params: ofEvent,
      headers: conditional,
      payload: CapacityInput,
      success: Event,
      error: RejectionProblems.rejectionsOf("ChangeCapacity")
    })
      .annotate(OpenApi.Summary, "Raise or lower the capacity")
      .annotate(OpenApi.Transform, describeEntityTag)
      .annotate(HeedsIfMatch, true)
      .middleware(Boundary)
      .middleware(WriteBoundary),
    HttpApiEndpoint.delete("delete", "/events/:eventId", {
      params: ofEvent,
      headers: conditional,
      success: HttpApiSchema.NoContent,
      error: RejectionProblems.rejectionsOf("DeleteEvent")
    })
      .annotate(OpenApi.Summary, "Delete a draft that nobody has ever registered for")
      .annotate(OpenApi.Transform, describeEntityTag)
      .annotate(HeedsIfMatch, true)
      .middleware(Boundary)
      .middleware(WriteBoundary)
  )
  .annotate(
    OpenApi.Description,
    "What people attend: made as a draft, published, then cancelled or completed. A slip can be taken back before the event ends. The ETag of an event is its version; a write with If-Match is refused if the event itself has changed since, and registrations refuse none."
  ) {}
