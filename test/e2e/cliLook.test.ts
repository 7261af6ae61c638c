/**
 * `turnout events`, `registrations` and `waitlist`: in words and as JSON, page by page, and only what was asked for; and the
 * deletion of drafts.
 */
import { assert, describe, it } from "vitest"
import { createTurnout } from "turnout"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"

const UNKNOWN = "01a1fcac-e082-761f-9990-337e18d190e6"
const ROWS = "email,name\nada@example.com,Ada\nbob@example.com,Bob\ncarl@example.com,Carl\ndora@example.com,Dora\n"

/** Imports a file into an event of two seats. */
const event = async (
  turnout: CommandLine.CommandLine,
  content: string,
  title: string,
  starts: string,
  organizer: string
) => {
  const file = turnout.write(`${title}.csv`, content)
  const options = ["--title", title, "--capacity", "2", "--starts-at", starts, "--organizer", organizer]
  return (await turnout.json("import", file, ...options)).document.eventId
}

/** A party with two seats and four guests. */
const aParty = (turnout: CommandLine.CommandLine) => event(turnout, ROWS, "Party", "2099-05-02T18:00Z", "Ada")
const aFair = (turnout: CommandLine.CommandLine) =>
  event(turnout, "email\nada@example.com\n", "Fair", "2099-05-01T18:00Z", "Bob")

/** Makes drafts, as a program with the library does. */
const drafts = async (database: string, count: number): Promise<ReadonlyArray<string>> => {
  const turnout = createTurnout({ database })
  const ids: Array<string> = []
  for (let n = 0; n < count; n++) ids.push((await turnout.createEvent(Given.eventInput())).id)
  await turnout.close()
  return ids
}

const lines = (text: string) => text.split("\n").map((line) => line.trimEnd().replaceAll(/ {2,}/g, " | "))

