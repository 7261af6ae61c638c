/**
 * Checkers of the invariants. They share no code with the code under test: they read the stored state through the public
 * reads, and recount everything from the journal with rules of their own.
 */
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import { decode, type JournalEvent } from "@turnout/core/journal/domain/JournalEvent"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import type { Page } from "@turnout/core/kernel/domain/Page"
import { Turnout } from "@turnout/core/admission/application/Turnout"
import { Effect } from "effect"
import { isDeepStrictEqual } from "node:util"
import { assert } from "vitest"

/** Every item of a paged list. */
export const all = <A, E, R>(
  list: (cursor: string | undefined) => Effect.Effect<Page<A>, E, R>
): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.gen(function* () {
    const items: Array<A> = []
    let cursor: string | undefined
    do {
      const page = yield* list(cursor)
      items.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    return items
  })

const query = (cursor: string | undefined) => (cursor === undefined ? { limit: 500 } : { limit: 500, cursor })

export interface Snapshot {
  readonly event: Event
  readonly registrations: ReadonlyArray<Registration>
  readonly waitlist: ReadonlyArray<{ readonly position: number; readonly registration: Registration }>
  readonly journal: ReadonlyArray<StoredJournalEntry>
}

/** Reads everything that is stored of an event. No write may be under way meanwhile. */
export const snapshot = Effect.fn("snapshot")(function* (eventId: string) {
  const turnout = yield* Turnout
  const event = yield* turnout.getEvent(eventId)
  const taken: Snapshot = {
    event,
    registrations: yield* all((cursor) => turnout.listRegistrations(eventId, query(cursor))),
    // Nobody waits for an event that is cancelled, and its waitlist is refused.
    waitlist: event.status === "cancelled" ? [] : yield* all((cursor) => turnout.listWaitlist(eventId, query(cursor))),
    journal: yield* all((cursor) => turnout.listJournal(eventId, query(cursor)))
  }
  return taken
})

/** An assertion that costs little if it holds, unlike chai's: simulations make millions of them. */
const isTrue = (condition: boolean, message: string): void => {
  if (!condition) assert.fail(message)
}
const areEqual = (actual: unknown, expected: unknown, message: string): void => {
  if (!isDeepStrictEqual(actual, expected)) assert.deepStrictEqual(actual, expected, message)
}

export const TAKES_SEAT: ReadonlyArray<string> = ["confirmed", "attended", "noShow"]

/** The legal transitions of each type of journal event, from the state before the arrow; "" stands for no registration. */
const LEGAL: Record<string, ReadonlyArray<string>> = {
  AttendeeRegistered: ["→confirmed"],
  AttendeeWaitlisted: ["→waitlisted"],
  RegistrationPromoted: ["waitlisted→confirmed"],
  RegistrationConfirmed: ["waitlisted→confirmed"],
  RegistrationDemoted: ["confirmed→waitlisted"],
  RegistrationCancelled: ["confirmed→cancelled", "waitlisted→cancelled", "noShow→cancelled"],
  RegistrationReinstated: ["cancelled→confirmed", "cancelled→waitlisted"],
  RegistrationCorrected: ["confirmed→confirmed", "waitlisted→waitlisted", "attended→attended", "noShow→noShow"],
  AttendanceCleared: ["attended→confirmed", "noShow→confirmed"],
  AttendeeAttended: ["confirmed→attended", "noShow→attended"],
  AttendeeMissed: ["confirmed→noShow", "attended→noShow"]
}

/** Whether staff gave this seat beyond the capacity, or with one more while there was an overhang. */
const isBeyond = (happened: JournalEvent): boolean =>
  (happened._tag === "RegistrationConfirmed" && happened.beyond !== undefined) ||
  (happened._tag === "AttendeeRegistered" && happened.setAside?.includes("capacity") === true)

/**
 * Checks R1, R6, R7, W1 and W4 after every entry of the journal. Gives the registrations as the journal has them, in order of
 * entry. Seats taken may be above a capacity that was lowered, as long as nobody gets another seat but by a choice of staff; and
 * an event that is reopened has the seats again that it had.
 */
export const replay = (
  journal: ReadonlyArray<{ readonly version: number; readonly event: JournalEvent; readonly occurredAt: Date }>
): ReadonlyArray<Registration> => {
  const registrations = new Map<string, Registration>()
  const waiting: Array<string> = []
  let capacity = 0
  let taken = 0
  let takenBefore = 0
  let endsAt = Infinity
  journal.forEach((entry, index) => {
    areEqual(entry.version, index + 1, "R6: stream versions are 1, 2, 3, … without gaps")
    const happened = entry.event
    isTrue(index === 0 || entry.occurredAt >= journal[index - 1]!.occurredAt, "R7: times within a stream never go back")
    if (happened._tag === "EventCreated") ({ capacity } = happened)
    if (happened._tag === "CapacityChanged") capacity = happened.to
    if ("details" in happened) endsAt = happened.details.endsAt.getTime()
    if (happened._tag === "EventCancelled") takenBefore = Math.max(taken, takenBefore)
    if (happened._tag === "EventReopened") takenBefore = 0
    if (!("registration" in happened)) return
    const { registration } = happened
    isTrue(registration.registeredAt <= registration.changedAt, "R7: nobody registers after what follows from it")
    const before = registrations.get(registration.id)?.state
    const step = `${before ?? ""}→${registration.state}`
    const isAsOfNow = registration.changedAt.getTime() === entry.occurredAt.getTime()
    isTrue(isAsOfNow || before === registration.state, "R7: a registration has changed when its entry happened")
    isTrue(LEGAL[happened._tag]?.includes(step) === true, `R6: ${happened._tag} from ${step} is a legal transition`)
    if ("from" in happened) areEqual(happened.from, before, `R6: ${happened._tag} says from where`)
    if (happened._tag === "RegistrationPromoted") {
      areEqual(waiting[0], registration.id, "W1: promotion follows the order of entry")
      isTrue(entry.occurredAt.getTime() < endsAt, "W2: nobody is promoted once the event has ended")
    }
    if (before === "waitlisted") waiting.splice(waiting.indexOf(registration.id), 1)
    if (registration.state === "waitlisted") {
      const later = waiting.findIndex((id) => registrations.get(id)!.sequence > registration.sequence)
      waiting.splice(later < 0 ? waiting.length : later, 0, registration.id)
    }
    const seats = Number(TAKES_SEAT.includes(registration.state)) - Number(TAKES_SEAT.includes(before ?? ""))
    taken += seats
    if (isBeyond(happened)) {
      const last = journal[index - 1]!.event
      const isRaise = last._tag === "CapacityChanged" && last.to === last.from + 1
      const hasRaise = !("beyond" in happened) || happened.beyond !== "raise" || isRaise
      isTrue(seats === 1 && hasRaise, "R1: staff ask for one seat at a time, and a raise comes with it")
    } else if (seats > 0) {
      isTrue(taken <= Math.max(capacity, takenBefore), "R1, W4: nobody gets a seat that does not exist")
    }
    registrations.set(registration.id, registration)
  })
  return [...registrations.values()]
}

/** Checks a snapshot against every invariant under Registration, Waitlist and O1. */
export const check = ({ event, journal, registrations, waitlist }: Snapshot): void => {
  const count = (state: string) => registrations.filter((registration) => registration.state === state).length
  const active = registrations.filter(({ state }) => state !== "cancelled")
  const people = active.map(({ attendee }) => attendee.id)
  areEqual(new Set(people).size, people.length, "R2, W3: one active registration per attendee")
  areEqual(
    event.counts,
    {
      confirmed: count("confirmed"),
      waitlisted: count("waitlisted"),
      attended: count("attended"),
      noShow: count("noShow")
    },
    "R3: every stored counter equals a recount"
  )
  areEqual(event.version, journal.length, "R6: the version counts the journal")
  areEqual(event.updatedAt, journal.at(-1)!.occurredAt, "R7: an event is as of the last entry of its journal")
  const ofItself = journal.filter(({ payload }) => !("registration" in (payload as object)))
  areEqual(
    event.revision,
    ofItself.at(-1)?.version,
    "V1: the revision is the version in which the event itself changed last"
  )
  const taken = active.filter(({ state }) => TAKES_SEAT.includes(state)).length
  if (event.status === "published") {
    const free = Math.max(0, event.capacity - taken)
    const isOver = journal.some(({ occurredAt }) => occurredAt.getTime() >= event.endsAt.getTime())
    if (!isOver) areEqual(Math.min(free, count("waitlisted")), 0, "W2: no free seat together with a waiter")
  }
  if (event.status === "cancelled") {
    areEqual(count("confirmed") + count("waitlisted"), 0, "a cancelled event has nobody with a seat or in line")
  }
  isTrue(event.status !== "reopening", "an event does not stay in between")
  const waiters = registrations.filter(({ state }) => state === "waitlisted")
  areEqual(
    waitlist.map(({ position, registration }) => [position, registration.id]),
    waiters.map(({ id }, index) => [index + 1, id]),
    "W6: positions equal the rank by recount"
  )
  const replayed = replay(
    journal.map(({ occurredAt, payload, schemaVersion, type, version }) => ({
      version,
      occurredAt,
      event: decode(type, schemaVersion, payload)
    }))
  )
  areEqual(registrations, replayed, "O1, R4: what is stored is what the journal tells")
}

/** Reads everything of an event, and checks it. */
export const hold = (eventId: string) =>
  Effect.map(snapshot(eventId), (taken) => {
    check(taken)
    return taken
  })
