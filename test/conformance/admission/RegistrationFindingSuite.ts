/**
 * The contract of a registration store about finding registrations: by the beginning of a name or an address, by attendee, state
 * and time, in both orders, and counted.
 */
import { assert, describe, type Vitest } from "@effect/vitest"
import type { RegistrationQuery } from "@turnout/core/admission/application/Queries"
import type * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect } from "effect"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { use } from "./AdmissionGiven.ts"

type Query = typeof RegistrationQuery.Encoded

/** Lists the names of those who are registered, in pages of two. */
const namesOf =
  (eventId: string) =>
  (query: Query = {}) =>
    Effect.map(
      Invariants.all((cursor) =>
        use((turnout) => turnout.listRegistrations(eventId, { limit: 2, ...query, ...(cursor ? { cursor } : {}) }))
      ),
      (found) => found.map(({ attendee }) => attendee.name)
    )

/** Registers people by name and address for a new event, which has begun. */
const given = (people: ReadonlyArray<readonly [name: string, email: string]>, capacity = 100) =>
  Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ capacity, startsAt: new Date(Date.now() - 60_000) })
    const ids: Array<string> = []
    for (const [name, email] of people) {
      const { registration } = yield* use((turnout) => turnout.register(id, { attendee: { name, email } }))
      ids.push(registration.id)
    }
    return { id, ids, names: namesOf(id) }
  })

const PEOPLE = [
  ["Anna Müller", "anna@example.com"],
  ["Bob Muller-Łuczak", "bob@example.com"],
  ["MÜLLER, Carl", "carl@example.com"],
  ["Dora Samuel", "dora.mul@example.com"],
  ["Eve O’Brien", "mulligan@example.com"],
  ["Fatma Işık", "fatma@example.com"],
  ["李 小龙", "bruce@example.com"],
  ["Ο ΟΔΥΣΣΕΎΣ", "odysseus@example.com"],
  ["100% Me_too \\o/", "a_b%c@example.com"],
  ["", "nobody@example.com"],
  ["Müller", "mueller@example.com"]
] as const

/** What is looked for, and the names of those who are found. */
const SEARCHES = [
  ["mül", ["Anna Müller", "Bob Muller-Łuczak", "MÜLLER, Carl", "Eve O’Brien", "Müller"]],
  ["MUL", ["Anna Müller", "Bob Muller-Łuczak", "MÜLLER, Carl", "Eve O’Brien", "Müller"]],
  ["mu\u0308ll", ["Anna Müller", "Bob Muller-Łuczak", "MÜLLER, Carl", "Eve O’Brien", "Müller"]],
  ["ann mul", ["Anna Müller"]],
  ["müller anna", ["Anna Müller"]],
  ["mul luc", ["Bob Muller-Łuczak"]],
  ["muller-l", ["Bob Muller-Łuczak"]],
  ["samu", ["Dora Samuel"]],
  ["amu", []],
  ["dora.m", ["Dora Samuel"]],
  ["DORA.MUL@EXAMPLE.COM", ["Dora Samuel"]],
  ["dora.mul@example.com.", []],
  ["example", []],
  ["o'br", ["Eve O’Brien"]],
  ["brien", ["Eve O’Brien"]],
  ["isik", ["Fatma Işık"]],
  ["ışı", ["Fatma Işık"]],
  ["小", ["李 小龙"]],
  ["龙", []],
  ["οδυσσευς", ["Ο ΟΔΥΣΣΕΎΣ"]],
  ["οδυσ", ["Ο ΟΔΥΣΣΕΎΣ"]],
  ["100%", ["100% Me_too \\o/"]],
  ["a_b%", ["100% Me_too \\o/"]],
  ["a%", []],
  ["_too", ["100% Me_too \\o/"]],
  ["\\o", ["100% Me_too \\o/"]],
  ["too", ["100% Me_too \\o/"]],
  ["%", ["100% Me_too \\o/"]],
  ["nobody", [""]]
] as const

type It = Vitest.MethodsNonLive<Turnout.Turnout>

