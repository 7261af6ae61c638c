/**
 * The facts about events and registrations that the policy decides by, and the answers to what it refuses.
 *
 * Writes are decided under the lock of the event: a caller (`callerOf`) is asked by the decider, on the event and the registration
 * as they are then.
 */
import type { Action } from "../../access/domain/policy/Action.ts"
import { decide, type Facts, type Refused, type Verdict } from "../../access/domain/policy/Policy.ts"
import { isAttendee, type Principal } from "../../access/domain/policy/Principal.ts"
import type { Command, Operation } from "../../admission/domain/model/Command.ts"
import { type Event, EventNotFound, isPublic, selfServiceEnd } from "../../admission/domain/model/Event.ts"
import { type RegistrationId, RegistrationNotFound } from "../../admission/domain/model/Registration.ts"
import type { Caller, Subject } from "../../admission/domain/state/Caller.ts"
import { Forbidden, SelfServiceEnded } from "../../kernel/domain/access/Refusals.ts"
import { type NotAllowed, toRefusal } from "./Guard.ts"

/** The commands of callers. Turnout itself carries steps on. */
export type CallerCommand = Exclude<Command, { readonly _tag: "CarryOn" }>

/** The action of each command. */
export const actionOf = {
  CreateEvent: "createEvent",
  UpdateEvent: "updateEvent",
  PublishEvent: "publishEvent",
  UnpublishEvent: "unpublishEvent",
  CancelEvent: "cancelEvent",
  CompleteEvent: "completeEvent",
  ReopenEvent: "reopenEvent",
  ChangeCapacity: "changeCapacity",
  DeleteEvent: "deleteEvent",
  Register: "register",
  RegisterGuest: "registerGuest",
  CancelRegistration: "cancelRegistration",
  ConfirmRegistration: "confirmRegistration",
  ReinstateRegistration: "reinstateRegistration",
  CorrectRegistration: "correctRegistration",
  MarkAttended: "markAttended",
  MarkNoShow: "markNoShow",
  ClearAttendance: "clearAttendance",
  ReleaseSeat: "releaseSeat"
} as const satisfies Readonly<Record<Exclude<Operation, "CarryOn">, Action>>

const eventFacts = (event: Event): Facts => ({
  on: "event",
  organizationId: event.organizationId,
  isPublic: isPublic(event),
  registration: event.registration
})

/** The facts about a registration of an event; of one that is not there, only staff are told anything. */
const registrationFacts = ({ event, now, registration }: Subject): Facts =>
  registration === undefined
    ? { on: "owned", organizationId: event.organizationId }
    : {
        on: "registration",
        organizationId: event.organizationId,
        eventId: event.id,
        registrationId: registration.id,
        attendeeId: registration.attendee.id,
        isSelfServiceOpen: now.getTime() < selfServiceEnd(event).getTime()
      }

/** Whether a principal may know of an event. */
const isVisible = (principal: Principal, event: Event): boolean =>
  decide(principal, "getEvent", eventFacts(event)).allowed

/** The refusal of a verdict about an event. */
const ofEvent = (action: Action, event: Event, verdict: Verdict): NotAllowed | EventNotFound | undefined => {
  if (verdict.allowed) return undefined
  return verdict.because === "notFound" ? new EventNotFound({ eventId: event.id }) : toRefusal(action, verdict.because)
}

/** Why a principal may not do something with an event. */
export const refusalOnEvent = (
  principal: Principal,
  action: Action,
  event: Event
): NotAllowed | EventNotFound | undefined => ofEvent(action, event, decide(principal, action, eventFacts(event)))

/** Why a principal may not do something with a registration of an event, which may not be there. */
export const refusalOnRegistration = (
  principal: Principal,
  action: Action,
  registrationId: RegistrationId,
  subject: Subject
): NotAllowed | EventNotFound | RegistrationNotFound | SelfServiceEnded | undefined => {
  const { event } = subject
  const verdict = decide(principal, action, registrationFacts(subject))
  if (verdict.allowed) return undefined
  if (verdict.because === "tooLate") return new SelfServiceEnded({ eventId: event.id, endedAt: selfServiceEnd(event) })
  // Who may see the event, and not the registration, is told of the registration only.
  return verdict.because === "notFound" && isVisible(principal, event)
    ? new RegistrationNotFound({ eventId: event.id, registrationId })
    : ofEvent(action, event, verdict)
}

/** Why a refusal was given, in the words of the policy. */
export const becauseOf = ({ _tag }: { readonly _tag: string }): Refused["because"] => {
  if (_tag === "Unauthenticated") return "unauthenticated"
  if (_tag === "Forbidden") return "forbidden"
  return _tag === "SelfServiceEnded" ? "tooLate" : "notFound"
}

/** A person who is no staff registers nobody but themself. */
const isForAnother = (principal: Principal, command: Command, verdict: Verdict): boolean =>
  command._tag === "Register" &&
  verdict.allowed &&
  verdict.as !== "staff" &&
  principal.kind === "user" &&
  !isAttendee(principal, command.attendee.id)

/** The caller of a command, for the decider. */
export const callerOf = (principal: Principal, linkDigest?: string): Caller => ({
  refusalOf: (command, subject) => {
    const action = actionOf[command._tag as CallerCommand["_tag"]]
    if ("registrationId" in command) return refusalOnRegistration(principal, action, command.registrationId, subject)
    const verdict = decide(principal, action, eventFacts(subject.event))
    if (isForAnother(principal, command, verdict)) return new Forbidden({ operation: action })
    return ofEvent(action, subject.event, verdict)
  },
  ...(linkDigest === undefined ? {} : { linkDigest })
})
