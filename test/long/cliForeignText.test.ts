/**
 * What comes from elsewhere is shown, and not obeyed: whatever titles, names, answers, errors, messages, files and arguments
 * have in them, the output of `turnout` has no character that a terminal obeys or hides, and none that makes a row.
 */
import { spawnSync } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, inject, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as CommandProcess from "../support/CommandProcess.ts"
import { assertTame, hasColours, HOSTILE, SHOWN, withoutColours } from "../support/HostileText.ts"
import * as FilledDatabase from "../support/FilledDatabase.ts"
import * as SqsServer from "../support/SqsServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const sqs = SqsServer.use()

const HOSTILE_JSON = JSON.stringify(HOSTILE)

/** The journal has checked texts only, which may turn the direction of writing. */
const TURNED = "\u202eevil\u200b"

/** As much of a text as every cell has room for. */
const BEGINNING = SHOWN.slice(0, 50)

const given = (turnout: CommandLine.Filling) => FilledDatabase.make(turnout, HOSTILE, TURNED)

describe("text from elsewhere", { timeout: 240_000 }, () => {
  it.concurrent("is shown in every table and line, each thing in a row of its own", async () => {
    await using scratch = await TestDatabase.scratch(inject("postgresUrl"))
    await using turnout = await CommandProcess.start(scratch.url)
    await using withColours = await CommandProcess.start(scratch.url, { FORCE_COLOR: "1" })
    const { event, person, registration, replay, webhook } = await given(turnout)
    /** Commands, and the number of lines that each prints. */
    const commands: ReadonlyArray<readonly [line: string, lines: number]> = [
      ["events list", 2],
      [`events show ${event}`, 20],
      [`registrations list ${event}`, 4],
      [`registrations show ${event} ${registration}`, 9],
      [`waitlist show ${event}`, 2],
      [`journal show ${event}`, 6],
      ["outbox status --sample 0", 6],
      ["audit list", 9],
      ["outbox parked list --sink mail", 2],
      [`outbox parked show --sink mail ${event}`, 10],
      ["outbox replay list", 2],
      [`outbox replay watch ${replay}`, 4],
      ["webhooks list", 2],
      [`webhooks show ${webhook}`, 4],
      [`webhooks attempts ${webhook}`, 2],
      ["organizations list", 3],
      ["organizations show filled", 2],
      ["people list --organization default", 4],
      [`people show ${person}`, 2],
      [`sessions list --person ${person}`, 3],
      ["keys list", 3],
      ["sales list", 2],
      [`sales show ${event}`, 15],
      [`registrations cancel ${event} ${registration}`, 1]
    ]
    for (const [line, lines] of commands) {
      const words = await turnout.run(...line.split(" "))
      assertTame(words)
      assert.include(words.stdout, BEGINNING, line)
      assert.lengthOf(words.stdout.split("\n").slice(0, -1), lines, line)

      const coloured = await withColours.run(...line.split(" "))
      assert.strictEqual(hasColours(coloured.stdout), !line.startsWith("registrations cancel"), line)
      assertTame(withoutColours(coloured))

      const json = await turnout.json(...line.split(" "))
      assertTame(json)
      assert.include(JSON.stringify(json.document), HOSTILE_JSON.slice(1, -1), line)
    }
  })

  it.concurrent("is shown by commands that follow the journal, in lines and in documents", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { event } = await given(turnout)
    const follow = async (...args: ReadonlyArray<string>) => {
      const running = turnout.start(args)
      await CommandLine.until(() => running.printed.stdout.split("\n").length > 5, "the journal")
      running.process.kill("SIGTERM")
      const ended = await running.ended
      assertTame(ended)
      return ended.stdout.split("\n").slice(0, -1)
    }
    const tail = ["outbox", "tail", "--from", "beginning"]
    const lines = await follow(...tail)
    assert.lengthOf(lines, 5)
    for (const line of lines) assert.include(line, `  ${SHOWN}  `, "who it was")
    assert.include(lines[0], String.raw`"title":"\u202eevil\u200b"`)
    const documents = await follow(...tail, "--json")
    const messages = await follow("relay", "--stdout")
    for (const line of [...documents, ...messages]) {
      const { eventId, metadata } = JSON.parse(line) as { eventId: string; metadata: { actor: string } }
      assert.deepStrictEqual([eventId, metadata.actor], [event, HOSTILE])
    }
    assert.lengthOf(documents, 5)
    assert.lengthOf(messages, 5)
    for (const [first] of [documents, messages]) assert.include(JSON.stringify(JSON.parse(first!)), TURNED)
  })

  it.concurrent("is shown if it is the answer of a webhook, and in the log of the server", async () => {
    await using turnout = await CommandLine.onPostgres()
    const endpoint = createServer((incoming, response) => {
      incoming.resume().on("end", () => response.writeHead(500).end(HOSTILE))
    })
    await new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve))
    try {
      const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`
      const added = await turnout.json("webhooks", "add", url, "--allow-private-webhooks", "--type", "EventCreated")
      const { id } = (added.document as unknown as { readonly webhook: { readonly id: string } }).webhook
      const server = await turnout.serve("--allow-private-webhooks", "--log-requests")
      await fetch(`${server.url}/%1b[2J%0a`)
      await CommandLine.until(() => server.printed.stderr.includes("http.route=unmatched"), "the request in the log")
      await turnout.run(
        "import",
        turnout.write("people.csv", "email\na@example.com\n"),
        "--title",
        "A",
        "--capacity",
        "1"
      )
      let attempts = await turnout.run("webhooks", "attempts", id)
      while (!attempts.stdout.includes("failed")) attempts = await turnout.run("webhooks", "attempts", id)

      assertTame(attempts)
      assert.include(attempts.stdout, `HTTP 500: ${String.raw`\x1b[2J\x9b2J\x7f\r\n`}`)
      // The head, a row for each attempt (there may be another one by now), and nothing after the last line break.
      assert.lengthOf(attempts.stdout.split("\n"), 2 + attempts.stdout.split("HTTP 500").length - 1)
      const { document } = await turnout.json("webhooks", "attempts", id)
      assert.strictEqual(document.items[0]!.error as unknown, `HTTP 500: ${HOSTILE}`)
      const parked = await turnout.run("outbox", "parked", "list", "--all", "--sink", `webhook:${id}`)
      assertTame(parked)
      assert.include(parked.stdout, `HTTP 500: ${String.raw`\x1b[2J`}`)
      const ended = await server.stop("SIGTERM")
      assertTame(ended)
      for (const line of ended.stderr.split("\n").slice(0, -1)) assert.match(line, /^timestamp=/)
    } finally {
      endpoint.closeAllConnections()
      endpoint.close()
    }
  })

  it.concurrent("is shown if it is a dead letter, or what a handler has failed with", async () => {
    await using turnout = await CommandLine.onPostgres()
    const { bury, dead, live } = sqs.deadLetterQueues()
    // SQS refuses most control characters, and takes these.
    const body = "\t\r\n\u007f\u009b2J\u202eevil\u2028\u200b"
    bury(body)
    const letters = (...args: ReadonlyArray<string>) =>
      turnout.start(["dlq", "list", "--sqs", dead.queueUrl, ...sqs.options(), ...args]).ended
    const words = await letters()
    assertTame(words)
    assert.include(words.stdout, String.raw`\t\r\n\x7f\x9b2J\u202eevil\u2028\u200b`)
    assert.lengthOf(words.stdout.split("\n"), 3)
    const json = await letters("--json")
    assertTame(json)
    assert.include(JSON.stringify(JSON.parse(json.stdout)), JSON.stringify(body).slice(1, -1))

    const fail = `const fail = () => { throw new Error(${HOSTILE_JSON}) }`
    turnout.write("handlers.mjs", `${fail}\nexport default { EventCreated: fail }\n`)
    const worker = (consumer: string, ...args: ReadonlyArray<string>) => {
      const handlers = ["--handlers", "handlers.mjs", "--consumer", consumer]
      return turnout.start(["worker", "--sqs", live.queueUrl, ...handlers, ...sqs.options(), ...args])
    }
    const relay = turnout.start(["relay", "--sqs", live.queueUrl, ...sqs.options()])
    await turnout.run(
      "import",
      turnout.write("people.csv", "email\na@example.com\n"),
      "--title",
      "A",
      "--capacity",
      "1"
    )
    for (const args of [[], ["--json"]]) {
      const running = worker(HOSTILE, ...args)
      await CommandLine.until(() => running.printed.stderr.includes("could not be dealt with"), "the failure")
      running.process.kill("SIGTERM")
      const ended = await running.ended
      assertTame(ended)
      const logged = ended.stderr.split("\n").slice(0, -1)
      const failed = logged.find((line) => line.includes("could not be dealt with"))!
      assert.include(failed, String.raw`\u001b[2J\u009b2J\u007f\r\n\t\u202eevil`)
      for (const line of logged) assert.match(line, /^(?:timestamp=|\{)/)
      if (args.length > 0) assert.include((JSON.parse(failed) as { readonly cause: string }).cause, HOSTILE)
      else assert.include(ended.stdout, `${SHOWN} takes messages from`)
    }
    relay.process.kill("SIGTERM")
    assertTame(await relay.ended)
  })

  it.concurrent("is shown if it is in a file, its name, or an argument", async () => {
    await using scratch = await TestDatabase.scratch(inject("postgresUrl"))
    await using turnout = await CommandProcess.start(scratch.url)
    const name = HOSTILE
    const quoted = `"${name}"`
    const rows = turnout.write(
      `${name}.csv`,
      `email,name\nada@example.com,Ada\n${quoted},Bob\ncarl@example.com,${quoted}\n`
    )
    const imported = await turnout.run("import", rows, "--title", "A", "--capacity", "1")
    assert.deepStrictEqual([imported.code, imported.stderr.split("\n").length], [1, 3])
    assertTame(imported)
    for (const line of imported.stderr.split("\n").slice(0, -1)) assert.isTrue(line.startsWith(`${SHOWN}.csv:`), line)
    const commands: ReadonlyArray<readonly [code: number, ...args: ReadonlyArray<string>]> = [
      [2, "import", turnout.write("column.csv", `email,${quoted}\na@example.com,b\n`), "--title", name],
      [1, "import", turnout.write("bytes.csv", Uint8Array.of(0xc3, 0x28)), "--title", name],
      [2, "import", turnout.write("quotes.csv", `email,name\n${name} "a" b,c\n`), "--title", name],
      [1, "import", `${name}/none`, "--title", name],
      [2, name],
      [2, "events", name],
      [2, "events", "list", `--${name}`],
      [2, "events", "list", "--limit", name],
      [2, "events", "list", "--status", `draft${name}`],
      [2, "events", "list", "--cursor", name],
      [2, "events", "show", name],
      [2, "registrations", "list", name],
      [2, "registrations", "cancel", name, name],
      [1, "outbox", "parked", "list", "--sink", name],
      [2, "outbox", "parked", "retry", "--sink", "mail", name],
      [1, "outbox", "forget", "--sink", name],
      [2, "outbox", "tail", "--cursor", name],
      [2, "outbox", "replay", "watch", name],
      [2, "webhooks", "add", `http://${name}`],
      [2, "sales", "show", name],
      [2, "dlq", "list", "--sqs", name],
      [2, "relay", "--sqs", `${name}=https://example.com/queue`],
      [2, "relay", "--sqs", name],
      [1, "worker", "--sqs", "https://example.com/queue", "--handlers", name, "--consumer", "c"],
      [2, "migrate", "status", "--schema", name]
    ]
    for (const [code, ...args] of commands) {
      const words = await turnout.run(...args)
      assertTame(words)
      assert.strictEqual(words.code, code, JSON.stringify(args))
      const failure = code === 1 ? /^error: .+\n$/ : /^error: .+\n(?:\(.+\)\n)+$/
      // A remark about the columns comes before the failure.
      const expected = args[1]?.endsWith("column.csv") === true ? /^column\.csv: .+\nerror: .+\n\(.+\)\n$/ : failure
      assert.match(words.stderr, expected, JSON.stringify(args))
      assertTame(await turnout.json(...args))
    }
    const misspelt = await turnout.run(`event${"\u200b"}s`)
    assert.strictEqual(
      misspelt.stderr,
      String.raw`error: unknown command 'event\u200bs'` + "\n(Did you mean events?)\n(--help shows what can be done)\n"
    )
  })

  it.concurrent("is shown if Node prints it: an error that nobody catches, and a warning", async () => {
    await using turnout = await CommandLine.onPostgres()
    const args = ["worker", "--sqs", "https://example.com/queue", "--handlers", "handlers.mjs", "--consumer", "c"]
    const end = async (code: string) => {
      turnout.write("handlers.mjs", `${code}\nexport default { EventCreated: () => {} }\n`)
      const ended = await turnout.start(args).ended
      assertTame(ended)
      return ended
    }
    const thrown = await end(
      `setTimeout(() => { throw new Error(${HOSTILE_JSON}) })\nawait new Promise(() => setTimeout(() => {}, 60_000))`
    )
    assert.strictEqual(thrown.code, 1)
    assert.include(thrown.stderr, String.raw`Error: \x1b[2J`)
    const warned = await end(
      `process.emitWarning(${HOSTILE_JSON})\nawait new Promise((resolve) => setTimeout(resolve, 50))\nthrow new Error("enough")`
    )
    assert.include(warned.stderr, `Warning: ${SHOWN}\n`)
    assert.include(warned.stderr, "error: cannot load handlers.mjs: enough")
  })

  // The program `script` runs a command on a terminal of its own.
  it.skipIf(spawnSync("script", ["--version"]).status !== 0)("is shown on a terminal as it is in a pipe", async () => {
    await using turnout = await CommandLine.onPostgres()
    await given(turnout)
    const line = `"${process.execPath}" "${CommandLine.COMMAND}" --database "${turnout.database}"`
    const run = async (args: string) => {
      const ended = await turnout.shell(`TERM=xterm script -qec '${line} ${args}' /dev/null`)
      // A terminal turns the end of a line into two characters.
      return { ...ended, stdout: ended.stdout.replaceAll("\r\n", "\n") }
    }
    const words = await run("events list")
    assert.isTrue(hasColours(words.stdout))
    assertTame(withoutColours(words))
    assert.include(words.stdout, SHOWN)
    const json = await run("events list --json")
    assertTame(json)
    assert.strictEqual(CommandLine.documentOf(json).items[0]!.title, HOSTILE)
  })
})
