import * as Batch from "@turnout/core/admission/domain/Batch"
import type { AttendanceCommand } from "@turnout/core/admission/domain/model/Attendance"
import type { Register } from "@turnout/core/admission/domain/model/Register"
import type { CorrectionInput, RegistrationCommand } from "@turnout/core/admission/domain/model/Registration"
import { type BeyondCapacity, move } from "@turnout/core/admission/domain/model/Seats"
import { STEP_SIZE } from "@turnout/core/admission/domain/model/Steps"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { isEmpty } from "@turnout/core/admission/domain/state/Changes"
import type { Request } from "@turnout/core/admission/domain/state/Request"
import type { Outcome } from "@turnout/core/admission/domain/model/Outcome"
import type { WorkingSet } from "@turnout/core/admission/domain/state/WorkingSet"
import { assert, describe, it } from "vitest"
import { cells } from "../support/MarkdownTable.ts"
import { BEFORE, DURING, EVENT, given, input, register, registrationId, request } from "./Deciding.ts"

const TABLES = "docs/reference/states.md"

const create = (changes?: Parameters<typeof input>[0]) => request({ _tag: "CreateEvent", event: input(changes) })
const on = (_tag: "PublishEvent" | "UnpublishEvent" | "CancelEvent" | "CompleteEvent" | "ReopenEvent", now?: Date) =>
  request({ _tag, eventId: EVENT }, now ? { now } : {})
const of = (
  _tag: Exclude<(RegistrationCommand | AttendanceCommand)["_tag"], "CorrectRegistration">,
  now = DURING,
  n = 1,
  fields: object = { beyond: null, early: false }
): Request => request({ _tag, eventId: EVENT, registrationId: registrationId(n), ...fields } as Command, { now })
const guest = (n: number, now = BEFORE, beyond: BeyondCapacity | null = null): Request => {
  const { command, freshId } = register(n)
  const { attendee, eventId, notes } = command as Register
  return request({ _tag: "RegisterGuest", eventId, attendee, notes, beyond }, { now, freshId })
}
const correct = (changes: CorrectionInput): Request =>
  request({ _tag: "CorrectRegistration", eventId: EVENT, registrationId: registrationId(1), changes })
const capacity = (seats: number, keepOverhang = false, demote: number | null = null): Command => ({
  _tag: "ChangeCapacity",
  eventId: EVENT,
  capacity: seats,
  keepOverhang,
  demote
})

/** What a command comes to, in the words of the tables. */
const comesTo = (set: WorkingSet, when: Request, read: (outcome: Outcome) => string): string => {
  // The tables ask at every time, whenever the history was: nothing is decided before what has happened.
  const event = set.events.get(EVENT)
  if (event !== undefined && when.now < event.updatedAt) set.events.set(EVENT, { ...event, updatedAt: when.now })
  const { changes, replies } = Batch.decide([when], set)
  const { answer } = replies[0]!
  if (answer._tag === "Failure") {
    assert.isTrue(isEmpty(changes), "a rejection changes nothing")
    return answer.failure._tag
  }
  return changes.journal.length === 0 ? "=" : read(answer.success)
}

