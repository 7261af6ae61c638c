/**
 * What is set but empty, and what names a database wrongly, is wrong usage: exit code 2, and nothing is made.
 */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
// oxlint-disable-next-line no-restricted-imports -- a program is for running: its package exports nothing
import { make } from "../../packages/cli/src/Program.ts"
import * as CommandLine from "../support/CommandLine.ts"

type Command = ReturnType<typeof make>

const allOf = (command: Command): ReadonlyArray<Command> => [command, ...command.commands.flatMap(allOf)]
const pathOf = (command: Command): ReadonlyArray<string> =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()]

/** A program that is parsed and never run; gives what commander says. */
const refusal = (args: ReadonlyArray<string>): string => {
  const program = make(() => {})
  for (const command of allOf(program)) command.configureOutput({ writeErr: () => {}, writeOut: () => {} })
  for (const command of allOf(program)) command.action(() => {})
  try {
    program.parse(args, { from: "user" })
    return ""
  } catch (error) {
    return (error as Error).message
  }
}

const COMMANDS = allOf(make(() => {}))
const UUID = "00000000-0000-4000-8000-000000000000"
const BLANK = ["", " ", "\t\n", "\u00a0"]

describe("turnout, set but empty", () => {
  for (const command of COMMANDS) {
    const path = pathOf(command)
    for (const option of command.options.filter(({ optional, required }) => required || optional)) {
      it(`is refused: turnout ${path.join(" ")} ${option.long}`, () => {
        for (const blank of BLANK) assert.include(refusal([...path, option.long!, blank]), "must not be empty", blank)
        if (option.variadic) assert.include(refusal([...path, option.long!, "x", ""]), option.long!)
      })
      const { envVar } = option
      if (envVar === undefined) continue
      it(`is refused: ${envVar}= turnout ${path.join(" ")}`, () => {
        const before = process.env[envVar]
        try {
          for (const blank of BLANK) {
            process.env[envVar] = blank
            // Everything that is mandatory, and no argument: the environment is looked at before them.
            const others = command.options
              .filter(({ mandatory }) => mandatory)
              .flatMap(({ long }) => [long!, "http://localhost/x"])
            const leaf = command.parent === null ? ["events", "list"] : path
            assert.include(refusal([...leaf, ...others]), "must not be empty")
          }
        } finally {
          if (before === undefined) delete process.env[envVar]
          else process.env[envVar] = before
        }
      })
    }
    for (const [index, argument] of command.registeredArguments.entries()) {
      it(`is refused: turnout ${path.join(" ")} <${argument.name()}>`, () => {
        const others = command.options
          .filter(({ mandatory }) => mandatory)
          .flatMap(({ argChoices, long }) => [long!, argChoices?.[0] ?? "2030-01-01"])
        const given = command.registeredArguments.map((_, at) => (at === index ? "" : UUID))
        assert.include(refusal([...path, ...others, ...given]), "must not be empty")
        if (argument.variadic) assert.include(refusal([...path, ...others, ...given, " "]), "must not be empty")
      })
    }
  }

  it("collects what is given several times, as before", () => {
    const program = make(() => {})
    const replay = allOf(program).find((command) => command.name() === "replay")!
    replay.action(() => {})
    program.parse(["outbox", "replay", "--type", "EventCreated", "EventPublished"], { from: "user" })
    assert.deepStrictEqual(replay.opts()["type"], ["EventCreated", "EventPublished"])
    const serve = allOf(program).find((command) => command.name() === "serve")!
    serve.action(() => {})
    const [a, b, c, d, e, f] = ["a", "b", "c", "d", "e", "f"].map((name) => `http://localhost/1/${name}`)
    const given = ["--dlq", a!, b!, "--dlq", c!, d!, "--sqs", e!, "--sqs", f!]
    program.parse(["serve", ...given], { from: "user" })
    assert.deepStrictEqual(
      [serve.opts()["dlq"], serve.opts()["sqs"]],
      [
        [{ url: a }, { url: b }, { url: c }, { url: d }],
        [{ url: e }, { url: f }]
      ]
    )
    const cancel = allOf(program).find((command) => pathOf(command).join(" ") === "registrations cancel")!
    let passed: unknown
    cancel.action((event, ids) => void (passed = [event, ids]))
    program.parse(["registrations", "cancel", UUID, "b", "c"], { from: "user" })
    assert.deepStrictEqual(passed, [UUID, ["b", "c"]])
  })
})

type Environment = Readonly<Record<string, string>>

