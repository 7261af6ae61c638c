/**
 * The sales summary, beside a recount of the whole journal.
 */
import * as Batch from "@turnout/core/admission/domain/Batch"
import type { JournalEntry, JournalEvent } from "@turnout/core/journal/domain/JournalEvent"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import {
  apply,
  initial,
  isOutdated,
  millisToSellOut,
  SalesSummary
} from "@turnout/core/projections/domain/SalesSummary"
import { Schema } from "effect"
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
  const registeredIn = (entries: ReadonlyArray<JournalEntry>) =>
    entries.flatMap(({ event }) =>
      event._tag === "AttendeeRegistered" || event._tag === "AttendeeWaitlisted"
        ? [event.registration.registeredAt.getTime()]
        : []
    )
  const atOrNull = (time: number) => (Number.isFinite(time) ? new Date(time) : null)
  const registered = registeredIn(journal)
  const days = Map.groupBy(registered, (time) => new Date(time).toISOString().slice(0, 10))
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
    firstRegistrationAt: atOrNull(Math.min(...registered)),
    lastRegistrationAt: atOrNull(Math.max(...registered)),
    soldOutAt:
      journal[soldOut]?.event._tag === "AttendeeRegistered"
        ? atOrNull(Math.max(...registeredIn(journal.slice(0, soldOut + 1))))
        : (journal[soldOut]?.occurredAt ?? null),
    registrationsByDay: Object.fromEntries(Array.from(days, ([day, times]) => [day, times.length]))
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
    const registration = { id: id(1), state: "confirmed", registeredAt: BEFORE } as Registration
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
    const one = { id: id(1), state: "waitlisted", registeredAt: BEFORE } as Registration
    const other = { id: id(2), state: "confirmed", registeredAt: BEFORE } as Registration
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
    const elsewhere = { ...sold, publishedAt: DURING, firstRegistrationAt: new Date(BEFORE.getTime() + 2) }
    assert.strictEqual(
      millisToSellOut(elsewhere),
      3,
      "sold out before it was published, from the first registration on"
    )
  })

  it("tells how long selling out took from the publication on, if that was before, whoever had registered until then", () => {
    const at = (minute: number) => new Date(Date.UTC(2030, 0, 1, 12, minute))
    const summary = { ...initial(EVENT), firstRegistrationAt: at(0), publishedAt: at(20) }
    const MINUTE_MILLIS = 60_000
    assert.strictEqual(millisToSellOut({ ...summary, soldOutAt: at(50) }), 30 * MINUTE_MILLIS)
    assert.strictEqual(millisToSellOut({ ...summary, soldOutAt: at(20) }), 0)
    assert.strictEqual(millisToSellOut({ ...summary, soldOutAt: at(19) }), 19 * MINUTE_MILLIS)
  })

  it("is gone once the event has been deleted", () => {
    const [deleted] = journalOf([{ _tag: "EventDeleted" }])
    assert.isUndefined(apply(initial(EVENT), deleted!))
  })

  it("follows those who lose their seat to the waitlist, and attendance that is taken back", () => {
    const registrations = { confirmed: 5, waitlisted: 4, cancelled: 3, attended: 2, noShow: 1 }
    const registration = { id: id(1), registeredAt: BEFORE } as Registration
    const after = (event: JournalEvent) =>
      apply({ ...initial(EVENT), capacity: 20, registrations }, journalOf([event])[0]!)!.registrations
    assert.deepStrictEqual(after({ _tag: "RegistrationDemoted", registration }), {
      ...registrations,
      confirmed: 4,
      waitlisted: 5
    })
    assert.deepStrictEqual(after({ _tag: "AttendanceCleared", registration, from: "attended" }), {
      ...registrations,
      attended: 1,
      confirmed: 6
    })
    assert.deepStrictEqual(after({ _tag: "AttendanceCleared", registration, from: "noShow" }), {
      ...registrations,
      noShow: 0,
      confirmed: 6
    })
  })

  it("knows when the last person registered, be it long ago", () => {
    const at = (year: number) => new Date(Date.UTC(year, 4, 1))
    const journal = journalOf(
      [1955, 1965, 1960].map((year, index) => ({
        _tag: "AttendeeWaitlisted" as const,
        registration: { id: id(index + 1), state: "waitlisted", registeredAt: at(year) } as Registration
      }))
    )
    assert.deepInclude(summaryOf(journal.slice(0, 1)), { firstRegistrationAt: at(1955), lastRegistrationAt: at(1955) })
    assert.deepInclude(summaryOf(journal), { firstRegistrationAt: at(1955), lastRegistrationAt: at(1965) })
  })

  it("counts people who were imported when they registered elsewhere, in whatever order they come", () => {
    const at = (day: number) => new Date(Date.UTC(2020, 4, day, 23, 30))
    const registration = (n: number, day: number) =>
      ({ id: id(n), state: "confirmed", registeredAt: at(day) }) as Registration
    const journal = journalOf([
      { _tag: "EventCreated", details: { ...input(), title: "Gala" } as never, capacity: 3 },
      { _tag: "EventPublished" },
      ...[3, 9, 3].map((day, index) => ({
        _tag: "AttendeeRegistered" as const,
        registration: registration(index + 1, day)
      }))
    ])
    const summary = summaryOf(journal)
    assert.deepInclude(summary, { firstRegistrationAt: at(3), lastRegistrationAt: at(9), soldOutAt: at(9) })
    assert.deepStrictEqual(summary.registrationsByDay, { "2020-05-03": 2, "2020-05-09": 1 })
    assert.strictEqual(millisToSellOut(summary), 6 * 24 * 60 * 60 * 1_000)
  })

  it("has at most 4,000 days, and loses nobody", () => {
    const registered = (n: number): JournalEvent => ({
      _tag: "AttendeeRegistered",
      registration: {
        id: id(1),
        state: "confirmed",
        registeredAt: new Date(Date.UTC(2000, 0, n))
      } as Registration
    })
    const days = Object.fromEntries(
      Array.from({ length: 4_000 }, (_, day) => [new Date(Date.UTC(2000, 0, day + 10)).toISOString().slice(0, 10), 1])
    )
    const full = { ...initial(EVENT), registrationsByDay: days }
    const after = (n: number) => apply(full, journalOf([registered(n)])[0]!)!.registrationsByDay!
    const expected = (day: string) => ({ ...days, [day]: 2 })
    assert.deepStrictEqual(after(5_000), expected(Object.keys(days).at(-1)!))
    assert.deepStrictEqual(after(1), expected("2000-01-10"))
    assert.deepStrictEqual(after(11), expected("2000-01-11"))
    // People who are imported come in any order, and so do their days.
    const every = (n: number) => new Date(Date.UTC(2000, 0, 10 + 2 * n)).toISOString().slice(0, 10)
    const alternate = Object.fromEntries(Array.from({ length: 4_000 }, (_, n) => [every(3_999 - n), 1]))
    const turned = { ...full, registrationsByDay: alternate }
    for (const [day, counted] of [
      [10 + 7_998 + 1, every(3_999)],
      [10 + 1, every(0)],
      [10 + 1_001, every(500)],
      [9, every(0)]
    ] as const) {
      const [entry] = journalOf([registered(day)])
      assert.deepStrictEqual(apply(turned, entry!)!.registrationsByDay, { ...alternate, [counted]: 2 })
    }
  })

  it("knows a summary of an earlier version by its days, which are missing", () => {
    const { lastRegistrationAt: _, registrationsByDay: __, ...earlier } = initial(EVENT)
    const decoded = Schema.decodeUnknownSync(Schema.toCodecJson(SalesSummary))(earlier)
    assert.deepStrictEqual([isOutdated(decoded), isOutdated(initial(EVENT))], [true, false])
    const [created] = journalOf([
      { _tag: "EventCreated", details: { ...input(), title: "Gala" } as never, capacity: 3 }
    ])
    const before = apply(decoded, created!)!
    assert.isUndefined(before.registrationsByDay)
    const [registered] = journalOf([
      {
        _tag: "AttendeeRegistered",
        registration: { id: id(1), state: "confirmed", registeredAt: DURING } as Registration
      }
    ])
    assert.deepStrictEqual(apply(before, registered!), {
      ...before,
      registrations: { ...before.registrations, confirmed: 1 },
      firstRegistrationAt: DURING
    })
  })
})
