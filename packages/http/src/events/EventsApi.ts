/**
 * The group `events` of the HTTP API.
 */
import { EventQuery } from "@turnout/core/admission/application/Queries"
import { Event, EventChanges, EventInput, EventStatus } from "@turnout/core/admission/domain/model/Event"
import { CapacityInput } from "@turnout/core/admission/domain/model/Seats"
import { type EventId, TheEvent } from "@turnout/core/kernel/domain/EventId"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { MayBeShared } from "../credentials/Caching.ts"
import { type About, about } from "../document/About.ts"
import * as RejectionProblems from "../problems/RejectionProblems.ts"
import { WriteBoundary } from "../requests/Boundaries.ts"
import { describeEntityTag, describeReading, HeedsIfMatch, ifMatch } from "../requests/headers/EntityTags.ts"
import { countedPage, cursor, describedEach, limit, several, TOTAL } from "../requests/Paging.ts"
import { created, headers } from "../requests/headers/WriteHeaders.ts"

const ofEvent = { eventId: TheEvent }

/** The path of an event. Ids are UUIDs, in which nothing has to be escaped. */
export const pathOf = (eventId: EventId): string => `/events/${eventId}`

const status = Schema.optionalKey(several(EventStatus))

const query = {
  ...describedEach(
    { ...EventQuery.fields, status },
    {
      status: [`One or more of ${EventStatus.literals.join(", ")}, separated by commas`, "published"],
      organizationId: ["The organization that the event belongs to", "00000000-0000-7000-8000-000000000000"],
      organizer: ["The organizer, in full", "Music society"],
      search: [
        "Text in the title or the location, without regard to case and accents; each word must be there",
        "music"
      ],
      from: ["The event ends after this moment: with the present moment, it is not over", "2035-05-01T00:00:00Z"],
      until: ["The event starts before this moment, which is after from", "2035-06-01T00:00:00Z"],
      startsFrom: ["The event starts at this moment or later", "2035-05-01T00:00:00Z"],
      startsUntil: ["The event starts before this moment, which is after startsFrom", "2035-06-01T00:00:00Z"],
      overBy: ["The event is over at this moment", "2035-06-01T00:00:00Z"],
      order: ["earliest (the default): the first to start first; latest: the other way round", "earliest"],
      total: TOTAL
    }
  ),
  cursor,
  limit
}

const EXAMPLES = {
  create: {
    title: "An evening of chamber music",
    description: "Two quartets, with an interval.",
    location: "Town hall",
    organizer: "Music society",
    startsAt: "2035-05-12T18:00:00Z",
    endsAt: "2035-05-12T21:00:00Z",
    timeZone: "Europe/Berlin",
    capacity: 100
  },
  update: { location: "Old theatre" },
  capacity: { capacity: 120 }
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
  words: About
) =>
  HttpApiEndpoint.post(name, `/events/:eventId${path}`, {
    params: ofEvent,
    headers: conditional,
    success: Event,
    error: RejectionProblems.rejectionsOf(operation)
  })
    .annotateMerge(about(words))
    .annotate(OpenApi.Transform, describeEntityTag)
    .annotate(HeedsIfMatch, true)
    .middleware(WriteBoundary)

