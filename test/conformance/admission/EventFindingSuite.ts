/**
 * The contract of a registration store about finding events: by the span of time that they take, by status and text, in both
 * orders, and counted.
 */
import { assert, describe, type Vitest } from "@effect/vitest"
import type * as Turnout from "@turnout/core/admission/application/Turnout"
import type { EventQuery } from "@turnout/core/admission/application/Queries"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"
import * as Invariants from "../../support/Invariants.ts"
import { use } from "./AdmissionGiven.ts"

type Query = typeof EventQuery.Encoded

const at = (day: number, hour = 0) => new Date(Date.UTC(2099, 0, day, hour))

/** Lists the titles of the events of one organizer, in pages of two. */
const titlesOf =
  (organizer: string) =>
  (query: Query = {}) =>
    Effect.map(
      Invariants.all((cursor) =>
        use((turnout) => turnout.listEvents({ organizer, limit: 2, ...query, ...(cursor ? { cursor } : {}) }))
      ),
      (events) => events.map(({ title }) => title)
    )

/** Makes events of an organizer, each with its title, its first day and its last day, as drafts. */
const given = (events: ReadonlyArray<readonly [title: string, first: number, last: number]>) =>
  Effect.gen(function* () {
    const organizer = `organizer ${randomUUID()}`
    const ids: Array<string> = []
    for (const [title, first, last] of events) {
      const made = yield* Given.draftEvent({ organizer, title, startsAt: at(first), endsAt: at(last) })
      ids.push(made.id)
    }
    return { organizer, ids, titles: titlesOf(organizer) }
  })

/** What is looked for, and the titles of the events that are found. */
const SEARCHES = [
  ["müns", ["Fair in Munster", "Fest in Münster", "MÜNSTERLAND", "somewhere"]],
  ["MUNS", ["Fair in Munster", "Fest in Münster", "MÜNSTERLAND", "somewhere"]],
  ["uns", ["Fair in Munster", "Fest in Münster", "MÜNSTERLAND", "somewhere"]],
  ["fest münster", ["Fest in Münster"]],
  ["in fest", ["Fest in Münster"]],
  ["i\u0301n", ["Fair in Munster", "Fest in Münster", "100% of everything"]],
  ["100%", ["100% of everything"]],
  ["%", ["100% of everything"]],
  ["_", ["under_scored"]],
  ["\\", ["back\\slash"]],
  ["*", []],
  ["東京", ["東京 Marathon"]],
  ["strasse", ["Straße"]],
  ["STRASSE", ["Straße"]]
] as const

type It = Vitest.MethodsNonLive<Turnout.Turnout>