/** How `turnout` is called, and what it says. */
const WRONG: ReadonlyArray<readonly [env: Environment, args: ReadonlyArray<string>, says: string]> = [
  [{ DATABASE_URL: "" }, ["events", "list"], "'--database <url> (or DATABASE_URL)' is invalid. must not be empty"],
  [{ DATABASE_URL: " \n" }, ["events", "list"], "must not be empty"],
  [{ DATABASE_URL: "" }, ["--data", "here", "events", "list"], "must not be empty"],
  [{}, ["--database", "", "events", "list"], "must not be empty"],
  [{}, ["--data", "", "events", "list"], "must not be empty"],
  [{}, ["events", "list", "--data", " "], "must not be empty"],
  [{}, ["--schema", "", "events", "list"], "must not be empty"],
  [{}, ["--schema", "Bad; name", "events", "list"], "lower-case letters"],
  [{ PORT: "" }, ["serve"], "value '' from env 'PORT' is invalid. must not be empty"],
  [{ TURNOUT_ADMIN_TOKEN: "" }, ["serve"], "(or TURNOUT_ADMIN_TOKEN)' is invalid. must not be empty"],
  [{ TURNOUT_SMTP: "" }, ["serve"], "(or TURNOUT_SMTP)' is invalid. must not be empty"],
  [{}, ["serve", "--smtp", "smtp://u:secret@"], "'--smtp <url> (or TURNOUT_SMTP)' is invalid. must be a URL"],
  [{ AWS_REGION: "" }, ["relay", "--stdout"], "from env 'AWS_REGION' is invalid. must not be empty"],
  [{ AWS_ENDPOINT_URL_SQS: " " }, ["serve"], "from env 'AWS_ENDPOINT_URL_SQS' is invalid. must not be empty"],
  [{}, ["relay", "--sqs", ""], "must not be empty"],
  [{}, ["import", "people.csv", "--title", "", "--capacity", "1"], "must not be empty"],
  [{}, ["outbox", "prune", "--before", "2030-01-01", "--as", ""], "must not be empty"],
  [{ DATABASE_URL: "mysql://u:secret@localhost/app" }, ["events", "list"], "postgres://user@host:5432/database"],
  [{ DATABASE_URL: "memory:" }, ["events", "list"], "postgres://user@host:5432/database"],
  [{}, ["--database", "./folder", "events", "list"], "for a folder use --data"],
  [{}, ["--database", "Postgres:secret", "events", "list"], "postgres://user@host:5432/database"],
  [{}, ["--data", "POSTGRES://u:secret@127.0.0.1/x", "events", "list"], "for a server use --database"],
  [{ DATABASE_URL: "postgres://u:secret@[bad" }, ["events", "list"], "postgres://user@host:5432/database"],
  [{}, ["--data", "memory:", "events", "list"], "must be a folder"],
  [{}, ["--data", "file:data", "events", "list"], "must be a folder"],
  [{}, ["--data", "$HOME/data", "events", "list"], "must be a folder"],
  [{}, ["--data", "here", "--database", "postgres://127.0.0.1:1/x", "events", "list"], "cannot be used with"],
  [{ DATABASE_URL: "postgres://127.0.0.1:1/x" }, ["--data", "here", "events", "list"], "cannot be used with"],
  [{}, ["serve", "--admin-token", "secret"], "'--admin-token <token> (or TURNOUT_ADMIN_TOKEN)' is invalid. must have"]
]

describe("turnout, what would name another database than was meant", { timeout: 120_000 }, () => {
  for (const [env, args, says] of WRONG) {
    const line = [...Object.entries(env).map(([name, value]) => `${name}=${JSON.stringify(value)}`), ...args].join(" ")
    it.concurrent(`wrong usage: ${line}`, async () => {
      await using turnout = await CommandLine.embedded()
      const { code, stderr, stdout } = await turnout.start(args, env).ended
      assert.deepStrictEqual([code, stdout], [2, ""], stderr)
      assert.include(stderr, says)
      assert.match(stderr, /^error: [^\n]*\n\(--help shows what can be done\)\n$/)
      assert.notInclude(stderr, "secret")
      assert.deepStrictEqual(readdirSync(turnout.folder), [])
    })
  }

  for (const args of [
    ["events", "list", "--data", ""],
    ["migrate"],
    ["frobnicate"],
    ["events", "list", "--limit", "x"],
    []
  ])
    it.concurrent(`one document with --json: turnout ${args.map((arg) => arg || '""').join(" ")}`, async () => {
      await using turnout = await CommandLine.embedded()
      const { code, document, stderr } = await turnout.json(...args)
      assert.deepStrictEqual([code, document.error._tag], [2, "WrongUsage"])
      assert.notMatch(document.error.message, /^error|outputHelp/)
      assert.isTrue(stderr.includes(document.error.message) || stderr.startsWith("Usage: "))
    })

  it.concurrent("a scheme in another case, with blanks around, is a server's", async () => {
    await using turnout = await CommandLine.embedded()
    for (const DATABASE_URL of [" POSTGRES://nobody@127.0.0.1:1/x ", "PostgreSQL://nobody@127.0.0.1:1/x\n"]) {
      const { code, stderr } = await turnout.start(["migrate", "status"], { DATABASE_URL }).ended
      assert.strictEqual(code, 1)
      assert.include(stderr, "Check that the database is up")
    }
    assert.isFalse(existsSync(join(turnout.folder, "turnout-data")))
  })

  it.concurrent("the description of a webhook is taken away in so many words", async () => {
    await using turnout = await CommandLine.onPostgres()
    const add = await turnout.json("webhooks", "add", "https://example.com/hook", "--description", "what it is for")
    const { id } = (add.document as unknown as { readonly webhook: { readonly id: string } }).webhook
    const empty = await turnout.json("webhooks", "update", id, "--description", "")
    assert.deepStrictEqual([empty.code, empty.document.error._tag], [2, "WrongUsage"])
    const taken = await turnout.json("webhooks", "update", id, "--no-description")
    assert.include(taken.stdout, '"description":""')
    const left = await turnout.json("webhooks", "update", id, "--url", "https://example.com/other")
    assert.include(left.stdout, '"description":""')
  })
})
