/**
 * The life of an event on the command line, from its draft to its journal, with what real life adds: guests, a chosen waiter beyond the
 * capacity, people who come or do not, corrections, a cancellation by mistake, and commands that are sent twice.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, inject, it } from "vitest"
import * as CommandProcess from "../support/CommandProcess.ts"
import * as CommandLine from "../support/CommandLine.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import { COMMANDS } from "../support/UseCaseCommands.ts"

interface Registration {
  readonly id: string
  readonly state: string
  readonly attendee: { readonly id: string; readonly name: string; readonly email: string }
  readonly notes: string
  readonly changed: boolean
  readonly repeated: boolean
}

// oxlint-disable-next-line typescript/no-explicit-any -- documents of all kinds
type Any = any

const DAY = 24 * 60 * 60 * 1_000
const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString()

let scratch: Awaited<ReturnType<typeof TestDatabase.scratch>>
let turnout: CommandProcess.CommandProcess
/** The commands that were run. */
const ran = new Set<string>()

beforeAll(async () => {
  scratch = await TestDatabase.scratch(inject("postgresUrl"))
  turnout = await CommandProcess.start(scratch.url)
})
afterAll(async () => {
  await turnout[Symbol.asyncDispose]()
  await scratch[Symbol.asyncDispose]()
})

const run = async (...args: ReadonlyArray<string>) => {
  const { code, document, stderr } = await turnout.json<Any>(...args)
  ran.add(args.slice(0, 2).join(" "))
  return { code, document, stderr }
}

/** Runs a command that succeeds, and gives its document. */
const done = async (...args: ReadonlyArray<string>) => {
  const { code, document, stderr } = await run(...args)
  assert.deepStrictEqual([code, stderr], [0, ""], args.join(" "))
  return document
}

/** Runs a command that is refused, and gives its error. */
const refused = async (...args: ReadonlyArray<string>) => {
  const { code, document } = await run(...args)
  assert.strictEqual(code, 1, args.join(" "))
  return document.error as { readonly _tag: string; readonly message: string }
}

const create = async (title: string, capacity: number, ...options: ReadonlyArray<string>) => {
  const times = ["--starts-at", inDays(10), "--ends-at", inDays(11), "--time-zone", "Europe/Berlin"]
  const names = ["--title", title, "--organizer", "Ada", "--capacity", String(capacity)]
  return (await done("events", "create", ...names, ...times, ...options)).event
}

const add = async (event: string, who: string, ...options: ReadonlyArray<string>) =>
  (await done("registrations", "add", event, "--email", `${who}@example.com`, "--name", who, ...options))
    .registration as Registration

/** Lets the event have begun, or end, which takes days otherwise. */
const setTimes = (url: string, event: string, starts: string, ends: string) =>
  CommandLine.sql(
    url,
    `UPDATE turnout.events SET starts_at = now() + interval '${starts}', ends_at = now() + interval '${ends}' WHERE id = '${event}'`
  )

