/**
 * Finding on the command line: events that are not over unless others are asked for, and the people of an event.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Layer } from "effect"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const HOUR = 3_600_000
const PATIENCE = { timeout: 180_000 }

const at = (hours: number) => new Date(Date.now() + hours * HOUR)

/** Events by title, with the hours from now until they start and end. */
const EVENTS = [
  ["over", -50, -40],
  ["over lately", -20, -1],
  ["running", -24, 5],
  ["soon in Münster", 1, 2],
  ["later", 100, 101]
] as const

/** Registrations by name and address, for an event with two seats. */
const PEOPLE = [
  ["Ada Müller", "ada@example.com"],
  ["Bob Muller", "bob@example.com"],
  ["Carl", "mulligan@example.com"],
  ["Eve", "eve@example.com"]
] as const

/** Prepares the database of the command line. */
const prepare = <A, E>(turnout: CommandLine.CommandLine, work: Effect.Effect<A, E, Turnout.Turnout>): Promise<A> => {
  const store = TestDatabase.migrated(PostgresStore.layer({ url: turnout.database! }))
  return Effect.runPromise(Effect.provide(work, Turnout.layer().pipe(Layer.provide(store))))
}

describe("turnout events list", () => {
  it.concurrent(
    "shows what is not over, the first to start first, and otherwise what is asked for",
    PATIENCE,
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const events = Effect.forEach(EVENTS, ([title, starts, ends]) =>
        Given.draftEvent({ title, startsAt: at(starts), endsAt: at(ends) })
      )
      await prepare(turnout, events)
      const titles = async (...options: ReadonlyArray<string>) => {
        const { document } = await turnout.json("events", "list", ...options)
        return document.items.map(({ title }) => title)
      }
      assert.deepStrictEqual(await titles("--past"), ["over lately", "over"])
      assert.deepStrictEqual(
        await titles("--all", "--status", "draft", "cancelled", "--starts-until", at(-22).toISOString()),
        ["over", "running"]
      )
      assert.deepStrictEqual(await titles("--from", at(-45).toISOString(), "--until", at(-22).toISOString()), [
        "over",
        "running"
      ])
      assert.deepStrictEqual(await titles("--search", "MUNST", "--starts-from", at(0).toISOString()), [
        "soon in Münster"
      ])
      const { document } = await turnout.json("events", "list", "--limit", "1", "--total")
      assert.deepStrictEqual([document.items[0]!.title, (document as { total?: number }).total], ["running", 3])
      assert.deepStrictEqual(await titles("--cursor", document.nextCursor!), ["soon in Münster", "later"])
      const words = await turnout.run("events", "list", "--search", "nowhere", "--total")
      assert.include(words.stdout, "\n0 in all\n")
      assert.include(words.stdout, "events that are over are listed with --past, and all with --all\n")
    }
  )

  it.concurrent("refuses what cannot be meant, with the rule", PATIENCE, async () => {
    await using turnout = await CommandLine.onPostgres()
    const both = await turnout.run("events", "list", "--past", "--all")
    assert.deepStrictEqual([both.code, both.stderr.includes("cannot be used with option '--all'")], [2, true])
    const span = await turnout.json("events", "list", "--from", "2027-05-02", "--until", "2027-05-01")
    assert.deepStrictEqual([span.code, span.document.error.message], [2, "--until must be after --from"])
  })
})

describe("turnout registrations list", () => {
  it.concurrent(
    "finds people by the beginning of a name or an address, by state, attendee and time",
    PATIENCE,
    async () => {
      await using turnout = await CommandLine.onPostgres()
      const { first, id } = await prepare(
        turnout,
        Effect.gen(function* () {
          const service = yield* Turnout.Turnout
          const { id } = yield* Given.publishedEvent({ capacity: 2 })
          for (const [name, email] of PEOPLE) yield* service.register(id, { attendee: { name, email } })
          const [first] = (yield* service.listRegistrations(id)).items
          return { id, first: yield* service.cancelRegistration(id, first!.id) }
        })
      )
      const list = async (...options: ReadonlyArray<string>) => {
        const { document } = await turnout.json("registrations", "list", id, ...options)
        return document.items.map(({ attendee }) => attendee.email.split("@")[0])
      }
      assert.deepStrictEqual(await list("--search", "mül", "--newest-first"), ["mulligan", "bob", "ada"])
      assert.deepStrictEqual(await list("--state", "cancelled", "waitlisted"), ["ada", "eve"])
      assert.deepStrictEqual(await list("--attendee", "mailto:BOB@example.com", "--registered-from", "2020-01-01"), [
        "bob"
      ])
      const changedAt = first.changedAt.toISOString()
      assert.deepStrictEqual(await list("--changed-from", changedAt, "--state", "cancelled"), ["ada"])
      assert.deepStrictEqual(await list("--changed-until", changedAt, "--registered-until", "2020-01-01"), [])
      const words = await turnout.run("registrations", "list", id, "--state", "confirmed", "--total", "--limit", "1")
      assert.include(words.stdout, "\n2 in all\n")
      const wrong = await turnout.json("registrations", "list", id, "--search", "a".repeat(101))
      assert.deepStrictEqual([wrong.code, wrong.document.error.message.startsWith("--search ")], [2, true])
    }
  )
})
