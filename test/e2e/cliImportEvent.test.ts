/**
 * The event of `turnout import`: known by title and organizer, or by `--id`. What the options say otherwise than the event is
 * refused and named; no event is made for nothing, and none is published that somebody keeps back.
 */
import { createTurnout } from "turnout"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"

const PARTY = ["--title", "Party", "--capacity", "5"]
const FILE = "people.csv"
const OTHER_ID = "7d0f1e9a-3c56-4f43-9a7e-0c5d2f8e6b11"

// oxlint-disable-next-line typescript/no-explicit-any -- documents of all kinds
type Any = any

const importing = async (turnout: CommandLine.CommandLine, ...options: ReadonlyArray<string>) => {
  const { document, ...ended } = await turnout.json("import", FILE, ...options)
  return { ...ended, document: document as Any }
}

const given = async (content = "email\nada@example.com\n") => {
  const turnout = await CommandLine.onPostgres()
  turnout.write(FILE, content)
  return turnout
}

const events = (turnout: CommandLine.CommandLine) =>
  CommandLine.sql(turnout.database!, "SELECT title, status, capacity FROM turnout.events ORDER BY created_at")

const hosting = async <A>(
  turnout: CommandLine.CommandLine,
  use: (host: ReturnType<typeof createTurnout>) => Promise<A>
): Promise<A> => {
  const host = createTurnout({ database: turnout.database! })
  try {
    return await use(host)
  } finally {
    await host.close()
  }
}

/** Imports again with these options, which must be refused without any change. */
const assertRefused = async (
  turnout: CommandLine.CommandLine,
  options: ReadonlyArray<string>,
  differences: ReadonlyArray<unknown>
) => {
  const { code, document, stderr } = await importing(turnout, ...options)
  assert.deepStrictEqual([code, Object.keys(document), document.error._tag], [1, ["error"], "EventDiffers"], stderr)
  assert.deepStrictEqual(document.error.differences, differences)
  return document.error.message as string
}

