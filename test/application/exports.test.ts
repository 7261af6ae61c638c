/**
 * Exports: all registrations in their order, no formulas, a page at a time; and what was exported imports as "nothing changed".
 */
import * as Memory from "@turnout/adapters/memory"
import * as Exports from "@turnout/core/admission/application/Exports"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { GivenRegistration } from "@turnout/core/admission/domain/model/Registration"
import { StoreError, Unavailable } from "@turnout/core/kernel/ports/StoreError"
import { Effect, Layer, Stream } from "effect"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import { prepare } from "../../packages/cli/src/commands/admission/import/import.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import * as Registering from "../../packages/cli/src/commands/admission/import/Registering.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import * as Report from "../../packages/cli/src/commands/admission/import/Report.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import * as Rows from "../../packages/cli/src/commands/admission/import/Rows.ts"
// oxlint-disable-next-line eslint/no-restricted-imports -- the package has a command, and exports nothing
import * as SharedAddresses from "../../packages/cli/src/commands/admission/import/SharedAddresses.ts"
import * as Given from "../support/Given.ts"
import { withFile } from "../support/SpreadsheetFile.ts"

type Service = Turnout.TurnoutService

const withTurnout = <A>(use: (turnout: Service) => Effect.Effect<A, unknown>): Promise<A> =>
  Turnout.Turnout.use(use).pipe(
    Effect.provide(Turnout.layer().pipe(Layer.provide(Memory.layer))),
    Effect.orDie,
    Effect.runPromise
  )

const published = Effect.fnUntraced(function* (turnout: Service, capacity = 2) {
  const { id } = yield* turnout.createEvent(Given.eventInput({ capacity }))
  yield* turnout.publishEvent(id)
  return id
})

const textOf = (exported: Effect.Effect<Exports.Export, unknown>): Effect.Effect<string, unknown> =>
  Effect.flatMap(exported, (text) => Effect.map(Stream.runCollect(text), (pieces) => pieces.join("")))

/** Imports a text, and gives the counts of outcomes and the problems. */
const importText = (turnout: Service, eventId: string, text: string) =>
  Effect.promise(() =>
    withFile(text, (file) =>
      Effect.gen(function* () {
        const table = yield* Rows.read(file, {})
        const progress = Report.begin()
        const { plan, registered } = yield* prepare(turnout, { event: eventId as EventId }, table, () => {})
        yield* Registering.carryOut(turnout, plan, SharedAddresses.make(registered), progress, () => {})
        return { ...progress.counts, problems: progress.problems, remarks: table.remarks }
      }).pipe(Effect.scoped, Effect.orDie, Effect.provide(Memory.layer), Effect.runPromise)
    )
  )

const nothing = {
  confirmed: 0,
  waitlisted: 0,
  refused: 0,
  invalid: 0,
  differing: 0,
  cancelled: 0,
  problems: [],
  remarks: []
}

/** Characters that files, spreadsheet programs and parsers take for something. */
const NASTY = [
  ..."'\"=+-@;,|\t\n\r\\ \u00A0éß😀\uFFFD\uFEFF\u200B\u202E\uFF1D#%",
  "ab",
  "=1+1",
  "\r\n",
  "sep=;",
  "x@y.z",
  '""',
  "MÃ¼"
]
const nasty = (maxLength: number) => fc.string({ unit: fc.constantFrom(...NASTY), maxLength })