describe("turnout, looking at data", { timeout: 120_000 }, () => {
  it.concurrent("events: by their start, filtered, page by page, one by one", async () => {
    await using turnout = await CommandLine.onPostgres()
    const given = { party: await aParty(turnout), fair: await aFair(turnout) }

    const text = await turnout.run("events", "list")
    assert.deepStrictEqual([text.code, text.stderr, text.stdout.includes("\u001b")], [0, "", false])
    assert.deepStrictEqual(lines(text.stdout), [
      "id | title | starts | status | taken | capacity | waiting",
      `${given.fair} | Fair | 2099-05-01T18:00:00Z | published | 1 | 2 | 0`,
      `${given.party} | Party | 2099-05-02T18:00:00Z | published | 2 | 2 | 2`,
      ""
    ])
    const titles = async (...options: ReadonlyArray<string>) =>
      (await turnout.json("events", "list", ...options)).document.items.map(({ title }) => title)
    assert.deepStrictEqual(await titles("--organizer", "Ada"), ["Party"])
    assert.deepStrictEqual(await titles("--status", "draft"), [])
    const first = (await turnout.run("events", "list", "--limit", "1")).stdout
    const cursor = /\n\nnext page: .* --cursor (\S+)\n$/.exec(first)?.[1] ?? first
    assert.deepStrictEqual(await titles("--limit", "1", "--cursor", cursor), ["Party"])

    const shown = await turnout.run("events", "show", given.party)
    for (const line of ["title | Party", "status | published", "capacity | 2", "confirmed | 2", "waiting | 2"]) {
      assert.include(lines(shown.stdout), line)
    }
    const { document: party } = await turnout.json("events", "show", given.party)
    assert.deepStrictEqual([party.id, party.title, party.capacity], [given.party, "Party", 2])
  })

  it.concurrent("registrations and waitlist: in order of entry, by state, page by page", async () => {
    await using turnout = await CommandLine.onPostgres()
    const party = await aParty(turnout)

    const names = (pages: ReadonlyArray<CommandLine.Document>) =>
      pages.map(({ items }) => items.map(({ attendee, state }) => `${attendee.name} ${state}`))
    assert.deepStrictEqual(names(await turnout.pages("registrations", "list", party, "--limit", "3")), [
      ["Ada confirmed", "Bob confirmed", "Carl waitlisted"],
      ["Dora waitlisted"]
    ])
    const waiting = await turnout.json("registrations", "list", party, "--state", "waitlisted")
    assert.deepStrictEqual(names([waiting.document]), [["Carl waitlisted", "Dora waitlisted"]])
    const [carl] = waiting.document.items

    const list = await turnout.run("registrations", "list", party)
    assert.strictEqual(lines(list.stdout)[0], "id | attendee | name | state | registered")
    assert.match(lines(list.stdout)[3]!, /^\S+ \| carl@example\.com \| Carl \| waitlisted \| \S+Z$/)

    const waitlist = await turnout.run("waitlist", "show", party, "--limit", "1")
    assert.match(
      lines(waitlist.stdout)[1]!,
      new RegExp(`^1 \\| ${carl!.id} \\| carl@example\\.com \\| Carl \\| \\S+Z$`)
    )
    const cursor = /\n\nnext page: .* --cursor (\S+)\n$/.exec(waitlist.stdout)?.[1] ?? waitlist.stdout
    const { document: rest } = await turnout.json("waitlist", "show", party, "--cursor", cursor)
    assert.deepStrictEqual(
      [rest.items.map(({ position, registration }) => [position, registration.attendee.name]), rest.nextCursor],
      [[[2, "Dora"]], null]
    )
  })

  it.concurrent("cancelling says who was cancelled, and the seat goes to the first in line", async () => {
    await using turnout = await CommandLine.onPostgres()
    const party = await aParty(turnout)
    const { document } = await turnout.json("registrations", "list", party)
    const [ada] = document.items

    const cancelled = await turnout.run("registrations", "cancel", party, ada!.id)

    assert.deepStrictEqual([cancelled.code, cancelled.stdout], [0, `cancelled ${ada!.id} of ada@example.com\n`])
    const after = await turnout.json("registrations", "list", party)
    assert.deepStrictEqual(
      after.document.items.map(({ attendee, state }) => `${attendee.name} ${state}`),
      ["Ada cancelled", "Bob confirmed", "Carl confirmed", "Dora waitlisted"]
    )
    const unknown = await turnout.json("registrations", "cancel", party, UNKNOWN)
    assert.deepStrictEqual([unknown.code, unknown.document], [
      1,
      { cancelled: [], failed: [{ id: UNKNOWN, reason: `Event ${party} has no registration ${UNKNOWN}.` }] }
    ] as never)
  })

  it.concurrent("events delete: a draft that nobody has registered for, and only as it was looked at", async () => {
    await using turnout = await CommandLine.onPostgres()
    const party = await aParty(turnout)
    const [draft = "", other = ""] = await drafts(turnout.database!, 2)

    const refused = await turnout.json("events", "delete", party)
    assert.deepStrictEqual([refused.code, refused.document.error._tag], [1, "EventStatusConflict"])
    assert.include(lines((await turnout.run("events", "show", draft)).stdout), "revision | 1")
    const stale = await turnout.json("events", "delete", draft, "--if-version", "2")
    assert.deepInclude(stale.document.error, { _tag: "VersionConflict", version: 1, revision: 1 } as object)
    assert.strictEqual(stale.code, 1)
    assert.include(stale.stderr, `"turnout events show ${draft}" shows the event.`)
    for (const version of ["0", "1.5", "x", "-1"]) {
      const wrong = await turnout.run("events", "delete", draft, "--if-version", version)
      assert.deepStrictEqual([wrong.code, wrong.stdout], [2, ""])
    }
    const deleted = await turnout.run("events", "delete", draft, "--if-version", "1", "--as", "ada")
    assert.deepStrictEqual([deleted.code, deleted.stdout, deleted.stderr], [0, `deleted ${draft}\n`, ""])
    const [entry] = await CommandLine.sql(
      turnout.database!,
      `SELECT type, actor FROM turnout.journal WHERE event_id = '${draft}' ORDER BY version DESC LIMIT 1`
    )
    assert.deepInclude(entry, { type: "EventDeleted", actor: "ada" })
    const again = await turnout.json("events", "delete", draft)
    assert.deepStrictEqual([again.code, again.document.error._tag], [1, "EventNotFound"])
    assert.deepStrictEqual((await turnout.json("events", "delete", other)).document, {
      deleted: other,
      repeated: false
    } as never)
  })

  it.concurrent("what is not there has exit code 1, what is no id exit code 2, and both are named", async () => {
    await using turnout = await CommandLine.onPostgres()
    for (const command of ["events show", "registrations list", "waitlist show"]) {
      const { code, document, stderr } = await turnout.json(...command.split(" "), UNKNOWN)
      assert.deepStrictEqual(
        [code, document.error._tag, stderr],
        [1, "EventNotFound", `error: There is no event ${UNKNOWN}.\n`]
      )
    }
    const malformed = await turnout.json("events", "show", "party")
    assert.deepStrictEqual(
      [malformed.code, malformed.document.error.message],
      [2, '<event> must be a UUID; got "party"']
    )
    const cursor = await turnout.json("waitlist", "show", UNKNOWN, "--cursor", "no cursor")
    assert.deepStrictEqual([cursor.code, cursor.document.error._tag], [2, "WrongUsage"])
  })

  it.concurrent("a reader that stops reading, such as head, gets no stack trace", async () => {
    await using turnout = await CommandLine.onPostgres()
    turnout.write("many.csv", `email\n${CommandLine.upTo(500).map(CommandLine.email).join("\n")}\n`)
    const { document } = await turnout.json("import", "many.csv", "--title", "Many", "--capacity", "500")

    const command = `"${process.execPath}" "$TURNOUT" --database "$URL" --json registrations list "$EVENT" --limit 500`
    const env = `export TURNOUT='${CommandLine.COMMAND}' URL='${turnout.database!}' EVENT='${document.eventId}'`
    // true ends at once, so whatever is written afterwards meets a closed pipe.
    const { stderr } = await turnout.shell(`${env}; ${command} | true`)

    assert.notMatch(stderr, /EPIPE|\n\s+at /)
  })
})
