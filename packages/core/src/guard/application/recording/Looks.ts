/**
 * Looking at events and registrations for a principal: what staff are refused is recorded, and which personal data they have read.
 */
import * as Effect from "effect/Effect"
import { eventResource, registrationResource } from "../../../access/domain/audit/AuditEntry.ts"
import type { Action } from "../../../access/domain/policy/Action.ts"
import type { Principal } from "../../../access/domain/policy/Principal.ts"
import type { TurnoutService } from "../../../admission/application/Turnout.ts"
import { type Event, EventNotFound } from "../../../admission/domain/model/Event.ts"
import type { RegistrationId, RegistrationNotFound } from "../../../admission/domain/model/Registration.ts"
import type { AdmissionReads } from "../../../admission/ports/AdmissionReads.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import { becauseOf, refusalOnEvent, refusalOnRegistration } from "../EventAccess.ts"
import { mayAtAll, type NotAllowed } from "../Guard.ts"
import * as Recording from "./Recording.ts"

export interface Looks {
  /** Returns the event, if the principal may do this with it. */
  readonly eventFor: (
    principal: Principal,
    action: Action,
    eventId: EventId
  ) => Effect.Effect<Event, NotAllowed | EventNotFound | StoreError>
  /** Reads personal data about an event, if the principal may. */
  readonly readOf: <A, E, R>(
    action: Action,
    eventId: EventId,
    read: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | NotAllowed | EventNotFound | StoreError, R | CurrentPrincipal>
  /** Returns the event of a registration, which may not be there, if the principal may do this with it. */
  readonly registrationFor: (
    principal: Principal,
    action: Action,
    eventId: EventId,
    registrationId: RegistrationId
  ) => Effect.Effect<Event, NotAllowed | EventNotFound | RegistrationNotFound | StoreError>
}

export const make = (turnout: TurnoutService, reads: AdmissionReads["Service"]): Looks => {
  const eventFor = Effect.fnUntraced(function* (principal: Principal, action: Action, eventId: EventId) {
    const resource = eventResource(eventId)
    yield* mayAtAll(principal, action, resource)
    const event = yield* reads.event(eventId)
    if (event === undefined) return yield* new EventNotFound({ eventId })
    const refused = refusalOnEvent(principal, action, event)
    if (refused === undefined) return event
    const { organizationId } = event
    yield* Recording.refused(principal, action, becauseOf(refused), { resource, organizationId })
    return yield* refused
  })

  const readOf = <A, E, R>(action: Action, eventId: EventId, read: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const principal = yield* CurrentPrincipal
      const { organizationId } = yield* eventFor(principal, action, eventId)
      const found = yield* read
      yield* Recording.read(principal, action, { resource: eventResource(eventId), organizationId })
      return found
    })

  const registrationFor = Effect.fnUntraced(function* (
    principal: Principal,
    action: Action,
    eventId: EventId,
    registrationId: RegistrationId
  ) {
    const resource = registrationResource(registrationId)
    yield* mayAtAll(principal, action, resource)
    const event = yield* reads.event(eventId)
    if (event === undefined) return yield* new EventNotFound({ eventId })
    const registration = yield* reads.registration(eventId, registrationId)
    const subject = { event, registration, now: turnout.clock.now() }
    const refused = refusalOnRegistration(principal, action, registrationId, subject)
    // Self-service ends for writes only.
    if (refused === undefined || refused._tag === "SelfServiceEnded") return event
    const { organizationId } = event
    yield* Recording.refused(principal, action, becauseOf(refused), { resource, organizationId })
    return yield* refused
  })

  return { eventFor, readOf, registrationFor }
}