describe("the life of an event on the command line", { timeout: 120_000 }, () => {
  it("goes from a draft to its journal, and every use case of the library takes part", async () => {
    const draft = await create("Gala", 2, "--location", "Town hall", "--waitlist-limit", "3")
    assert.deepInclude(draft, { status: "draft", title: "Gala", location: "Town hall", waitlistLimit: 3 })
    const { id } = draft
    const early = await done("registrations", "guest", id, "--email", "speaker@example.com", "--beyond", "raise")
    assert.strictEqual(early.registration.state, "confirmed")
    assert.strictEqual((await done("events", "publish", id)).event.status, "published")
    assert.strictEqual((await refused("events", "unpublish", id))._tag, "EventHasRegistrations")

    const [ada, bob, carl, dora] = [
      await add(id, "ada", "--notes", "vegan"),
      await add(id, "bob"),
      await add(id, "carl"),
      await add(id, "dora", "--attendee", "member 7")
    ] as const
    assert.deepStrictEqual(
      [ada, bob, carl, dora].map(({ state }) => state),
      ["confirmed", "waitlisted", "waitlisted", "waitlisted"]
    )
    assert.deepStrictEqual(await done("registrations", "position", id, dora.id), { position: 3, length: 3 })
    assert.lengthOf((await done("waitlist", "show", id)).items, 3)
    const full = await done("registrations", "confirm", id, dora.id, "--beyond", "overhang")
    assert.deepInclude(full.confirmed[0], { id: dora.id, state: "confirmed", changed: true, repeated: false })

    const corrected = await done("registrations", "correct", id, ada.id, "--name", "Ada L.", "--no-notes")
    assert.deepInclude(corrected.registration, { notes: "", changed: true })
    assert.strictEqual(corrected.registration.attendee.name, "Ada L.")

    const closed = await refused("registrations", "attended", id, ada.id)
    assert.strictEqual(closed._tag, "DoorsNotOpen")
    assert.include(closed.message, "attendance needs --early.")
    const came = await done("registrations", "attended", id, ada.id, dora.id, "--early", "--as", "door 1")
    assert.deepStrictEqual(
      came.attended.map(({ state }: Registration) => state),
      ["attended", "attended"]
    )
    const cleared = await done("registrations", "clear-attendance", id, dora.id)
    assert.strictEqual(cleared.cleared[0].state, "confirmed")
    const cancelled = await done("registrations", "cancel", id, carl.id, "--as", "ada")
    assert.strictEqual(cancelled.cancelled[0].cancellation.reason, "requested")
    const back = await done("registrations", "reinstate", id, carl.id)
    assert.strictEqual(back.reinstated[0].state, "waitlisted")

    const smaller = await refused("events", "capacity", id, "1")
    assert.strictEqual(smaller._tag, "CapacityBelowSeatsTaken")
    assert.match(smaller.message, /needs --keep-overhang, or --demote/)

    assert.strictEqual((await refused("events", "cancel", id, "--if-version", "999"))._tag, "VersionConflict")
    const gone = (await done("events", "cancel", id)).event
    assert.deepStrictEqual([gone.status, gone.counts.confirmed, gone.counts.waitlisted], ["cancelled", 0, 0])
    const reopened = (await done("events", "reopen", id)).event
    assert.deepStrictEqual([reopened.status, reopened.counts.waitlisted], ["published", 2])

    await setTimes(scratch.url, id, "-1 hour", "1 hour")
    const missed = await done("registrations", "no-show", id, dora.id)
    assert.strictEqual(missed.noShow[0].state, "noShow")
    const released = await done("registrations", "release-seat", id, dora.id)
    assert.strictEqual(released.released[0].cancellation.reason, "seatReleased")
    assert.strictEqual((await done("events", "complete", id)).event.status, "completed")

    const shown = await done("registrations", "show", id, carl.id)
    assert.deepStrictEqual([shown.id, shown.attendee.email], [carl.id, "carl@example.com"])
    const ofDora = await done("registrations", "of", "member 7")
    assert.deepStrictEqual(
      ofDora.items.map((one: Registration) => one.id),
      [dora.id]
    )
    assert.lengthOf((await done("registrations", "list", id)).items, 5)
    assert.lengthOf((await done("events", "list", "--all", "--search", "town hall")).items, 1)
    const event = await done("events", "show", id)

    const journal = await done("journal", "show", id, "--limit", "500")
    assert.lengthOf(journal.items, event.version)
    const doors = await done("journal", "show", id, "--type", "AttendeeAttended", "--limit", "1")
    assert.deepStrictEqual(
      doors.items.map(({ metadata }: Any) => metadata.actor),
      ["door 1"]
    )
    const next = await done("journal", "show", id, "--type", "AttendeeAttended", "--cursor", doors.nextCursor)
    assert.deepStrictEqual([next.items.length, next.nextCursor], [1, null])
    const nothing = await done("journal", "show", id, "--until", "2000-01-01")
    assert.deepStrictEqual(nothing, { items: [], nextCursor: null })
    const words = await turnout.run("journal", "show", id)
    assert.match(words.stdout, /^version +when +type +who +what\n1 +\S+Z +EventCreated +\S+ +Gala, 2 seats\n/)
    for (const line of [
      /AttendeeRegistered +\S+ +speaker@example\.com, confirmed, set aside: published, \S{36}\n/,
      /RegistrationConfirmed +\S+ +dora@example\.com, confirmed, beyond the capacity: overhang, /,
      /AttendeeAttended +door 1 +ada@example\.com, attended, was confirmed, /,
      /RegistrationCorrected +\S+ +ada@example\.com, confirmed, was ada@example\.com, /,
      /EventReopened +\S+ +published\n/
    ])
      assert.match(words.stdout, line)

    const other = await create("Ball", 5)
    assert.strictEqual((await done("events", "publish", other.id)).event.status, "published")
    assert.strictEqual((await done("events", "unpublish", other.id)).event.status, "draft")
    const renamed = await done(
      "events",
      "update",
      other.id,
      "--title",
      "Tea",
      "--starts-at",
      "2040-05-01 18:00",
      "--ends-at",
      "2040-05-02"
    )
    assert.deepInclude(renamed.event, {
      title: "Tea",
      startsAt: "2040-05-01T16:00:00.000Z",
      endsAt: "2040-05-01T22:00:00.000Z"
    })
    assert.deepStrictEqual(await done("events", "delete", other.id, "--if-version", String(renamed.event.version)), {
      deleted: other.id,
      repeated: false
    })
    assert.deepStrictEqual(
      [...new Set(Object.values(COMMANDS))].filter((command) => !ran.has(command)),
      []
    )
  })

  it("changes nothing more if a command is run again with the same key, and says so", async () => {
    const key = ["--idempotency-key", "form 42"]
    const first = await create("Gala", 2, ...key)
    const { id } = first
    const entries = () => CommandLine.sql(scratch.url, `SELECT 1 FROM turnout.journal WHERE event_id = '${id}'`)
    await done("events", "publish", id)
    const ada = await add(id, "ada")
    /** Commands that change something the first time. */
    const twice: ReadonlyArray<ReadonlyArray<string>> = [
      ["registrations", "add", id, "--email", "bob@example.com"],
      ["registrations", "guest", id, "--email", "carl@example.com"],
      ["registrations", "correct", id, ada.id, "--name", "Ada"],
      ["registrations", "attended", id, ada.id, "--early"],
      ["registrations", "clear-attendance", id, ada.id],
      ["registrations", "cancel", id, ada.id],
      ["events", "capacity", id, "7"],
      ["events", "update", id, "--title", "Ball"],
      ["events", "cancel", id],
      ["events", "reopen", id]
    ]
    for (const line of twice) {
      const { length: before } = await entries()
      const once = await done(...line, ...key)
      const { length: after } = await entries()
      assert.isAbove(after, before, line.join(" "))
      const again = await done(...line, ...key)
      assert.lengthOf(await entries(), after, line.join(" "))
      const firstAnswer = JSON.stringify(once).replaceAll('"repeated":false', '"repeated":true')
      assert.deepStrictEqual(again, JSON.parse(firstAnswer), line.join(" "))
      assert.include(firstAnswer, '"repeated":true', line.join(" "))
    }
    for (const line of [twice[0]!, twice[2]!, twice[3]!, twice[6]!]) {
      const { code, stderr, stdout } = await turnout.run(...line, ...key)
      assert.deepStrictEqual([code, stderr], [0, ""], line.join(" "))
      assert.match(stdout, /done before, under the same idempotency key/, line.join(" "))
    }
    const reused = await turnout.json<Any>("events", "update", id, "--title", "Tea", ...key)
    assert.deepStrictEqual([reused.code, reused.document.error._tag], [1, "IdempotencyKeyReused"])
  })

  it("tells its key if the store is lost while a change is committed, and does it once under that key", async () => {
    const { id } = await create("Gala", 2)
    await CommandLine.sql(
      scratch.url,
      `CREATE FUNCTION turnout.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL;
END $$`,
      // A deferred trigger runs while the transaction commits.
      `CREATE CONSTRAINT TRIGGER lose AFTER UPDATE ON turnout.events DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION turnout.lose()`
    )
    const line = ["events", "update", id, "--title", "Ball"]
    const lost = await run(...line)
    await CommandLine.sql(scratch.url, "DROP TRIGGER lose ON turnout.events", "DROP FUNCTION turnout.lose")
    assert.deepStrictEqual([lost.code, lost.document.error._tag], [1, "OutcomeUnknown"])
    const key: string = lost.document.idempotencyKey
    assert.include(lost.stderr, `The same command with --idempotency-key ${key} does it once in any case.`)
    assert.strictEqual((await done(...line, "--idempotency-key", key)).event.title, "Ball")
    assert.isTrue((await done(...line, "--idempotency-key", key)).repeated)
  })

  it("takes seats back from those who got theirs last, and only from as many as it is told", async () => {
    const { id } = await create("Gala", 3)
    await done("events", "publish", id)
    for (const who of ["ada", "bob", "carl"]) await add(id, who)
    const wrong = await refused("events", "capacity", id, "1", "--demote", "1")
    assert.deepStrictEqual(wrong._tag, "DemotionsMismatch")
    const { event } = await done("events", "capacity", id, "1", "--demote", "2")
    assert.deepInclude(event, { capacity: 1, counts: { confirmed: 1, waitlisted: 2, attended: 0, noShow: 0 } })
    const kept = await done("events", "capacity", id, "0", "--keep-overhang")
    assert.strictEqual(kept.event.capacity, 0)
  })

  it("is counted on the days on which people registered, also by an import", async () => {
    const rows = [
      "ada@example.com,2020-05-09 10:00",
      "bob@example.com,2020-05-03 10:00",
      "carl@example.com,2020-05-03 23:30"
    ]
    writeFileSync(join(turnout.folder, "people.csv"), `email,registered at\n${rows.join("\n")}\n`)
    const { eventId } = await done("import", "people.csv", "--title", "Fair", "--capacity", "3", "--time-zone", "UTC")
    await done("sales", "rebuild")
    const sales = await done("sales", "show", eventId)
    assert.deepInclude(sales, {
      firstRegistrationAt: "2020-05-03T10:00:00.000Z",
      lastRegistrationAt: "2020-05-09T10:00:00.000Z",
      soldOutAt: "2020-05-09T10:00:00.000Z",
      registrationsByDay: { "2020-05-03": 2, "2020-05-09": 1 }
    })
    const { stdout } = await turnout.run("sales", "show", eventId)
    assert.match(stdout, /\nwithin +6 d\n\nday \(UTC\) +registered  so far\n2020-05-03  2 +2\n2020-05-09  1 +3\n$/)
  })

  it("stays until the steps of a large change are done", async () => {
    const people = CommandLine.upTo(1_200).map(CommandLine.email)
    writeFileSync(join(turnout.folder, "many.csv"), `email\n${people.join("\n")}\n`)
    const { eventId } = await done("import", "many.csv", "--title", "Many", "--capacity", "1200")
    const { event } = await done("events", "cancel", eventId)
    assert.deepStrictEqual([event.status, event.counts.confirmed], ["cancelled", 0])
  })
})