export const findingEvents = (it: It): void => {
  describe("finding events", () => {
    it.effect("finds those that overlap with a span: they end after its beginning, and start before its end", () =>
      Effect.gen(function* () {
        const { titles } = yield* given([
          ["over", 1, 5],
          ["long", 2, 20],
          ["ends then", 3, 10],
          ["runs", 9, 11],
          ["starts then", 10, 12],
          ["later", 14, 15]
        ])
        assert.deepStrictEqual(yield* titles({ from: at(10) }), ["long", "runs", "starts then", "later"])
        assert.deepStrictEqual(yield* titles({ from: at(10), order: "latest" }), [
          "later",
          "starts then",
          "runs",
          "long"
        ])
        assert.deepStrictEqual(yield* titles({ from: at(10), until: at(14) }), ["long", "runs", "starts then"])
        assert.deepStrictEqual(yield* titles({ until: at(9) }), ["over", "long", "ends then"])
        assert.deepStrictEqual(yield* titles({ from: at(5), until: at(9) }), ["long", "ends then"])
        assert.deepStrictEqual(yield* titles({ from: new Date(at(5).getTime() - 1), until: at(5) }), [
          "over",
          "long",
          "ends then"
        ])
      })
    )

    it.effect("finds those that start within bounds, and those that are over by a moment", () =>
      Effect.gen(function* () {
        const { titles } = yield* given([
          ["first", 1, 5],
          ["second", 2, 20],
          ["third", 3, 10],
          ["fourth", 3, 4]
        ])
        assert.deepStrictEqual(yield* titles({ startsFrom: at(2), startsUntil: at(3) }), ["second"])
        assert.deepStrictEqual((yield* titles({ startsFrom: at(3) })).toSorted(), ["fourth", "third"])
        assert.deepStrictEqual(
          yield* titles({ overBy: at(10), order: "latest" }).pipe(Effect.map((all) => all.at(-1))),
          "first"
        )
        assert.deepStrictEqual((yield* titles({ overBy: at(10) })).toSorted(), ["first", "fourth", "third"])
        assert.deepStrictEqual(yield* titles({ overBy: new Date(at(5).getTime() - 1) }), ["fourth"])
        assert.deepStrictEqual(yield* titles({ from: at(10) }), ["second"], "what is not over by then")
        assert.deepStrictEqual(yield* titles({ from: at(4), startsFrom: at(2), startsUntil: at(3) }), ["second"])
        assert.deepStrictEqual(yield* titles({ from: at(4), startsFrom: at(3) }), ["third"])
      })
    )

    it.effect("finds those in one of several statuses", () =>
      Effect.gen(function* () {
        const { ids, titles } = yield* given([
          ["draft", 1, 2],
          ["published", 2, 3],
          ["cancelled", 3, 4]
        ])
        yield* use((turnout) => turnout.publishEvent(ids[1]!))
        yield* use((turnout) => turnout.cancelEvent(ids[2]!))
        assert.deepStrictEqual(yield* titles({ status: "published" }), ["published"])
        assert.deepStrictEqual(yield* titles({ status: ["cancelled", "draft"] }), ["draft", "cancelled"])
        assert.deepStrictEqual(yield* titles({ status: ["published", "published"] }), ["published"])
        assert.deepStrictEqual(yield* titles({ status: ["cancelled", "draft"], from: at(2) }), ["cancelled"])
      })
    )

    it.effect("finds text somewhere in the title or the location", () =>
      Effect.gen(function* () {
        const { organizer, titles } = yield* given([
          ["Fair in Munster", 1, 2],
          ["Fest in Münster", 2, 3],
          ["MÜNSTERLAND", 3, 4],
          ["100% of everything", 4, 5],
          ["under_scored", 5, 6],
          ["back\\slash", 6, 7],
          ["東京 Marathon", 7, 8],
          ["Straße", 8, 9]
        ])
        const location = "Mu\u0308nster"
        yield* Given.draftEvent({ organizer, title: "somewhere", location, startsAt: at(20), endsAt: at(21) })
        for (const [search, expected] of SEARCHES) {
          assert.deepStrictEqual(yield* titles({ search }), [...expected], search)
          assert.deepStrictEqual(yield* titles({ search, order: "latest" }), [...expected].toReversed(), search)
          const { total } = yield* use((turnout) => turnout.listEvents({ organizer, search, limit: 1, total: true }))
          assert.strictEqual(total, expected.length, search)
        }
      })
    )

    it.effect("counts all events of a list where that is asked for, whatever the page", () =>
      Effect.gen(function* () {
        const { organizer, titles } = yield* given([
          ["one", 1, 2],
          ["two", 2, 12],
          ["three", 3, 4]
        ])
        const list = (query: Query) => use((turnout) => turnout.listEvents({ organizer, limit: 1, ...query }))
        assert.notProperty(yield* list({}), "total")
        assert.notProperty(yield* list({ total: false }), "total")
        const first = yield* list({ total: true })
        assert.strictEqual(first.total, 3)
        assert.strictEqual((yield* list({ total: true, cursor: first.nextCursor! })).total, 3)
        assert.strictEqual((yield* list({ total: true, from: at(3) })).total, (yield* titles({ from: at(3) })).length)
        assert.strictEqual((yield* list({ total: true, from: at(3), overBy: at(4) })).total, 1)
        assert.strictEqual((yield* list({ total: true, status: "published" })).total, 0)
      })
    )

    it.effect("refuses a query that cannot be meant, with the field and the rule", () =>
      Effect.gen(function* () {
        const { organizer } = yield* given([
          ["one", 1, 2],
          ["two", 2, 3]
        ])
        const { nextCursor } = yield* use((turnout) => turnout.listEvents({ organizer, limit: 1 }))
        for (const [query, field, rule] of [
          [{ from: at(2), until: at(2) }, "until", "must be after from"],
          [{ startsFrom: at(2), startsUntil: at(1) }, "startsUntil", "must be after startsFrom"],
          [{ cursor: nextCursor!, order: "latest" }, "cursor", "must be that of a list in the order latest"],
          [{ search: "a".repeat(101) }, "search", "at most 100"],
          [{ search: "  " }, "search", "something to see"],
          [{ search: "a\nb" }, "search", "must not contain control characters"],
          [{ search: "\ud800" }, "search", "must be well-formed Unicode"],
          [{ status: [] }, "status", ""],
          [{ status: "open" }, "status", ""],
          [{ status: ["draft", "open"] }, "status.1", ""],
          [{ order: "newest" }, "order", ""],
          [{ total: "yes" }, "total", ""]
        ] as const) {
          const error = yield* Effect.flip(use((turnout) => turnout.listEvents({ organizer, ...query } as Query)))
          assert(error._tag === "InvalidInput", JSON.stringify(query))
          assert.deepStrictEqual(
            error.issues.map((issue) => issue.field),
            [field]
          )
          assert.include(error.issues[0]!.rule, rule)
        }
      })
    )
  })
}
