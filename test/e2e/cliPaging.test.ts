/**
 * Every list is paged in one way: a page that is not the last one ends with the command that shows the next, and that command works as
 * it is. With `--json`, it is the cursor.
 */
import { assert, describe, inject, it } from "vitest"
// oxlint-disable-next-line no-restricted-imports -- a program is for running: its package exports nothing
import * as Shell from "../../packages/cli/src/usage/Shell.ts"
import * as CommandLine from "../support/CommandLine.ts"
import * as CommandProcess from "../support/CommandProcess.ts"
import * as Commands from "../support/Commands.ts"
import * as FilledDatabase from "../support/FilledDatabase.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

interface Page {
  readonly items: ReadonlyArray<unknown>
  readonly nextCursor: string | null
}

const NEXT = /\n\nnext page: turnout (.+)\n$/

/** A database with two or more of everything that is listed, and the commands that list it. */
const given = async (turnout: CommandProcess.CommandProcess) => {
  const { event, webhook } = await FilledDatabase.make(turnout, "ada", "Party")
  const file = turnout.write("more.csv", "email\nada@example.com\nbob@example.com\n")
  await turnout.run("import", file, "--title", "Fair", "--capacity", "1")
  await turnout.run("webhooks", "add", "https://example.com/more")
  for (const who of ["ada@example.com", "bob@example.com"])
    await turnout.run("members", "add", who, "--organization", "default", "--role", "viewer")
  await turnout.run("outbox", "replay", "--sink", "mail", "--all", "--no-wait")
  await turnout.run("sales", "rebuild")
  await CommandLine.sql(
    turnout.database,
    "UPDATE turnout.registrations SET attendee_id = 'ada' WHERE sequence = (SELECT min(sequence) FROM turnout.registrations r WHERE r.event_id = registrations.event_id)",
    `INSERT INTO turnout.registrations SELECT gen_random_uuid(), event_id, 'new', name, email, notes, state, sequence + 1000, registered_at, changed_at
     FROM turnout.registrations WHERE state = 'waitlisted' AND event_id = '${event}' LIMIT 1`,
    `INSERT INTO turnout.webhook_attempts (webhook, at, message, event_id, version, type, millis, status, error)
     SELECT webhook, at, message, event_id, version, type, millis, status, error FROM turnout.webhook_attempts`,
    `INSERT INTO turnout.outbox_blocked
     SELECT (jsonb_populate_record(b, jsonb_build_object('stream', gen_random_uuid()))).* FROM turnout.outbox_blocked b LIMIT 1`
  )
  return [
    "events list",
    `registrations list ${event} --state confirmed waitlisted`,
    "registrations of ada",
    `waitlist show ${event}`,
    `journal show ${event}`,
    `journal show ${event} --type AttendeeRegistered`,
    "outbox parked list --sink mail",
    "outbox replay list",
    "audit list",
    "organizations list",
    "keys list",
    "members list --organization default",
    "people list --organization default",
    "webhooks list",
    `webhooks attempts ${webhook}`,
    "sales list"
  ]
}

describe("lists", { timeout: 180_000 }, () => {
  it("end with the command of the next page, which works as it is, and has the cursor of the document", async () => {
    await using scratch = await TestDatabase.scratch(inject("postgresUrl"))
    await using commands = await CommandProcess.start(scratch.url)
    const lists = await given(commands)

    for (const list of lists) {
      const { document: all } = await commands.json<Page>(...list.split(" "))
      assert.isAtLeast(all.items.length, 2, list)
      assert.isNull(all.nextCursor, list)
      const items: Array<unknown> = []
      let words: ReadonlyArray<string> = [...list.split(" "), "--limit", "1"]
      for (let page = 1; page <= all.items.length; page++) {
        const { code, document, stderr } = await commands.json<Page>(...words)
        assert.deepStrictEqual([code, stderr, document.items.length], [0, "", 1], list)
        items.push(...document.items)
        const { stdout } = await commands.run(...words)
        const typed = NEXT.exec(stdout)?.[1]
        if (document.nextCursor === null) assert.notMatch(stdout, /next page/, list)
        else {
          assert.include(typed, ` --cursor ${document.nextCursor}`, list)
          // The database is in the command as well, as it was typed.
          words = Commands.wordsOf(typed!).slice(2)
        }
      }
      assert.deepStrictEqual(items, all.items, list)
    }
    const total = Commands.leaves(Commands.program()).filter(({ options }) =>
      options.some(({ long }) => long === "--cursor")
    )
    const tried = new Set(lists.map((list) => total.find((one) => list.startsWith(Commands.nameOf(one)))))
    // The journal as it is written has a cursor as well, and no pages.
    assert.deepStrictEqual(total.filter((one) => !tried.has(one)).map(Commands.nameOf), ["outbox tail"])
  })

  it("tell no password", () => {
    const url = "postgres://ada:secret@db.example/app"
    for (const args of [
      ["--database", url, "events", "list"],
      [`--database=${url}`, "events", "list"]
    ]) {
      const typed = Shell.nextPage([...args, "--cursor", "one", "--limit", "1", "--organizer", "it's me"], "two")
      assert.match(typed, /^turnout --database[ =]\S+ events list --limit 1 --organizer 'it'\\''s me' --cursor two$/)
      assert.notInclude(typed, "secret")
    }
  })
})
