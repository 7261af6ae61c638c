/**
 * Values that break a rule, for every argument and every option of every command: that is wrong usage, with exit code 2, and the error
 * names the option or the argument.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, inject, it } from "vitest"
import * as CommandProcess from "../support/CommandProcess.ts"
import * as Commands from "../support/Commands.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const NOBODY = "00000000-0000-4000-8000-000000000000"
const QUEUE = "https://sqs.eu-central-1.amazonaws.com/1/dead.fifo"
/** A value that is no number, no time, no id, no URL and no choice, and too long for a text. */
const BAD = "x".repeat(5_000)

/** Options and arguments that name something of which only a look tells whether it is there; every text is a name. */
const NAMES: Readonly<Record<string, string>> = {
  "--sink": "a sink",
  "--admin-token": "a secret",
  "--consumer": "a consumer",
  "--handlers": "a file",
  "--output": "a file",
  "--owner": "a relay",
  "--host": "an address",
  "--metrics-host": "an address",
  "--message": "a message of SQS",
  "--sqs-region": "a region",
  "--sqs-endpoint": "a server",
  "<file>": "a file"
}

/** Valid values. */
const VALUES: Readonly<Record<string, string>> = {
  "<attendee>": "ada",
  "<file>": "people.csv",
  "<organization>": "default",
  "<seats>": "5",
  "<slug>": "music",
  "<subject>": "ada@example.com",
  "<url>": "https://example.com/hooks",
  "--before": "2020-01-01",
  "--capacity": "5",
  "--consumer": "mail",
  "--email": "ada@example.com",
  "--ends-at": "2040-05-02",
  "--handlers": "handlers.mjs",
  "--name": "Ada",
  "--organizer": "Ada",
  "--role": "viewer",
  "--sink": "mail",
  "--sqs": QUEUE,
  "--starts-at": "2040-05-01",
  "--time-zone": "Europe/Berlin",
  "--title": "Gala",
  "--to": QUEUE
}

/** An event to be changed by nobody: every command with a bad value is refused. */
const makeEvent = async (turnout: CommandProcess.CommandProcess): Promise<string> => {
  const mandatory = ["--title", "--organizer", "--capacity", "--starts-at", "--ends-at", "--time-zone"]
  const options = mandatory.flatMap((option) => [option, VALUES[option]!])
  const { document } = await turnout.json<{ readonly event: { readonly id: string } }>("events", "create", ...options)
  return document.event.id
}

/** What is tried: the option or argument with a bad value, and the words of the command. */
const triesOf = (
  command: Commands.Command,
  event: string
): ReadonlyArray<readonly [name: string, words: ReadonlyArray<string>]> => {
  const valueOf = (name: string) => VALUES[name] ?? (/^<(?:event|stream)>$/.test(name) ? event : NOBODY)
  const names = command.registeredArguments.map((argument) => `<${argument.name()}>`)
  const given = names.map(valueOf)
  const mandatory = command.options.filter(({ mandatory }) => mandatory).map(({ long }) => long!)
  const optionsBut = (left?: string) =>
    mandatory.filter((long) => long !== left).flatMap((long) => [long, valueOf(long)])
  const path = Commands.nameOf(command).split(" ")
  // An import that names no event is wrong usage of another kind.
  const others = path[0] === "import" ? (left: string) => (left === "--event" ? [] : ["--title", "Gala"]) : () => []
  return [
    ...names.map((name, index) => [name, [...path, ...given.with(index, BAD), ...optionsBut()]] as const),
    ...command.options
      .filter(({ optional, required }) => required || optional)
      .map(
        ({ long }) =>
          [
            long!,
            [...path, ...given, ...optionsBut(long), ...(long === "--title" ? [] : others(long!)), long!, BAD]
          ] as const
      )
  ].filter(([name]) => !(name in NAMES))
}

describe("values that break a rule", { timeout: 180_000 }, () => {
  it("are wrong usage of the option or argument that is named, in every command, and change nothing", async () => {
    await using scratch = await TestDatabase.scratch(inject("postgresUrl"))
    await using turnout = await CommandProcess.start(scratch.url)
    writeFileSync(join(turnout.folder, "people.csv"), "email\nada@example.com\n")
    const event = await makeEvent(turnout)
    const tries = Commands.leaves(Commands.program()).flatMap((command) => triesOf(command, event))
    assert.isAbove(tries.length, 150)

    const unexpected: Array<readonly [string, number | null, string]> = []
    for (const [name, words] of tries) {
      const { code, stderr, stdout } = await turnout.run(...words, "--json")
      const { error } = JSON.parse(stdout || "{}") as {
        readonly error?: { readonly _tag: string; readonly message: string }
      }
      const line = words.map((word) => (word === BAD ? "BAD" : word)).join(" ")
      const isNamed = error?.message.includes(name) === true && stderr.includes(name)
      if (code !== 2 || error?._tag !== "WrongUsage" || !isNamed)
        unexpected.push([line, code, stderr.replaceAll(BAD, "BAD").slice(0, 300)])
    }
    assert.deepStrictEqual(unexpected, [])
    const { document } = await turnout.json<{ readonly version: number }>("events", "show", event)
    assert.strictEqual(document.version, 1)
  })

  it("that contradict each other are told with both options", async () => {
    await using scratch = await TestDatabase.scratch(inject("postgresUrl"))
    await using turnout = await CommandProcess.start(scratch.url)
    const event = await makeEvent(turnout)
    const says = async (...words: ReadonlyArray<string>) => {
      const { code, stderr } = await turnout.run(...words)
      return [code, stderr.split("\n")[0]] as const
    }
    const zone = ["--time-zone", "Europe/Berlin"]
    const names = ["--title", "Gala", "--organizer", "Ada", "--capacity", "5", ...zone]
    assert.deepStrictEqual(
      await says("events", "create", ...names, "--starts-at", "2040-05-02", "--ends-at", "2040-05-01"),
      [2, "error: --ends-at must be after --starts-at"]
    )
    assert.deepStrictEqual(await says("events", "update", event, "--ends-at", "2030-05-01"), [
      1,
      "error: --ends-at must be after --starts-at."
    ])
    assert.deepStrictEqual(await says("events", "list", "--from", "2040-01-02", "--until", "2040-01-01"), [
      2,
      "error: --until must be after --from"
    ])
    assert.deepStrictEqual(
      await says("events", "create", ...names, "--starts-at", "2040-03-25 02:30", "--ends-at", "2040-05-01"),
      [
        2,
        "error: --starts-at 2040-03-25 02:30 does not exist in Europe/Berlin, where clocks are put forward; write another time"
      ]
    )
    assert.deepStrictEqual(await says("events", "show", "party"), [2, 'error: <event> must be a UUID; got "party"'])
    assert.deepStrictEqual((await says("events", "update", event))[0], 2)
    assert.deepStrictEqual((await says("registrations", "correct", event, NOBODY))[0], 2)
  })
})
