/**
 * Problems that answer the rejections of commands about an event itself.
 */
import * as Event from "@turnout/core/admission/domain/model/Event"
import { OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import { problem } from "../Problem.ts"

export const problems = {
  EventNotFound: problem(Event.EventNotFound, {
    status: 404,
    code: "event_not_found",
    title: "There is no such event"
  }),
  EventAlreadyExists: problem(Event.EventAlreadyExists, {
    status: 409,
    code: "event_already_exists",
    title: "The event exists already"
  }),
  EventStatusConflict: problem(Event.EventStatusConflict, {
    status: 409,
    code: "event_status_conflict",
    title: "The status of the event does not allow this"
  }),
  EventHasRegistrations: problem(Event.EventHasRegistrations, {
    status: 409,
    code: "event_has_registrations",
    title: "People have registered for the event"
  }),
  EventNotStarted: problem(Event.EventNotStarted, {
    status: 409,
    code: "event_not_started",
    title: "The event has not started"
  }),
  EventOver: problem(Event.EventOver, {
    status: 409,
    code: "event_over",
    title: "The event is over"
  }),
  OrganizationNotFound: problem(OrganizationNotFound, {
    status: 404,
    code: "organization_not_found",
    title: "There is no such organization"
  }),
  ScheduleInvalid: problem(Event.ScheduleInvalid, {
    status: 409,
    code: "schedule_invalid",
    title: "The times would be out of order"
  })
} satisfies Record<InstanceType<(typeof Event.rejections)[number]>["_tag"], unknown>
