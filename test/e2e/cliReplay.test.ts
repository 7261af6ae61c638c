/**
 * `turnout outbox replay`: asking for it, watching it, and relays that carry it out and are killed while they do.
 */
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"

interface Documents {
  readonly entries: number
  readonly replay: Record<string, unknown> & { readonly id: string }
  readonly items: ReadonlyArray<Record<string, unknown>>
  readonly error: { readonly _tag: string; readonly message: string }
}

const json = async (turnout: CommandLine.CommandLine, ...args: ReadonlyArray<string>) => {
  const { code, document } = await turnout.json("outbox", "replay", ...args)
  return { code, document: document as unknown as Documents }
}

const event = async (turnout: CommandLine.CommandLine, people: number) => {
  const emails = CommandLine.upTo(people).map((n) => `person-${n}@example.com\n`)
  const file = turnout.write("people.csv", `email\n${emails.join("")}`)
  return (await turnout.json("import", file, "--title", "Party", "--capacity", "1000")).document.eventId
}

const messagesOf = (stdout: string) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { version: number; type: string; replay?: string })

describe("turnout outbox replay", { timeout: 180_000 }, () => {
  it.concurrent("counts what would be sent, and sends it by a relay of the sink", async () => {
    await using turnout = await CommandLine.onPostgres()
    const stream = await event(turnout, 3)
    const relay = turnout.start(["relay", "--stdout", "mail"])
    await CommandLine.until(() => messagesOf(relay.printed.stdout).length === 5, "the messages")
    const counted = await json(turnout, "--sink", "stdout:mail", "--type", "AttendeeRegistered", "--dry-run")
    assert.deepStrictEqual(counted, { code: 0, document: { entries: 3 } as never })
    assert.strictEqual(messagesOf(relay.printed.stdout).length, 5)
    const { code, stdout } = await turnout.run(
      "outbox",
      "replay",
      "--sink",
      "stdout:mail",
      "--stream",
      stream,
      "--as",
      "ada"
    )
    assert.strictEqual(code, 0)
    assert.match(stdout, /finished +5 +5 /)
    const again = messagesOf(relay.printed.stdout).slice(5)
    assert.deepStrictEqual(
      again.map(({ version }) => version),
      [1, 2, 3, 4, 5]
    )
    const { document } = await json(turnout, "list")
    assert.deepInclude(document.items[0], { state: "finished", sent: 5, who: "ada" })
    assert.isTrue(again.every(({ replay }) => replay === document.items[0]!["id"]))
    const audit = await turnout.run("audit", "list", "--limit", "1")
    assert.match(audit.stdout, / ada +outbox\.replay /)
  })

  it.concurrent("goes on where it was, when whoever carries it out is killed, and whoever watches it", async () => {
    await using turnout = await CommandLine.onPostgres()
    await event(turnout, 118)
    const relays = () => turnout.start(["relay", "--stdout", "mail", "--lease-ttl", "1000", "--start-from", "now"])
    const first = relays()
    const known = "SELECT 1 FROM turnout.sinks WHERE name = 'stdout:mail'"
    const isKnown = async () => (await CommandLine.sql(turnout.database!, known)).length > 0
    while (!(await isKnown())) await new Promise((resolve) => setTimeout(resolve, 50))
    const watching = turnout.start([
      "outbox",
      "replay",
      "--sink",
      "stdout:mail",
      "--all",
      "--per-second",
      "20",
      "--json"
    ])
    await CommandLine.until(() => messagesOf(first.printed.stdout).length >= 40, "some of the messages")
    watching.process.kill("SIGKILL")
    first.process.kill("SIGKILL")
    await first.ended
    const second = relays()
    const { document } = await json(turnout, "list")
    const { id } = document.items[0] as { id: string }
    const { code, stdout } = await turnout.run("outbox", "replay", "watch", id)
    assert.strictEqual(code, 0, stdout)
    assert.match(stdout, /finished +120 +120 /)
    const of = (running: CommandLine.Running) => messagesOf(running.printed.stdout).map(({ version }) => version)
    assert.deepStrictEqual([...new Set([...of(first), ...of(second)])], CommandLine.upTo(120))
    assert.isAtMost(of(first).length + of(second).length, 140, "no more than a batch twice")
  })

  it.concurrent("is not done when nobody waits for it any longer, and says how far it has come", async () => {
    await using turnout = await CommandLine.onPostgres()
    await event(turnout, 8)
    const relay = turnout.start(["relay", "--stdout", "mail", "--start-from", "now"])
    const known = "SELECT 1 FROM turnout.sinks WHERE name = 'stdout:mail'"
    while ((await CommandLine.sql(turnout.database!, known)).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 50))
    relay.process.kill("SIGTERM")
    await relay.ended
    const watching = turnout.start(["outbox", "replay", "--sink", "stdout:mail", "--all", "--json"])
    await CommandLine.until(
      () => watching.printed.stderr.includes("no relay of stdout:mail"),
      "the hint that nobody sends"
    )
    watching.process.kill("SIGINT")
    const { code, stdout } = await watching.ended
    const { replay } = JSON.parse(stdout) as Documents
    assert.deepStrictEqual([code, replay["state"], replay["sent"], replay["total"]], [1, "running", 0, 10])
  })

  it.concurrent("tells that no relay runs without reading the journal", async () => {
    await using turnout = await CommandLine.onPostgres()
    await event(turnout, 3)
    const relay = turnout.start(["relay", "--stdout", "mail"])
    await CommandLine.until(() => messagesOf(relay.printed.stdout).length === 5, "the messages")
    relay.process.kill("SIGTERM")
    await relay.ended
    const { document } = await json(turnout, "--sink", "stdout:mail", "--all", "--no-wait")
    const unlock = await CommandLine.lockJournal(turnout.database!)
    try {
      const watching = turnout.start(["outbox", "replay", "watch", document.replay.id])
      const isTold = () => watching.printed.stderr.includes("no relay of stdout:mail")
      await CommandLine.until(isTold, "the hint that nobody sends", 20)
      watching.process.kill("SIGINT")
      await watching.ended
    } finally {
      await unlock()
    }
  })

  it.concurrent("says what is missing, and changes nothing", async () => {
    await using turnout = await CommandLine.onPostgres()
    await turnout.run("migrate", "up")
    const nobody = "00000000-0000-4000-8000-000000000000"
    const wrong = async (...args: ReadonlyArray<string>) => {
      const { code, document } = await json(turnout, ...args)
      return [code, document.error._tag, document.error.message] as const
    }
    assert.deepStrictEqual(await wrong("--all"), [
      2,
      "WrongUsage",
      'name the sink: --sink; "turnout outbox status" lists them'
    ])
    assert.include((await wrong("--sink", "mail"))[2], "say what to send again")
    assert.include((await wrong("--sink", "mail", "--all", "--stream", nobody))[2], "say what to send again")
    assert.include((await wrong("--sink", "mail", "--stream", "party"))[2], "must be a UUID")
    assert.include((await wrong("--sink", "mail", "--event", "x"))[1], "WrongUsage")
    assert.deepStrictEqual((await wrong("--sink", "mail", "--all")).slice(0, 2), [1, "SinkNotFound"])
    assert.strictEqual((await wrong("cancel", nobody))[1], "ReplayNotFound")
    assert.strictEqual((await wrong("watch", nobody))[1], "ReplayNotFound")
    assert.include((await wrong("watch", nobody))[2], '"turnout outbox replay list" lists them.')
    const usage = await turnout.run("outbox", "replay", "--sink", "mail", "--type", "Nothing")
    assert.deepStrictEqual([usage.code, usage.stderr.includes("Allowed choices are")], [2, true])
    assert.include((await turnout.run("outbox", "replay", "list")).stdout, "Nothing has been replayed.")
  })
})