describe("an export", () => {
  it("has a byte order mark, the columns, and each registration in the order of entry", () =>
    withTurnout(
      Effect.fnUntraced(function* (turnout) {
        const id = yield* published(turnout)
        const attendee = { id: "V-1", email: "Ada@example.com", name: '=HYPERLINK("x";"y")' }
        const { registration } = yield* turnout.register(id, { attendee, notes: "two\nlines" })
        const { changedAt, id: registrationId, registeredAt } = registration
        assert.strictEqual(
          yield* textOf(Exports.ofRegistrations(turnout, id)),
          "\uFEFFemail,name,notes,state,registered_at,changed_at,attendee_id,registration_id\r\n" +
            `Ada@example.com,"'=HYPERLINK(""x"";""y"")","two\nlines",confirmed,` +
            `${registeredAt.toISOString()},${changedAt.toISOString()},v-1,${registrationId}\r\n`
        )
      })
    ))

  it("of an event without registrations has the header alone, and of one that is not there fails before any text", () =>
    withTurnout(
      Effect.fnUntraced(function* (turnout) {
        const id = yield* published(turnout)
        assert.strictEqual((yield* textOf(Exports.ofWaitlist(turnout, id))).split("\r\n").length, 2)
        const gone = yield* Effect.flip(Exports.ofRegistrations(turnout, "00000000-0000-4000-8000-000000000000"))
        assert.strictEqual(gone._tag, "EventNotFound")
        assert.strictEqual((yield* Effect.flip(Exports.ofWaitlist(turnout, "x")))._tag, "InvalidInput")
      })
    ))

  it("of a state or of the waitlist has those alone, and the places of waiters", () =>
    withTurnout(
      Effect.fnUntraced(function* (turnout) {
        const id = yield* published(turnout, 1)
        for (const name of ["ada", "bob", "carl"])
          yield* turnout.register(id, { attendee: { email: `${name}@example.com` } })
        const cells = (text: string) =>
          text
            .split("\r\n")
            .slice(1, -1)
            .map((row) => row.split(",").slice(0, 2).join(" "))
        assert.deepStrictEqual(cells(yield* textOf(Exports.ofRegistrations(turnout, id, { state: "confirmed" }))), [
          "ada@example.com "
        ])
        assert.deepStrictEqual(cells(yield* textOf(Exports.ofWaitlist(turnout, id))), [
          "1 bob@example.com",
          "2 carl@example.com"
        ])
      })
    ))

  it("reads a page when its reader takes it, and ends with a failure in the middle", () =>
    withTurnout(
      Effect.fnUntraced(function* (turnout) {
        const id = yield* published(turnout, 1_200)
        for (let n = 0; n < 1_200; n++) yield* turnout.register(id, { attendee: { email: `p${n}@example.com` } })
        let pages = 0
        const listRegistrations: Service["listRegistrations"] = (...args) => {
          pages += 1
          return turnout.listRegistrations(...args)
        }
        const text = yield* Exports.ofRegistrations({ listRegistrations }, id)
        assert.strictEqual((yield* Stream.runCollect(Stream.take(text, 400))).length, 400)
        assert.strictEqual(pages, 1)
        assert.strictEqual((yield* Stream.runCollect(text)).length, 1_201)
        assert.strictEqual(pages, 3)

        const failing: Service["listRegistrations"] = (eventId, query) =>
          query?.cursor === undefined
            ? turnout.listRegistrations(eventId, query)
            : Effect.fail(new StoreError({ reason: new Unavailable({ cause: new Error("away") }) }))
        const cut = yield* Exports.ofRegistrations({ listRegistrations: failing }, id)
        const read: Array<string> = []
        const error = yield* Effect.flip(Stream.runForEach(cut, (piece) => Effect.sync(() => read.push(piece))))
        assert.deepStrictEqual([error._tag, read.length], ["StoreError", 501])
      })
    ))
})

