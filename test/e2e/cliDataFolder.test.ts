/**
 * The data folder of the embedded database: one process at a time, and what was acknowledged stays.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

const PEOPLE = "email\nada@example.com\nbob@example.com\n"
const NEW_EVENT = ["--title", "Party", "--capacity", "1"]

/** Registers one more person through the server. */
const registerOverHttp = async (url: string, eventId: string, email: string) => {
  const { status } = await fetch(`${url}/events/${eventId}/registrations`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": email },
    body: JSON.stringify({ attendee: { email } })
  })
  assert.strictEqual(status, 201)
}

const attendees = async (turnout: CommandLine.CommandLine, eventId: string) => {
  const { code, document } = await turnout.json("registrations", "list", eventId)
  assert.strictEqual(code, 0)
  return document.items.map(({ attendee }) => attendee.email)
}

interface Finding {
  readonly name: string
  readonly says: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** What `turnout doctor` finds. */
const examined = async (turnout: CommandLine.CommandLine) => {
  const { code, document } = await turnout.json("doctor")
  const { checks, level } = document as unknown as { readonly level: string; readonly checks: ReadonlyArray<Finding> }
  return { code, level, of: (name: string) => checks.find((one) => one.name === name) }
}

describe("turnout, the data folder", { timeout: 180_000 }, () => {
  it("is held by a running server, free after it stopped or was killed, and keeps its data", async () => {
    await using turnout = await CommandLine.embedded({ data: "elsewhere" })
    const imported = await turnout.json("import", turnout.write("people.csv", PEOPLE), ...NEW_EVENT)
    const { eventId } = imported.document

    const first = await turnout.serve()
    await registerOverHttp(first.url, eventId, "carl@example.com")
    for (const command of [
      ["events", "list"],
      ["migrate", "up"],
      ["serve", "--port", "0"]
    ]) {
      const refused = await turnout.run(...command)
      assert.deepStrictEqual([refused.code, refused.stdout], [1, ""])
      assert.match(refused.stderr, new RegExp(`^error: .*elsewhere is in use by process ${first.pid}; stop it, `))
    }
    const held = await examined(turnout)
    assert.deepStrictEqual([held.code, held.level], [1, "warning"])
    assert.match(held.of("database")!.says, new RegExp(`elsewhere is in use by process ${first.pid}; `))
    const stopped = await first.stop("SIGTERM")
    assert.strictEqual(stopped.code, 0)
    assert.deepStrictEqual(await attendees(turnout, eventId), [
      "ada@example.com",
      "bob@example.com",
      "carl@example.com"
    ])

    const second = await turnout.serve()
    await registerOverHttp(second.url, eventId, "dora@example.com")
    const killed = await second.stop("SIGKILL")
    assert.isNull(killed.code)
    const free = await examined(turnout)
    assert.deepStrictEqual([free.code, free.level], [0, "notice"])
    assert.strictEqual(free.of("database")!.facts["kind"], "embedded")
    assert.match(free.of("settings")!.says, /fsync off/)
    assert.deepStrictEqual(await attendees(turnout, eventId), [
      "ada@example.com",
      "bob@example.com",
      "carl@example.com",
      "dora@example.com"
    ])
  })

  it("is not held by a program that has the number of a former holder", async () => {
    await using turnout = await CommandLine.embedded()
    const { code, stdout } = await turnout.shell(
      `mkdir -p turnout-data; sleep 1000 & echo $! > turnout-data/turnout.pid; ` +
        `${process.execPath} ${CommandLine.COMMAND} --json events list || exit 7; kill $! && echo innocent`
    )
    assert.strictEqual(code, 0)
    assert.deepStrictEqual(stdout, '{"items":[],"nextCursor":null}\ninnocent\n')
  })
})