export class EventsGroup extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.post("create", "/events", {
      headers,
      payload: EventInput,
      success: created(Event),
      error: RejectionProblems.rejectionsOf("CreateEvent")
    })
      .annotateMerge(
        about({
          id: "createEvent",
          summary: "Create an event, as a draft",
          description:
            "Only staff see a draft: publish it to open it to registrations. With an id of your own, the event is created once only under it.",
          answer: "The event that was created",
          body: EXAMPLES.create
        })
      )
      .annotate(OpenApi.Transform, describeEntityTag)
      .middleware(WriteBoundary),
    HttpApiEndpoint.get("list", "/events", {
      query,
      success: countedPage(Event, "EventPage")
    })
      .annotateMerge(
        about({
          id: "listEvents",
          summary: "List events by their start",
          description:
            "Finds events by status, by organizer, by text and by time; all conditions must hold. The list comes page by page.",
          answer: "A page of events"
        })
      )
      .annotate(MayBeShared, true),
    HttpApiEndpoint.get("get", "/events/:eventId", {
      params: ofEvent,
      success: Event,
      error: RejectionProblems.eventNotFound
    })
      .annotateMerge(
        about({
          id: "getEvent",
          summary: "Get an event",
          description: "The event with its seats and the number of its registrations, as they are now.",
          answer: "The event"
        })
      )
      .annotate(OpenApi.Transform, describeReading)
      .annotate(MayBeShared, true),
    HttpApiEndpoint.patch("update", "/events/:eventId", {
      params: ofEvent,
      headers: conditional,
      payload: EventChanges,
      success: Event,
      error: RejectionProblems.rejectionsOf("UpdateEvent")
    })
      .annotateMerge(
        about({
          id: "updateEvent",
          summary: "Change the details of an event",
          description:
            "A field that is absent stays as it is, and null clears an optional one. The capacity is changed by itself.",
          answer: "The event as it is now",
          body: EXAMPLES.update
        })
      )
      .annotate(OpenApi.Transform, describeEntityTag)
      .annotate(HeedsIfMatch, true)
      .middleware(WriteBoundary),
    changeEvent("publish", "/publish", "PublishEvent", {
      id: "publishEvent",
      summary: "Open an event to registrations",
      description: "People register from now on, or within the registration window if the event has one.",
      answer: "The event as it is now"
    }),
    changeEvent("unpublish", "/unpublish", "UnpublishEvent", {
      id: "unpublishEvent",
      summary: "Take an event back to draft",
      description: "Only an event without registrations goes back to draft; cancel one that has some.",
      answer: "The event as it is now"
    }),
    changeEvent("cancel", "/cancel", "CancelEvent", {
      id: "cancelEvent",
      summary: "Cancel an event",
      description: "Its registrations end, in steps if there are many. Reopening takes it back before the event ends.",
      answer: "The event as it is now"
    }),
    changeEvent("complete", "/complete", "CompleteEvent", {
      id: "completeEvent",
      summary: "Say that an event has taken place",
      description: "It is possible from the start of the event on. Attendance can still be recorded afterwards.",
      answer: "The event as it is now"
    }),
    changeEvent("reopen", "/reopen", "ReopenEvent", {
      id: "reopenEvent",
      summary: "Take back that an event was cancelled or completed",
      description:
        "It is possible before the event ends. The registrations that a cancellation ended come back to their seats and places, in steps if there are many.",
      answer: "The event as it is now"
    }),
    HttpApiEndpoint.put("changeCapacity", "/events/:eventId/capacity", {
      params: ofEvent,
      headers: conditional,
      payload: CapacityInput,
      success: Event,
      error: RejectionProblems.rejectionsOf("ChangeCapacity")
    })
      .annotateMerge(
        about({
          id: "changeCapacity",
          summary: "Raise or lower the capacity",
          description:
            "A raise gives the new seats to those who wait. A capacity below the seats taken needs one of two: keepOverhang accepts it, and demote takes that number of seats back, of those who got theirs last.",
          answer: "The event as it is now",
          body: EXAMPLES.capacity
        })
      )
      .annotate(OpenApi.Transform, describeEntityTag)
      .annotate(HeedsIfMatch, true)
      .middleware(WriteBoundary),
    HttpApiEndpoint.delete("delete", "/events/:eventId", {
      params: ofEvent,
      headers: conditional,
      success: HttpApiSchema.NoContent,
      error: RejectionProblems.rejectionsOf("DeleteEvent")
    })
      .annotateMerge(
        about({
          id: "deleteEvent",
          summary: "Delete a draft that nobody has ever registered for",
          description: "The event is not found afterwards, and its id is not used again. Its journal stays.",
          answer: "The event was deleted"
        })
      )
      .annotate(OpenApi.Transform, describeEntityTag)
      .annotate(HeedsIfMatch, true)
      .middleware(WriteBoundary)
  )
  .annotate(
    OpenApi.Description,
    "What people attend: made as a draft, published, then cancelled or completed. A slip can be taken back before the event ends. The ETag of an event is its version; a write with If-Match is refused if the event itself has changed since, and registrations refuse none."
  ) {}
