/**
 * The commands that attendees and staff choose, by what they see of an event.
 */
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { Registration, RegistrationState } from "@turnout/core/admission/domain/model/Registration"
import type { World } from "./World.ts"

export interface Shown {
  readonly event: Event
  readonly registrations: ReadonlyArray<Registration>
}

/** An attendee registers, now and then as somebody whom others register as well, or cancels a registration of their own. */
export const attendeeCommand = (
  world: World,
  email: string,
  name: string,
  { event, registrations }: Shown
): Command => {
  const eventId = event.id
  const own = registrations.filter(({ attendee, state }) => attendee.name === name && state !== "cancelled")
  if (own.length > 0 && world.happens(250))
    return { _tag: "CancelRegistration", eventId, registrationId: world.pick(own).id }
  const attendee = fromInput({ name, email: world.happens(150) ? "shared@example.com" : email })
  return { _tag: "Register", eventId, attendee, notes: `of ${name}`, registeredAt: null }
}

/** The commands about the event as a whole that its status suggests. */
const ofStatus = (world: World, { id: eventId, status }: Event): Command | undefined => {
  if (status === "draft" && world.happens(300)) return { _tag: "PublishEvent", eventId }
  if (status === "cancelled" && world.happens(600)) return { _tag: "ReopenEvent", eventId }
  if (status === "completed" && world.happens(500)) return { _tag: "ReopenEvent", eventId }
  return undefined
}

const beyonds = [null, "raise", "overhang"] as const

/** A change of the attendee or the notes; sometimes to somebody who is registered already. */
const changes = (world: World, email: string, registrations: ReadonlyArray<Registration>) => {
  const roll = world.choose(4)
  if (roll === 0) return { notes: `corrected ${email}` }
  if (roll === 1) return { attendee: { name: `corrected ${email}` } }
  const other = world.happens(300) && registrations.length > 0 ? world.pick(registrations).attendee.email : email
  return { attendee: { email: other } }
}

/** Staff change what they see, which may have changed meanwhile. */
export const staffCommand = (world: World, email: string, { event, registrations }: Shown): Command | undefined => {
  const eventId = event.id
  const first = ofStatus(world, event)
  if (first !== undefined) return first
  const { attended, confirmed, noShow } = event.counts
  const taken = confirmed + attended + noShow
  const about = (states: ReadonlyArray<RegistrationState>, make: (registrationId: Registration["id"]) => Command) => {
    const some = registrations.filter(({ state }) => states.includes(state))
    // Now and then, the state is another one.
    const from = world.happens(100) ? registrations : some
    return from.length === 0 ? undefined : make(world.pick(from).id)
  }
  const change = (capacity: number, demote: number | null): Command => ({
    _tag: "ChangeCapacity",
    eventId,
    capacity: Math.max(0, capacity),
    keepOverhang: demote === null && world.happens(500),
    demote
  })
  const choices: ReadonlyArray<() => Command | undefined> = [
    () => {
      const attendee = fromInput({ name: "guest", email: world.happens(150) ? "shared@example.com" : email })
      return { _tag: "RegisterGuest", eventId, attendee, notes: "a guest", beyond: world.pick(beyonds) }
    },
    () =>
      about(["waitlisted"], (registrationId) => ({
        _tag: "ConfirmRegistration",
        eventId,
        registrationId,
        beyond: world.pick(beyonds)
      })),
    () => about(["cancelled"], (registrationId) => ({ _tag: "ReinstateRegistration", eventId, registrationId })),
    () =>
      about(["confirmed", "waitlisted", "attended", "noShow"], (registrationId) => ({
        _tag: "CorrectRegistration",
        eventId,
        registrationId,
        changes: changes(world, email, registrations)
      })),
    () =>
      about(["confirmed", "attended"], (registrationId) => ({
        _tag: "MarkAttended",
        eventId,
        registrationId,
        early: world.happens(500)
      })),
    () => about(["confirmed", "attended"], (registrationId) => ({ _tag: "MarkNoShow", eventId, registrationId })),
    () => about(["attended", "noShow"], (registrationId) => ({ _tag: "ClearAttendance", eventId, registrationId })),
    () => about(["noShow"], (registrationId) => ({ _tag: "ReleaseSeat", eventId, registrationId })),
    () => change(event.capacity + 1 + world.choose(3), null),
    () => change(event.capacity - 1, null),
    () => {
      const demote = 1 + world.choose(Math.max(1, Math.min(3, confirmed)))
      return change(taken - demote, world.happens(100) ? demote + 1 : demote)
    },
    () => ({ _tag: "CancelEvent", eventId }),
    () => (world.happens(300) ? { _tag: "CompleteEvent", eventId } : { _tag: "CancelEvent", eventId })
  ]
  return world.pick(choices)()
}
