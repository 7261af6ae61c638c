/**
 * Random histories of two events.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { scope } from "@turnout/core/admission/domain/state/Idempotency"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import * as fc from "fast-check"
import { BEFORE, EVENT, id, input, request, STARTS_AT } from "../domain/Deciding.ts"

export const OTHER = id(1_000_000) as EventId
const people = 6

/** Requests about two events and six people, often with the same few idempotency keys, in no sensible order. */
export const requests: fc.Arbitrary<ReadonlyArray<Request>> = fc
  .array(
    fc.record({
      eventId: fc.constantFrom(EVENT, OTHER),
      kind: fc.constantFrom(
        ...Array.from({ length: 40 }, () => "register"),
        ...Array.from({ length: 30 }, () => "cancel"),
        ...Array.from({ length: 6 }, () => "capacity"),
        "confirm",
        "attended",
        "noShow",
        "capacity",
        "publish",
        "unpublish",
        "update",
        ...Array.from({ length: 3 }, () => "moveEnd"),
        "create",
        "guest",
        "demote",
        "confirmBeyond",
        "reinstate",
        "reinstate",
        "correct",
        "clear",
        "release",
        "reopenEvent",
        "reopenEvent",
        "cancelEvent",
        "completeEvent",
        "delete",
        "promote"
      ),
      person: fc.integer({ min: 1, max: people }),
      target: fc.nat(1_000),
      capacity: fc.integer({ min: 0, max: 4 }),
      seen: fc.option(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 2 }), { freq: 2 }),
      keepOverhang: fc.boolean(),
      key: fc.option(fc.constantFrom("a", "b", "c"), { freq: 2 }),
      minutes: fc.oneof(
        { weight: 60, arbitrary: fc.constantFrom(0, 1, 20, 60) },
        { weight: 3, arbitrary: fc.constant(200_000) }
      )
    }),
    { minLength: 1, maxLength: 40, size: "max" }
  )
  .map((drawn) =>
    drawn.map((draw, index): Request => {
      const { capacity, eventId, keepOverhang, seen } = draw
      const expecting = seen === null ? {} : { expectedVersions: seen }
      // Mostly a registration that was asked for earlier, of this event.
      const earlier = drawn.flatMap((other, at) =>
        at < index && other.kind === "register" && other.eventId === eventId ? [at + 1] : []
      )
      const registrationId = id(earlier[draw.target % Math.max(1, earlier.length)] ?? 1) as never
      const commands: Record<string, Request["command"]> = {
        register: {
          _tag: "Register",
          eventId,
          attendee: { id: `person-${draw.person}` as never, name: "", email: `person-${draw.person}@example.com` },
          notes: "",
          registeredAt: null
        },
        cancel: { _tag: "CancelRegistration", eventId, registrationId },
        confirm: { _tag: "ConfirmRegistration", eventId, registrationId, beyond: null },
        attended: { _tag: "MarkAttended", eventId, registrationId, early: keepOverhang },
        noShow: { _tag: "MarkNoShow", eventId, registrationId },
        capacity: { _tag: "ChangeCapacity", eventId, capacity, keepOverhang, demote: null, ...expecting },
        publish: { _tag: "PublishEvent", eventId, ...expecting },
        unpublish: { _tag: "UnpublishEvent", eventId, ...expecting },
        update: {
          _tag: "UpdateEvent",
          eventId,
          changes: { waitlist: keepOverhang ? "open" : "closed", waitlistLimit: capacity },
          ...expecting
        },
        // Days after the start, some of them before the latest time of a request.
        moveEnd: {
          _tag: "UpdateEvent",
          eventId,
          changes: { endsAt: new Date(STARTS_AT.getTime() + (1 + capacity * 240) * 60 * 60_000) }
        },
        create: { _tag: "CreateEvent", event: input({ id: eventId, capacity }) },
        guest: {
          _tag: "RegisterGuest",
          eventId,
          attendee: { id: `person-${draw.person}` as never, name: "", email: `person-${draw.person}@example.com` },
          notes: "",
          beyond: keepOverhang ? "overhang" : capacity % 2 === 0 ? "raise" : null
        },
        demote: { _tag: "ChangeCapacity", eventId, capacity, keepOverhang: false, demote: 1, ...expecting },
        confirmBeyond: { _tag: "ConfirmRegistration", eventId, registrationId, beyond: "raise" },
        reinstate: { _tag: "ReinstateRegistration", eventId, registrationId },
        correct: {
          _tag: "CorrectRegistration",
          eventId,
          registrationId,
          changes: { attendee: { id: `person-${draw.person}` } }
        },
        clear: { _tag: "ClearAttendance", eventId, registrationId },
        release: { _tag: "ReleaseSeat", eventId, registrationId },
        reopenEvent: { _tag: "ReopenEvent", eventId, ...expecting },
        cancelEvent: { _tag: "CancelEvent", eventId, ...expecting },
        completeEvent: { _tag: "CompleteEvent", eventId, ...expecting },
        delete: { _tag: "DeleteEvent", eventId, ...expecting },
        promote: { _tag: "CarryOn", eventId }
      }
      const command = commands[draw.kind]!
      const now = new Date(BEFORE.getTime() + draw.minutes * 60_000)
      return {
        ...request(command, { now, freshId: id(index + 1) }),
        idempotency:
          draw.key === null
            ? null
            : {
                scope: scope("test", command._tag, draw.key),
                fingerprint: JSON.stringify(command),
                ttlMillis: 30 * 60_000,
                refusalTtlMillis: 10 * 60_000
              }
      }
    })
  )

/** Two published events, so that the drawn requests have something to act on. */
export const history = (capacity: number): ReadonlyArray<Request> =>
  [EVENT, OTHER].flatMap((eventId) => [
    request({ _tag: "CreateEvent", event: input({ id: eventId, capacity }) }),
    request({ _tag: "PublishEvent", eventId })
  ])

export const capacity: fc.Arbitrary<number> = fc.integer({ min: 0, max: 3 })