describe("events", () => {
  const history = (status: string, registered: number): ReadonlyArray<Request> => {
    const people = Array.from({ length: registered }, (_, index) => register(index + 1))
    const published = [create(), on("PublishEvent"), ...people]
    switch (status) {
      case "draft":
        // Nobody registers for a draft, but somebody may have before.
        return registered === 0
          ? [create()]
          : [
              ...published,
              ...people.map((_, index) => of("CancelRegistration", BEFORE, index + 1)),
              on("UnpublishEvent")
            ]
      case "published":
        return published
      case "cancelled":
      case "reopening":
        return [...published, on("CancelEvent")]
      default:
        return [...published, on("CompleteEvent", DURING)]
    }
  }
  const update = (changes: object) => request({ _tag: "UpdateEvent", eventId: EVENT, changes })
  const commands: Record<string, readonly [when: Request, registered: number, since?: ReadonlyArray<Request>]> = {
    publish: [on("PublishEvent"), 0],
    "unpublish, nobody registered": [on("UnpublishEvent"), 0],
    "unpublish, somebody registered": [on("UnpublishEvent"), 1],
    cancel: [on("CancelEvent"), 1],
    "complete, before the start": [on("CompleteEvent", BEFORE), 1],
    "complete, after the start": [on("CompleteEvent", DURING), 1],
    "reopen, before the end": [on("ReopenEvent", DURING), 1],
    "reopen, after the end": [on("ReopenEvent", input().endsAt), 1],
    update: [update({ title: "Another title", endsAt: new Date("2030-05-02T00:00:00.000Z") }), 1],
    "update to what it is": [update({ title: "Conference", endsAt: input().endsAt }), 1],
    "update to times out of order": [update({ endsAt: input().startsAt }), 1],
    "change capacity": [request(capacity(7)), 2],
    "change capacity to what it is": [request(capacity(2)), 2],
    "change capacity below the seats taken": [request(capacity(1)), 2],
    "change capacity below the seats taken, keepOverhang": [request(capacity(1, true)), 2],
    "change capacity below the seats taken, demote them": [request(capacity(1, false, 1)), 2],
    "change capacity below the seats taken, demote others": [request(capacity(1, false, 2)), 2],
    "delete, nobody ever registered": [request({ _tag: "DeleteEvent", eventId: EVENT }), 0],
    "delete, somebody registered before": [request({ _tag: "DeleteEvent", eventId: EVENT }), 1],
    "delete, a guest is registered": [request({ _tag: "DeleteEvent", eventId: EVENT }), 0, [guest(1)]],
    "delete, a guest was cancelled": [
      request({ _tag: "DeleteEvent", eventId: EVENT }),
      0,
      [guest(1), of("CancelRegistration", BEFORE)]
    ]
  }
  const [table = []] = cells(TABLES, "Events")
  const possible = table.filter(({ text }) => text !== "-")
  const status = (shown: Outcome) =>
    "event" in shown ? shown.event.status : "deleted" in shown ? "deleted" : "not an event"
  const prepared = (column: string, row: string): WorkingSet => {
    const [, registered, since = []] = commands[row]!
    const set = given([...history(column, registered), ...since])
    // Only an event with many registrations is reopening for longer than one commit.
    if (column === "reopening") {
      set.events.set(EVENT, { ...set.events.get(EVENT)!, status: "reopening" })
      set.steps.set(EVENT, STEP_SIZE)
    }
    return set
  }
  it.each(possible)("$row, when $column: $text", ({ column, row, text }) => {
    assert.strictEqual(comesTo(prepared(column, row), commands[row]![0], status), text)
  })

  const DEPENDING = ["ScheduleInvalid", "CapacityBelowSeatsTaken", "DemotionsMismatch"]
  it.each(possible)("$row, when $column, of a caller who has seen an earlier version", ({ column, row, text }) => {
    const [{ command, ...rest }] = commands[row]!
    const { revision } = prepared(column, row).events.get(EVENT)!
    const having = (expectedVersions: ReadonlyArray<number>) =>
      comesTo(prepared(column, row), { ...rest, command: { ...command, expectedVersions } as never }, status)
    const isRefused = /^[a-z]/.test(text) || DEPENDING.includes(text)
    assert.strictEqual(having([revision - 1]), isRefused ? "VersionConflict" : text)
    assert.strictEqual(having([]), isRefused ? "VersionConflict" : text)
    assert.strictEqual(having([revision - 1, revision]), text)
  })
})