export const findingRegistrations = (it: It): void => {
  describe("finding registrations", () => {
    it.effect("finds what stands at the beginning of a word of the name, or of the address", () =>
      Effect.gen(function* () {
        const { id, names } = yield* given(PEOPLE)
        for (const [search, expected] of SEARCHES) {
          assert.deepStrictEqual(yield* names({ search }), [...expected], search)
          assert.deepStrictEqual(yield* names({ search, order: "newest" }), [...expected].toReversed(), search)
          const { total } = yield* use((turnout) => turnout.listRegistrations(id, { search, limit: 1, total: true }))
          assert.strictEqual(total, expected.length, search)
        }
      })
    )

    it.effect("finds those in one of several states, in the order of entry and the newest first", () =>
      Effect.gen(function* () {
        const { id, ids, names } = yield* given(
          ["a", "b", "c", "d", "e", "f"].map((name) => [name, `${name}@example.com`] as const),
          4
        )
        yield* use((turnout) => turnout.markAttended(id, ids[1]!))
        yield* use((turnout) => turnout.cancelRegistration(id, ids[0]!))
        yield* use((turnout) => turnout.cancelRegistration(id, ids[2]!))
        yield* use((turnout) => turnout.register(id, { attendee: { name: "g", email: "g@example.com" } }))
        const all = ["a", "b", "c", "d", "e", "f", "g"]
        const states = new Map(
          (yield* use((turnout) => turnout.listRegistrations(id))).items.map(({ attendee, state }) => [
            attendee.name,
            state
          ])
        )
        for (const wanted of [
          ["confirmed"],
          ["waitlisted"],
          ["cancelled"],
          ["attended", "noShow"],
          ["cancelled", "waitlisted"],
          ["confirmed", "cancelled", "attended"],
          ["confirmed", "waitlisted", "cancelled", "attended", "noShow"]
        ] as const) {
          const expected = all.filter((name) => (wanted as ReadonlyArray<string>).includes(states.get(name)!))
          assert.deepStrictEqual(yield* names({ state: wanted }), expected, wanted.join())
          assert.deepStrictEqual(yield* names({ state: wanted, order: "newest" }), expected.toReversed(), wanted.join())
          const counted = yield* use((turnout) =>
            turnout.listRegistrations(id, { state: wanted, limit: 1, total: true })
          )
          assert.strictEqual(counted.total, expected.length, wanted.join())
          assert.deepStrictEqual(
            yield* names({ state: wanted, search: "c" }),
            expected.filter((name) => name === "c")
          )
        }
        assert.deepStrictEqual(yield* names({ state: "waitlisted" }), yield* names({ state: ["waitlisted"] }))
      })
    )

    it.effect("finds the registrations of one attendee, however the id is spelled", () =>
      Effect.gen(function* () {
        const { id, ids, names } = yield* given([
          ["first", "ada@example.com"],
          ["other", "bob@example.com"]
        ])
        yield* use((turnout) => turnout.cancelRegistration(id, ids[0]!))
        yield* use((turnout) => turnout.register(id, { attendee: { name: "again", email: "Ada@example.com" } }))
        const attendeeId = "mailto:ADA@Example.com"
        assert.deepStrictEqual(yield* names({ attendeeId }), ["first", "again"])
        assert.deepStrictEqual(yield* names({ attendeeId, order: "newest" }), ["again", "first"])
        assert.deepStrictEqual(yield* names({ attendeeId, state: "cancelled" }), ["first"])
        assert.deepStrictEqual(yield* names({ attendeeId, state: ["confirmed", "attended"] }), ["again"])
        assert.deepStrictEqual(yield* names({ attendeeId, search: "aga" }), ["again"])
        assert.deepStrictEqual(yield* names({ attendeeId: "nobody" }), [])
        assert.deepStrictEqual(yield* names({ attendeeId: "nobody@example.com" }), [])
        const bare = yield* Effect.flip(names({ attendeeId: "ADA@example.com", state: "noShow" }))
        assert.include(bare.message, "ask for mailto:ada@example.com")
        const { total } = yield* use((turnout) => turnout.listRegistrations(id, { attendeeId, limit: 1, total: true }))
        assert.strictEqual(total, 2)
      })
    )

    it.effect("finds those who registered, and those who changed, between two moments", () =>
      Effect.gen(function* () {
        const { id, ids, names } = yield* given([
          ["a", "a@example.com"],
          ["b", "b@example.com"]
        ])
        yield* Effect.sleep("5 millis")
        const cancelled = yield* use((turnout) => turnout.cancelRegistration(id, ids[0]!))
        const { items } = yield* use((turnout) => turnout.listRegistrations(id))
        const [registeredAt, changedAt] = [items[1]!.registeredAt, cancelled.changedAt]
        const after = (date: Date) => new Date(date.getTime() + 1)
        assert.deepStrictEqual(yield* names({ changedFrom: changedAt }), ["a"])
        assert.deepStrictEqual(yield* names({ changedFrom: after(changedAt) }), [])
        assert.deepStrictEqual(yield* names({ changedUntil: changedAt }), ["b"])
        assert.deepStrictEqual(yield* names({ registeredFrom: items[0]!.registeredAt }), ["a", "b"])
        assert.deepStrictEqual(yield* names({ registeredFrom: after(registeredAt) }), [])
        assert.deepStrictEqual(yield* names({ registeredUntil: items[0]!.registeredAt }), [])
        assert.deepStrictEqual(yield* names({ registeredUntil: after(registeredAt), changedUntil: changedAt }), ["b"])
        const query: Query = { changedFrom: changedAt, limit: 1, total: true }
        assert.strictEqual((yield* use((turnout) => turnout.listRegistrations(id, query))).total, 1)
      })
    )

    it.effect("refuses a query that cannot be meant, with the field and the rule", () =>
      Effect.gen(function* () {
        const { id } = yield* given([
          ["a", "a@example.com"],
          ["b", "b@example.com"]
        ])
        const list = (query: object) => use((turnout) => turnout.listRegistrations(id, query as Query))
        const { nextCursor } = yield* list({ limit: 1 })
        const waiting = yield* use((turnout) => turnout.listJournal(id, { limit: 1 }))
        const [early, late] = [new Date(0), new Date(1)]
        for (const [query, field, rule] of [
          [{ changedFrom: late, changedUntil: early }, "changedUntil", "must be after changedFrom"],
          [{ registeredFrom: late, registeredUntil: late }, "registeredUntil", "must be after registeredFrom"],
          [{ cursor: nextCursor, order: "newest" }, "cursor", "must be that of a list in the order newest"],
          [{ cursor: waiting.nextCursor }, "cursor", ""],
          [{ search: "" }, "search", ""],
          [{ search: "a".repeat(101) }, "search", ""],
          [{ attendeeId: "a".repeat(255) }, "attendeeId", ""],
          [{ state: [] }, "state", ""],
          [{ state: "here" }, "state", ""],
          [{ order: "latest" }, "order", ""]
        ] as const) {
          const error = yield* Effect.flip(list(query))
          assert(error._tag === "InvalidInput", JSON.stringify(query))
          assert.deepStrictEqual(
            error.issues.map((issue) => issue.field),
            [field]
          )
          assert.include(error.issues[0]!.rule, rule)
        }
        const crossed = use((turnout) => turnout.listWaitlist(id, { cursor: nextCursor! }))
        assert.strictEqual((yield* Effect.flip(crossed))._tag, "InvalidInput")
      })
    )
  })
}