describe("what was exported", () => {
  /** Registers people, as far as that can be, in 150 events. `compare` says whether there was anything to compare. */
  const inManyEvents = <Person>(
    person: fc.Arbitrary<Person>,
    inputOf: (person: Person, index: number) => GivenRegistration,
    compare: (turnout: Service, eventId: string) => Effect.Effect<boolean, unknown>
  ) => {
    let compared = 0
    return fc
      .assert(
        fc.asyncProperty(fc.array(person, { minLength: 1, maxLength: 8 }), (people) =>
          withTurnout(
            Effect.fnUntraced(function* (turnout) {
              const id = yield* published(turnout)
              // Some of the texts are no names or notes, or two of the ids mean the same.
              for (const [index, one] of people.entries())
                yield* Effect.ignore(turnout.register(id, inputOf(one, index)))
              if (yield* compare(turnout, id)) compared += 1
            })
          )
        ),
        { numRuns: 150 }
      )
      .then(() => assert.isAbove(compared, 50))
  }

  it("imports as nothing changed, whatever the texts are", { timeout: 120_000 }, () =>
    inManyEvents(
      fc.record({ name: nasty(8), notes: nasty(12), id: fc.option(nasty(5), { nil: undefined }) }),
      ({ id, name, notes }, index) => ({
        attendee: { email: `+p${index}@example.com`, name, ...(id ? { id } : {}) },
        notes
      }),
      Effect.fnUntraced(function* (turnout, id) {
        const { counts } = yield* turnout.getEvent(id)
        const active = counts.confirmed + counts.waitlisted
        if (active === 0) return false
        const before = yield* turnout.listRegistrations(id)
        const text = yield* textOf(Exports.ofRegistrations(turnout, id))
        const { remarks: _remarks, ...imported } = yield* importText(turnout, id, text)
        const { remarks: _none, ...expected } = nothing
        assert.deepStrictEqual(imported, { ...expected, unchanged: active }, text)
        assert.deepStrictEqual(yield* turnout.listRegistrations(id), before)
        return true
      })
    )
  )

  it("has the same texts in another event", { timeout: 120_000 }, () =>
    inManyEvents(
      fc.record({ name: nasty(8), notes: nasty(12) }),
      ({ name, notes }, index) => ({ attendee: { email: `p${index}@example.com`, name }, notes }),
      Effect.fnUntraced(function* (turnout, id) {
        const original = (yield* turnout.listRegistrations(id)).items
        if (original.length === 0) return false
        const other = yield* published(turnout)
        const { problems } = yield* importText(turnout, other, yield* textOf(Exports.ofRegistrations(turnout, id)))
        assert.deepStrictEqual(problems, [])
        const textsOf = (items: typeof original) =>
          // Line breaks within a cell are read as LF.
          items.map(({ attendee, notes, registeredAt }) => [attendee, notes.replaceAll(/\r\n?/g, "\n"), registeredAt])
        assert.deepStrictEqual(textsOf((yield* turnout.listRegistrations(other)).items), textsOf(original))
        return true
      })
    )
  )

  it("may have notes of which a line reads as a row, and no other row in them", () =>
    withTurnout(
      Effect.fnUntraced(function* (turnout) {
        const id = yield* published(turnout)
        const notes = "Call me, please\nada@example.com,or\nbob@example.com, if I am away"
        for (const name of ["ada", "bob", "carl"])
          yield* turnout.register(id, { attendee: { email: `${name}@example.com` }, notes })
        const text = yield* textOf(Exports.ofRegistrations(turnout, id))
        assert.deepStrictEqual(yield* importText(turnout, id, text), { ...nothing, unchanged: 3 })
        const [header, ada, bob, carl] = text.split("\r\n")
        const damaged = [header, ada!.replace('away"', "away"), bob!.replace('"Call', "Call"), carl, ""].join("\r\n")
        const { problems, unchanged } = yield* importText(turnout, id, damaged)
        assert.deepStrictEqual(
          problems.map(({ line }) => line),
          [2]
        )
        assert.match(problems[0]!.reason, /opened in line 2 is closed in line 7, and lines .* look like rows/)
        assert.strictEqual(unchanged, 1)
      })
    ))

  it("and has been cancelled or edited since is told, and nobody is registered", () =>
    withTurnout(
      Effect.fnUntraced(function* (turnout) {
        const id = yield* published(turnout, 9)
        const register = (name: string) =>
          turnout.register(id, { attendee: { email: `${name}@example.com`, name }, notes: "n" })
        const { registration: ada } = yield* register("ada")
        yield* register("bob")
        const { registration: carl } = yield* register("carl")
        yield* turnout.cancelRegistration(id, carl.id)
        const text = yield* textOf(Exports.ofRegistrations(turnout, id))
        yield* turnout.cancelRegistration(id, ada.id)
        const imported = yield* importText(turnout, id, text.replace("bob,n", "Bob,other"))
        assert.deepStrictEqual(
          [imported.confirmed, imported.unchanged, imported.cancelled, imported.differing],
          [0, 0, 1, 1]
        )
        assert.deepInclude(imported.problems[0]!, { line: 2, outcome: "cancelled", registrationId: ada.id })
        assert.deepStrictEqual(
          [imported.problems[1]!.line, imported.problems[1]!.differences?.map(({ field }) => field)],
          [3, ["name", "notes"]]
        )
        assert.deepStrictEqual(imported.remarks, ['A row is cancelled by its column "state", and is left out.'])
        assert.strictEqual((yield* turnout.getEvent(id)).counts.confirmed, 1)
      })
    ))

  it("of the waitlist imports as nothing changed, too", () =>
    withTurnout(
      Effect.fnUntraced(function* (turnout) {
        const id = yield* published(turnout, 1)
        for (const name of ["ada", "bob"]) yield* turnout.register(id, { attendee: { email: `${name}@example.com` } })
        const text = yield* textOf(Exports.ofWaitlist(turnout, id))
        assert.deepStrictEqual(yield* importText(turnout, id, text), { ...nothing, unchanged: 1 })
      })
    ))
})