describe("registering", () => {
  const opensAt = new Date("2030-02-01T00:00:00.000Z")
  const closesAt = new Date("2030-03-01T00:00:00.000Z")
  const published = (changes: Parameters<typeof input>[0] = {}) => [create(changes), on("PublishEvent")]
  const situations: Record<string, readonly [history: ReadonlyArray<Request>, when: Request]> = {
    "the attendee has an active registration": [
      [...published(), register(1)],
      { ...register(1), freshId: registrationId(2) }
    ],
    "before registrationOpensAt": [published({ registrationOpensAt: opensAt }), register(1)],
    "at or after registrationClosesAt": [published({ registrationClosesAt: closesAt }), register(1, closesAt)],
    "at or after endsAt": [published(), register(1, input().endsAt)],
    "a seat is free that no waiter is due": [published(), register(1)],
    "no seat, and the waitlist is closed": [published({ capacity: 0, waitlist: "closed" }), register(1)],
    "no seat, and as many wait as may": [[...published({ capacity: 0, waitlistLimit: 1 }), register(2)], register(1)],
    "no seat": [published({ capacity: 0 }), register(1)]
  }
  const [table = []] = cells(TABLES, "Registering")
  it.each(table)("$row: $text", ({ row, text }) => {
    const [history, when] = situations[row]!
    const outcome = comesTo(given(history), when, (shown) =>
      "registration" in shown ? shown.registration.state : "not a registration"
    )
    assert.strictEqual(outcome, text)
  })

  it.each(["draft", "cancelled", "completed"])("EventStatusConflict, when the event is %s", (status) => {
    const history = {
      draft: [create()],
      cancelled: [...published(), on("CancelEvent")],
      completed: [...published(), on("CompleteEvent", DURING)]
    }[status]!
    assert.strictEqual(
      comesTo(given(history), register(1), () => "registered"),
      "EventStatusConflict"
    )
  })

  it("registers up to the last moment, and from the first", () => {
    const open = published({ registrationOpensAt: opensAt, registrationClosesAt: closesAt })
    const at = (now: Date) => comesTo(given(open), register(1, now), () => "registered")
    assert.strictEqual(at(opensAt), "registered")
    assert.strictEqual(at(new Date(closesAt.getTime() - 1)), "registered")
  })
})

describe("guests", () => {
  const opensAt = new Date("2030-02-01T00:00:00.000Z")
  const closesAt = new Date("2030-03-01T00:00:00.000Z")
  const draft = (changes: Parameters<typeof input>[0] = {}) => [create(changes)]
  const published = (changes: Parameters<typeof input>[0] = {}) => [create(changes), on("PublishEvent")]
  const situations: Record<
    string,
    readonly [history: ReadonlyArray<Request>, when: Request, setAside: ReadonlyArray<string>]
  > = {
    "the event is neither draft nor published": [[...published(), on("CancelEvent")], guest(1), []],
    "the attendee has an active registration": [[...published(), register(1)], guest(1), []],
    "before registrationOpensAt": [published({ registrationOpensAt: opensAt }), guest(1), ["registrationOpensAt"]],
    "at or after registrationClosesAt": [
      published({ registrationClosesAt: closesAt }),
      guest(1, closesAt),
      ["registrationClosesAt"]
    ],
    "at or after endsAt": [published(), guest(1, input().endsAt), ["endsAt"]],
    "the event is a draft, and a seat is free": [draft(), guest(1), ["published"]],
    "the event is a draft, and no seat is free": [draft({ capacity: 0 }), guest(1), []],
    "a seat is free that no waiter is due": [published(), guest(1), []],
    "a seat is free beside a waiter, after endsAt": [
      [...published({ capacity: 1 }), register(2), register(3), of("CancelRegistration", input().endsAt, 2)],
      guest(1, input().endsAt),
      ["endsAt"]
    ],
    "no seat, raise": [published({ capacity: 0 }), guest(1, BEFORE, "raise"), ["capacity"]],
    "no seat, overhang": [published({ capacity: 0 }), guest(1, BEFORE, "overhang"), ["capacity"]],
    "no seat, and the waitlist is closed": [published({ capacity: 0, waitlist: "closed" }), guest(1), ["waitlist"]],
    "no seat, and as many wait as may": [
      [...published({ capacity: 0, waitlistLimit: 1 }), register(2)],
      guest(1),
      ["waitlistLimit"]
    ]
  }
  const [table = []] = cells(TABLES, "Guests")
  it.each(table)("$row: $text", ({ row, text }) => {
    const [history, when, setAside] = situations[row]!
    const set = given(history)
    const outcome = comesTo(set, when, (shown) =>
      "registration" in shown ? shown.registration.state : "not a registration"
    )
    assert.strictEqual(outcome, text)
    const { journal } = Batch.decide([{ ...when, freshId: registrationId(9) }], given(history)).changes
    const entry = journal.find(({ event }) => event._tag.startsWith("Attendee"))
    assert.deepStrictEqual(entry !== undefined && "setAside" in entry.event ? entry.event.setAside : [], setAside)
  })
})

