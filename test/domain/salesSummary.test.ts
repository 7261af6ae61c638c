/**
 * The sales summary, beside a recount of the whole journal.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import type { JournalEntry, JournalEvent } from "@turnout/core/journal/domain/JournalEvent"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import { apply, initial, millisToSellOut, type SalesSummary } from "@turnout/core/projections/domain/SalesSummary"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import { capacity, history, requests } from "../property/Requests.ts"
import { BEFORE, DURING, EVENT, empty, id, input } from "./Deciding.ts"

const SEATED = ["confirmed", "attended", "noShow"]

/** The same, told from the journal as a whole and not step by step. */
const recount = (journal: ReadonlyArray<JournalEntry>): SalesSummary => {
  const of = (...tags: ReadonlyArray<JournalEvent["_tag"]>) => journal.filter(({ event }) => tags.includes(event._tag))
  const registrationsUpTo = (length: number) => {
    const states = new Map<string, Registration["state"]>()
    for (const { event } of journal.slice(0, length)) {
      if ("registration" in event) states.set(event.registration.id, event.registration.state)
    }
    return [...states.values()]
  }
  const inState = (state: string) => registrationsUpTo(journal.length).filter((one) => one === state).length
  const capacityAt = (length: number) =>
    journal.slice(0, length).reduce((seats, { event }) => {
      if (event._tag === "EventCreated") return event.capacity
      return event._tag === "CapacityChanged" ? event.to : seats
    }, 0)
  const soldOut = journal.findIndex((_, index) => {
    const states = registrationsUpTo(index + 1)
    const taken = states.filter((state) => SEATED.includes(state)).length
    return taken >= capacityAt(index + 1) && states.includes("confirmed")
  })
  const details = of("EventCreated", "EventUpdated").at(-1)?.event as { readonly details: { readonly title: string } }
  return {
    eventId: EVENT,
    title: details?.details.title ?? "",
    capacity: capacityAt(journal.length),
    registrations: {
      confirmed: inState("confirmed"),
      waitlisted: inState("waitlisted"),
      cancelled: inState("cancelled"),
      attended: inState("attended"),
      noShow: inState("noShow")
    },
    promotions: of("RegistrationPromoted", "RegistrationConfirmed").length,
    cancellations: of("RegistrationCancelled").length,
    publishedAt: of("EventPublished")[0]?.occurredAt ?? null,
    firstRegistrationAt: of("AttendeeRegistered", "AttendeeWaitlisted")[0]?.occurredAt ?? null,
    soldOutAt: journal[soldOut]?.occurredAt ?? null
  }
}

/** A millisecond between one and the next. */
const journalOf = (happened: ReadonlyArray<JournalEvent>): ReadonlyArray<JournalEntry> =>
  happened.map((event, index) => ({
    eventId: EVENT,
    version: index + 1,
    event,
    metadata: { actor: "ada", correlationId: null, causationId: null },
    occurredAt: new Date(BEFORE.getTime() + index)
  }))

const summaryOf = (journal: ReadonlyArray<JournalEntry>) =>
  journal.reduce((summary, entry) => apply(summary, entry)!, initial(EVENT))

describe("the sales summary", () => {
  it("is what a recount of the journal gives, after every entry", () => {
    const met = new Set<string>()
    fc.assert(
      fc.property(capacity, requests, (seats, drawn) => {
        const { changes } = Batch.decide([...history(seats), ...drawn], empty())
        const journal = changes.journal.filter(({ eventId }) => eventId === EVENT)
        for (let length = 0; length <= journal.length; length++) {
          const soFar = journal.slice(0, length)
          const isDeleted = soFar.at(-1)?.event._tag === "EventDeleted"
          assert.deepStrictEqual(summaryOf(soFar), isDeleted ? undefined : recount(soFar))
        }
        for (const { event } of journal) met.add("from" in event ? `${event._tag} ${event.from}` : event._tag)
      }),
      { numRuns: 500 }
    )
    assert.includeMembers(
      [...met],
      ["RegistrationCancelled confirmed", "RegistrationCancelled waitlisted", "RegistrationPromoted"]
    )
  })

  it("follows corrections of who came", () => {
    const registration = { id: id(1), state: "confirmed" } as Registration
    const happened: ReadonlyArray<JournalEvent> = [
      { _tag: "EventCreated", details: { ...input(), title: "Gala" } as never, capacity: 3 },
      { _tag: "AttendeeRegistered", registration },
      { _tag: "AttendeeMissed", registration: { ...registration, state: "noShow" }, from: "confirmed" },
      { _tag: "AttendeeAttended", registration: { ...registration, state: "attended" }, from: "noShow" },
      { _tag: "AttendeeMissed", registration: { ...registration, state: "noShow" }, from: "attended" },
      { _tag: "EventCompleted" }
    ]
    const journal = journalOf(happened)
    const counts = journal.map((_, index) => summaryOf(journal.slice(0, index + 1)).registrations)
    const none = { confirmed: 0, waitlisted: 0, cancelled: 0, attended: 0, noShow: 0 }
    assert.deepStrictEqual(counts, [
      none,
      { ...none, confirmed: 1 },
      { ...none, noShow: 1 },
      { ...none, attended: 1 },
      { ...none, noShow: 1 },
      { ...none, noShow: 1 }
    ])
    assert.strictEqual(summaryOf(journal).title, "Gala")
  })

  it.each([
    { _tag: "AttendeeMissed", state: "noShow" },
    { _tag: "AttendeeAttended", state: "attended" }
  ] as const)("has the title of today, whoever was chosen from the list, and $state among the seats taken", (after) => {
    const { _tag, state } = after
    const one = { id: id(1), state: "waitlisted" } as Registration
    const other = { id: id(2), state: "confirmed" } as Registration
    const details = (title: string) => ({ ...input(), title }) as never
    const happened: ReadonlyArray<JournalEvent> = [
      { _tag: "EventCreated", details: details("Gala"), capacity: 2 },
      { _tag: "EventUpdated", details: details("Ball") },
      { _tag: "AttendeeWaitlisted", registration: one },
      { _tag: "AttendeeRegistered", registration: other },
      { _tag, registration: { ...other, state }, from: "confirmed" },
      { _tag: "RegistrationConfirmed", registration: { ...one, state: "confirmed" } }
    ]
    const journal = journalOf(happened)
    assert.deepStrictEqual(summaryOf(journal), recount(journal))
    assert.deepInclude(summaryOf(journal), {
      title: "Ball",
      promotions: 1,
      publishedAt: null,
      soldOutAt: journal.at(-1)!.occurredAt
    })
  })

  it("tells how long selling out took, if it was published and sold out", () => {
    const summary = initial(EVENT)
    assert.isNull(millisToSellOut(summary))
    assert.isNull(millisToSellOut({ ...summary, soldOutAt: DURING }))
    assert.isNull(millisToSellOut({ ...summary, publishedAt: BEFORE }))
    const sold = { ...summary, publishedAt: BEFORE, soldOutAt: new Date(BEFORE.getTime() + 5) }
    assert.strictEqual(millisToSellOut(sold), 5)
  })
})
