/**
 * Problems that answer the rejections of commands about the deletion of an event.
 */
import * as EventDeletion from "@turnout/core/admission/domain/model/event/EventDeletion"
import { problem } from "../Problem.ts"

export const problems = {
  EventHadRegistrations: problem(EventDeletion.EventHadRegistrations, {
    status: 409,
    code: "event_had_registrations",
    title: "People have registered for the event before"
  }),
  EventWasDeleted: problem(EventDeletion.EventWasDeleted, {
    status: 409,
    code: "event_was_deleted",
    title: "The event was deleted"
  })
} satisfies Record<InstanceType<(typeof EventDeletion.rejections)[number]>["_tag"], unknown>