describe("the counts of an event", () => {
  const counts = { confirmed: 3, waitlisted: 3, attended: 3, noShow: 3 }

  it("have a registration in its state, and one that is cancelled nowhere", () => {
    assert.deepStrictEqual(move(counts, undefined, "confirmed"), { ...counts, confirmed: 4 })
    assert.deepStrictEqual(move(counts, "waitlisted", "confirmed"), { ...counts, waitlisted: 2, confirmed: 4 })
    assert.deepStrictEqual(move(counts, "confirmed", "cancelled"), { ...counts, confirmed: 2 })
    assert.deepStrictEqual(move(counts, "cancelled", "noShow"), { ...counts, noShow: 4 })
    assert.deepStrictEqual(counts, { confirmed: 3, waitlisted: 3, attended: 3, noShow: 3 })
  })
})

describe("registrations", () => {
  /** Registration 1 in a state; `free` gives the event a seat that nobody was promoted to. */
  const inState = (state: string, free: boolean): WorkingSet => {
    const published = [create({ capacity: state === "waitlisted" ? 0 : 1 }), on("PublishEvent"), register(1)]
    const then: Record<string, ReadonlyArray<Request>> = {
      confirmed: [],
      waitlisted: [],
      cancelled: [of("CancelRegistration")],
      attended: [of("MarkAttended")],
      noShow: [of("MarkNoShow")]
    }
    const set = given([...published, ...then[state]!])
    // No history leads there but a promotion that is still under way, so the seat is put there.
    if (free) set.events.set(EVENT, { ...set.events.get(EVENT)!, capacity: 5 })
    return set
  }
  const commands: Record<string, readonly [when: Request, free: boolean]> = {
    cancel: [of("CancelRegistration"), false],
    confirm: [of("ConfirmRegistration"), false],
    "confirm, a seat is free": [of("ConfirmRegistration"), true],
    "confirm, no seat is free": [of("ConfirmRegistration"), false],
    "confirm beyond, no seat is free": [of("ConfirmRegistration", DURING, 1, { beyond: "raise" }), false],
    reinstate: [of("ReinstateRegistration"), false],
    "reinstate, a seat is free": [of("ReinstateRegistration"), false],
    "reinstate, no seat is free": [of("ReinstateRegistration"), false],
    "reinstate, registered again": [of("ReinstateRegistration"), true],
    correct: [correct({ notes: "corrected" }), false],
    "correct to somebody registered": [correct({ attendee: { id: "person-7" } }), true],
    attended: [of("MarkAttended"), false],
    "attended, before the doors": [of("MarkAttended", BEFORE), false],
    "attended early, before the doors": [of("MarkAttended", BEFORE, 1, { early: true }), false],
    "clear attendance": [of("ClearAttendance"), false],
    "release seat": [of("ReleaseSeat"), false],
    "noShow, before the start": [of("MarkNoShow", BEFORE), false],
    "noShow, after the start": [of("MarkNoShow", DURING), false]
  }
  const state = (shown: Outcome) => ("registration" in shown ? shown.registration.state : "not a registration")
  const [whilePublished = [], otherwise = []] = cells(TABLES, "Registrations")

  /** What has happened besides, by the row. */
  const besides: Record<string, ReadonlyArray<Request>> = {
    "reinstate, no seat is free": [register(2)],
    "reinstate, registered again": [{ ...register(1), freshId: registrationId(2) }],
    "correct to somebody registered": [register(7)]
  }

  it.each(whilePublished)("$row, when $column: $text", ({ column, row, text }) => {
    const [when, free] = commands[row]!
    const set = inState(column, free)
    Batch.decide(besides[row] ?? [], set)
    assert.strictEqual(comesTo(set, when, state), text)
  })

  it.each(otherwise)("$row, when the event is $column: $text", ({ column, row, text }) => {
    const set = column === "draft" ? given([create(), guest(1)]) : inState("confirmed", false)
    if (column !== "draft")
      Batch.decide([column === "cancelled" ? on("CancelEvent") : on("CompleteEvent", DURING)], set)
    assert.strictEqual(comesTo(set, commands[row]![0], state), text)
  })
})