describe("turnout import, the event", { timeout: 180_000 }, () => {
  it.concurrent("is the same for other options, which are refused by name if they say something else", async () => {
    await using turnout = await given()
    const times = ["--starts-at", "2099-05-01T18:00", "--ends-at", "2099-05-02", "--time-zone", "Asia/Calcutta"]
    const first = await importing(turnout, ...PARTY, ...times)
    assert.strictEqual(first.code, 0, first.stderr)
    const { eventId } = first.document
    const journal = async () => CommandLine.sql(turnout.database!, "SELECT seq FROM turnout.journal")
    const before = await journal()

    const capacity = await assertRefused(
      turnout,
      ["--title", "Party", "--capacity", "6"],
      [{ option: "--capacity", stored: 5, given: 6 }]
    )
    assert.include(capacity, `turnout events capacity ${eventId}`)
    await assertRefused(
      turnout,
      ["--title", "Party", "--capacity", "7", "--starts-at", "2099-05-01T19:00", "--ends-at", "2099-05-03"],
      [
        { option: "--capacity", stored: 5, given: 7 },
        { option: "--starts-at", stored: "2099-05-01T12:30:00.000Z", given: "2099-05-01T13:30:00.000Z" },
        { option: "--ends-at", stored: "2099-05-01T18:30:00.000Z", given: "2099-05-02T18:30:00.000Z" }
      ]
    )
    await assertRefused(
      turnout,
      ["--title", "Party", "--time-zone", "Europe/Berlin"],
      [{ option: "--time-zone", stored: "Asia/Calcutta", given: "Europe/Berlin" }]
    )
    const same = ["--starts-at", "2099-05-01T12:30Z", "--time-zone", "Asia/Kolkata", "--ends-at", "2099-05-02 00:00"]
    for (const options of [PARTY, ["--title", "Party"], [...PARTY, ...same], ["--event", eventId]]) {
      const again = await importing(turnout, ...options)
      assert.deepStrictEqual([again.code, again.document.eventId, again.document.unchanged], [0, eventId, 1])
    }
    assert.deepStrictEqual(await journal(), before)
    assert.lengthOf(await events(turnout), 1)
  })

  it.concurrent("is made once by imports at the same moment", async () => {
    await using turnout = await given()
    await turnout.run("migrate", "up")
    const all = await Promise.all([1, 2, 3].map(() => importing(turnout, ...PARTY)))
    assert.deepStrictEqual(
      all.map(({ code }) => code),
      [0, 0, 0],
      all.map(({ stdout }) => stdout).join("")
    )
    assert.lengthOf(new Set(all.map(({ document }) => document.eventId)) as never, 1 as never)
    assert.deepStrictEqual(await events(turnout), [{ title: "Party", status: "published", capacity: 5 }])
    const rows = await CommandLine.sql(turnout.database!, "SELECT id FROM turnout.registrations")
    assert.lengthOf(rows, 1)
  })

  it.concurrent("that was given another title is found under both, and refused under the first", async () => {
    await using turnout = await given()
    const { eventId } = (await importing(turnout, ...PARTY)).document
    await hosting(turnout, (host) => host.updateEvent(eventId, { title: "Gala" }))
    const message = await assertRefused(turnout, PARTY, [{ option: "--title", stored: "Gala", given: "Party" }])
    assert.include(message, `--event ${eventId}`)
    const renamed = await importing(turnout, "--title", "gala", "--capacity", "5")
    assert.deepStrictEqual([renamed.code, renamed.document.eventId], [0, eventId])
    assert.lengthOf(await events(turnout), 1)
  })

  it.concurrent("can have an id of its own, under which it is made once", async () => {
    await using turnout = await given()
    const { eventId } = (await importing(turnout, ...PARTY)).document
    const options = [...PARTY, "--id", OTHER_ID.toUpperCase()]
    for (const outcome of ["confirmed", "unchanged"]) {
      const { code, document } = await importing(turnout, ...options)
      assert.deepStrictEqual([code, document.eventId, document[outcome]], [0, OTHER_ID, 1])
    }
    await assertRefused(
      turnout,
      ["--title", "Gala", "--id", OTHER_ID, "--organizer", "Ada"],
      [
        { option: "--title", stored: "Party", given: "Gala" },
        { option: "--organizer", stored: "turnout import", given: "Ada" }
      ]
    )

    // Now the title alone says too little.
    const { code, document } = await importing(turnout, ...PARTY)
    assert.deepStrictEqual(
      [code, document.error._tag, document.error.events],
      [1, "EventAmbiguous", [eventId, OTHER_ID]]
    )
    for (const told of [eventId, OTHER_ID, "--event ID", "published"]) assert.include(document.error.message, told)
    assert.lengthOf(await events(turnout), 2)
  })

  it.concurrent("that a host made is found by its title and organizer, and is not published", async () => {
    await using turnout = await given()
    const { id } = await hosting(turnout, (host) => host.createEvent(Given.eventInput({ capacity: 5 })))
    for (const options of [
      ["--title", "conference", "--organizer", "Ada", "--capacity", "5"],
      ["--event", id]
    ]) {
      const { code, document, stderr } = await importing(turnout, ...options)
      assert.deepStrictEqual([code, document.eventId, document.refused], [1, id, 1])
      assert.include(stderr, `Event ${id} is a draft`)
      assert.include(document.notice, `turnout events publish ${id}`)
    }
    assert.deepStrictEqual(await events(turnout), [{ title: "Conference", status: "draft", capacity: 5 }])
  })

  it.concurrent("that was unpublished stays so, and a cancelled, completed or past one takes nobody", async () => {
    await using turnout = await given()
    const { eventId } = (await importing(turnout, ...PARTY)).document
    await hosting(turnout, async (host) => {
      const { items } = await host.listRegistrations(eventId)
      await host.cancelRegistration(eventId, items[0]!.id)
      await host.unpublishEvent(eventId)
    })
    for (const options of [PARTY, [...PARTY, "--again"]]) {
      const { code, document, stderr } = await importing(turnout, ...options)
      assert.deepStrictEqual([code, document.confirmed, document.cancelled + document.refused], [1, 0, 1])
      assert.include(stderr, "is a draft")
    }
    assert.deepStrictEqual(await events(turnout), [{ title: "Party", status: "draft", capacity: 5 }])

    const ids = await hosting(turnout, async (host) => {
      const hour = 60 * 60 * 1_000
      const past = { startsAt: new Date(Date.now() - 2 * hour), endsAt: new Date(Date.now() - hour) }
      const made: Array<string> = []
      for (const input of [{}, past, past]) {
        const { id } = await host.createEvent(Given.eventInput(input))
        await host.publishEvent(id)
        made.push(id)
      }
      await host.cancelEvent(made[0]!)
      await host.completeEvent(made[1]!)
      return made
    })
    for (const [index, says] of ["is cancelled", "is completed", "is over since"].entries()) {
      const { code, document, stderr } = await importing(turnout, "--event", ids[index]!)
      assert.deepStrictEqual([code, document.refused, document.confirmed], [1, 1, 0])
      assert.include(stderr, `Event ${ids[index]} ${says}`)
    }
  })

  it.concurrent("that was deleted is not made again, and another id makes another one", async () => {
    await using turnout = await given()
    await hosting(turnout, async (host) => {
      const { id } = await host.createEvent({ ...Given.eventInput(), id: OTHER_ID })
      await host.deleteEvent(id)
    })
    const { code, document } = await importing(turnout, ...PARTY, "--id", OTHER_ID)
    assert.deepStrictEqual([code, document.error._tag], [1, "EventWasDeleted"])
    assert.include(document.error.message, '"turnout import" make an event with another --id.')
    assert.deepStrictEqual(await events(turnout), [])
    assert.strictEqual((await importing(turnout, ...PARTY)).document.confirmed, 1)
  })

  it.concurrent("is not made for a file without a good row, nor if it would be over", async () => {
    await using turnout = await given("email\nnobody\n\nnor this\n")
    const bad = await importing(turnout, ...PARTY)
    assert.deepStrictEqual([bad.code, bad.document.eventId, bad.document.invalid], [1, null, 2])
    const words = await turnout.run("import", FILE, ...PARTY)
    assert.match(words.stdout, /\nNo event was made, since no row is good\.\n$/)
    turnout.write(FILE, "email\nada@example.com\n")
    for (const times of [
      ["--ends-at", "2020-01-02"],
      ["--starts-at", "2020-01-01T00:00Z"]
    ]) {
      const starts = times[0] === "--ends-at" ? ["--starts-at", "2020-01-01"] : []
      const { code, document } = await importing(turnout, ...PARTY, ...starts, ...times)
      assert.strictEqual(code, 1)
      assert.include(document.error.message, "the event would be over")
    }
    const unknown = await importing(turnout, "--title", "Party")
    assert.include(unknown.document.error.message, "to make it, say its --capacity")
    assert.deepStrictEqual([unknown.code, await events(turnout)], [1, []])

    // Nor does such a file change anything about an event that is there.
    await importing(turnout, ...PARTY)
    turnout.write(FILE, "email\nnobody\n")
    const { code, document } = await importing(turnout, ...PARTY)
    assert.deepStrictEqual([code, document.invalid, typeof document.eventId], [1, 1, "string"])
  })
})
