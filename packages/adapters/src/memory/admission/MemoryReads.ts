/**
 * Reading events, registrations, waitlists and journals from memory. The cost of a read depends on its page, except for a list
 * of all events, or of one attendee's registrations, which is sorted when it is asked for.
 */
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import * as Effect from "effect/Effect"
import { type MemoryState, take } from "./MemoryState.ts"

const compare = <A>(a: A, b: A): number => (a < b ? -1 : a > b ? 1 : 0)

export const make = (state: MemoryState): AdmissionReads["Service"] =>
  AdmissionReads.of({
    event: (id) => Effect.sync(() => state.events.get(id)),
    events: (filter, page) =>
      Effect.sync(() => {
        const { after } = page
        const matching = [...state.events.values()].filter(
          (event) =>
            (filter.status === null || event.status === filter.status) &&
            (filter.organizer === null || event.organizer === filter.organizer) &&
            (filter.from === null || event.startsAt >= filter.from) &&
            (filter.until === null || event.startsAt < filter.until) &&
            (after === null ||
              event.startsAt > after.startsAt ||
              (event.startsAt.getTime() === after.startsAt.getTime() && event.id > after.id))
        )
        const sorted = matching.toSorted(
          (a, b) => compare(a.startsAt.getTime(), b.startsAt.getTime()) || compare(a.id, b.id)
        )
        return sorted.slice(0, page.limit)
      }),
    registration: (eventId, id) => Effect.sync(() => state.byEvent.get(eventId)?.get(id)),
    registrations: (eventId, wanted, page) =>
      Effect.sync(() => {
        const all =
          wanted === "waitlisted"
            ? (state.waiting.get(eventId)?.after(page.after ?? 0) ?? [])
            : (state.byEvent.get(eventId)?.values() ?? [])
        const found: Array<Registration> = []
        for (const registration of all) {
          if (found.length === page.limit) break
          if (page.after !== null && registration.sequence <= page.after) continue
          if (wanted === null || registration.state === wanted) found.push(registration)
        }
        return found
      }),
    attendeeRegistrations: (attendeeId, page) =>
      Effect.sync(() =>
        [...state.registrations.values()]
          .filter(({ attendee, id }) => attendee.id === attendeeId && (page.after === null || id > page.after))
          .toSorted((a, b) => compare(a.id, b.id))
          .slice(0, page.limit)
      ),
    waitlist: (eventId, page) =>
      Effect.sync(() => {
        const waiting = state.waiting.get(eventId)
        if (waiting === undefined) return []
        const after = page.after ?? 0
        const before = waiting.countUpTo(after)
        return take(waiting.after(after), page.limit).map((registration, index) => ({
          position: before + index + 1,
          registration
        }))
      }),
    waitlistPlace: (eventId, id) =>
      Effect.sync(() => {
        const waiting = state.waiting.get(eventId)
        const registration = state.registrations.get(id)
        if (registration?.eventId !== eventId || registration.state !== "waitlisted") return undefined
        return { position: waiting!.countUpTo(registration.sequence), length: waiting!.length }
      }),
    journal: (eventId, page) =>
      Effect.sync(() => {
        const entries = state.journal.get(eventId) ?? []
        const start = page.after ?? 0
        return entries.slice(start, start + page.limit)
      })
  })
