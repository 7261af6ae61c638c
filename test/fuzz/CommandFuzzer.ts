/**
 * Commands of all kinds with arguments of all kinds, and what must be true of how they end.
 *
 * They are made of the commands and options that the program declares. A command ends in time, with exit code 0, 1 or 2;
 * with `--json` what it prints on stdout is one document; it never shows a stack trace, nor an error that nobody foresaw, nor a
 * character that a terminal obeys or hides; and if it was refused, it has changed nothing.
 */
import * as Database from "turnout/database"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Effect, Layer } from "effect"
import { startFauxqs } from "fauxqs"
import { fork } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
// oxlint-disable-next-line no-restricted-imports -- a program is for running: its package exports nothing
import { make } from "../../packages/cli/src/Program.ts"
import { sql } from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import { obeyedLines } from "../support/HostileText.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import type { Ended } from "./commandLine.ts"
import { NASTY_ARGUMENTS, NASTY_FILES } from "./Corpus.ts"
import type { Unexpected } from "./HttpFuzzer.ts"
import { Chance } from "./Sampler.ts"

type Command = ReturnType<typeof make>
type Option = Command["options"][number]

export interface CommandReport {
  readonly commands: number
  readonly byCode: Readonly<Record<string, number>>
  readonly unexpected: ReadonlyArray<Unexpected>
}

/** What documents have that is of interest here. */
interface Printed {
  readonly error?: { readonly _tag: string }
  readonly webhook?: { readonly id: string }
  readonly secret?: string
  readonly replay?: { readonly id: string }
}

const SINK = "mail"
const WEBHOOK = "https://example.com/hooks"
/** Not run: it would listen on ports for nothing but to be stopped. */
const LEFT_OUT = new Set(["serve"])
/** They print a document for each event, if any. */
const STREAMS = new Set(["tail", "relay"])
/** They do what can be done, and say what could not be. */
const IN_PARTS = new Set([
  "import",
  "cancel",
  "retry",
  "skip",
  "discard",
  "redrive",
  "rebuild",
  "confirm",
  "reinstate",
  "attended",
  "no-show",
  "clear-attendance",
  "release-seat"
])

const leaves = (command: Command): ReadonlyArray<Command> =>
  command.commands.length === 0
    ? [command]
    : [...command.commands.flatMap(leaves), ...(command.name() === "replay" ? [command] : [])]

const pathOf = (command: Command): ReadonlyArray<string> =>
  command.parent === null ? [] : [...pathOf(command.parent), command.name()]

/** Runs so many commands on a database of their own on this server. */
export const fuzzCommands = async (options: {
  readonly commands: number
  readonly seed: number
  readonly server: string
  readonly onProgress?: (done: number) => void
}): Promise<CommandReport> => {
  const { commands, onProgress = () => {}, seed, server } = options
  const chance = new Chance(seed)
  const folder = mkdtempSync(join(tmpdir(), "turnout-fuzz-"))
  await using scratch = await TestDatabase.scratch(server)
  const sqs = await startFauxqs({ port: 0, logger: false })
  const queue = sqs.createQueue("fuzz.fifo", { attributes: { FifoQueue: "true" } }).queueUrl
  const child = fork(fileURLToPath(new URL("commandLine.ts", import.meta.url)), {
    cwd: folder,
    execArgv: ["--conditions=@turnout/source"],
    // A command that reads stdin is given none.
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: {
      PATH: process.env["PATH"],
      USER: "fuzz",
      AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${sqs.port}`,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test"
    }
  })
  const told = <A>() => new Promise<A>((resolve) => child.once("message", (message) => resolve(message as A)))
  const run = (args: ReadonlyArray<string>): Promise<Ended> => {
    const ended = told<Ended>()
    child.send(args)
    return ended
  }

  const byCode: Record<string, number> = {}
  const unexpected: Array<Unexpected> = []
  try {
    await told()
    const ids = await given(scratch.url)
    const files = ["people.csv", "nothing.csv", "handlers.mjs", "missing.csv", "."]
    writeFileSync(join(folder, "people.csv"), "email\na@example.com\nb@example.com\n")
    writeFileSync(join(folder, "nothing.csv"), "")
    writeFileSync(join(folder, "handlers.mjs"), "export default { EventCreated: () => {} }\n")
    for (const [index, content] of NASTY_FILES.entries()) {
      files.push(`nasty-${index}.csv`)
      writeFileSync(join(folder, files.at(-1)!), content)
    }
    /** How much there is, of everything that can be changed. */
    const size = async () => {
      const tables = ["journal", "audit_log", "webhooks", "replays"].map(
        (table) => `(SELECT count(*) FROM turnout.${table})::text`
      )
      return JSON.stringify(await sql(scratch.url, `SELECT ${tables.join(" || ' ' || ")} AS size`))
    }

    const known: Readonly<Record<string, () => string>> = {
      event: () => chance.pick(ids.events),
      stream: () => chance.pick(ids.events),
      registration: () => chance.pick(ids.registrations),
      file: () => chance.pick(files),
      sink: () => SINK,
      url: () => WEBHOOK,
      sqs: () => queue,
      to: () => (chance.happens(50) ? queue : "2031-01-01T00:00:00Z"),
      handlers: () => "handlers.mjs",
      output: () => chance.pick(["out.csv", "-", "."]),
      encoding: () => chance.pick(["utf-8", "utf-16le", "windows-1252"]),
      webhook: () => chance.pick(ids.webhooks),
      replay: () => chance.pick(ids.replays)
    }
    const value = (of: string, choices: ReadonlyArray<string> | undefined, nastiness: number): string => {
      if (chance.happens(nastiness)) return chance.pick(NASTY_ARGUMENTS)
      if (choices !== undefined) return chance.pick(choices)
      const own = known[of]
      if (own !== undefined) return own()
      if (/-at$|^from$|^before$/.test(of)) return "2030-05-01T18:00:00Z"
      if (/limit|capacity|seats|demote|version|per-second|sample|overlap|concurrency/.test(of))
        return String(1 + chance.choose(50))
      if (of === "lease-ttl") return "1000"
      if (of === "inbox-ttl") return "60000"
      if (of === "time-zone") return "Europe/Berlin"
      if (of === "email") return `person-${1 + chance.choose(9)}@example.com`
      return chance.pick(["Ada", "a talk", "mail"])
    }
    const optionOf = ({ argChoices, long, optional, required }: Option, nastiness: number): ReadonlyArray<string> =>
      required || optional ? [long!, value(long!.slice(2), argChoices, nastiness)] : [long!]
    const program = make(() => {})
    const all = leaves(program).filter((command) => !LEFT_OUT.has(command.name()))
    const draw = () => {
      const command = chance.pick(all)
      const nastiness = chance.pick([0, 0, 5, 25])
      const chosen = command.options.filter(({ mandatory }) => chance.happens(mandatory ? 97 : 25))
      const args = command.registeredArguments.flatMap((argument) =>
        Array.from(
          { length: argument.variadic ? 1 + chance.choose(2) : argument.required || chance.happens(50) ? 1 : 0 },
          () => value(argument.name(), undefined, nastiness)
        )
      )
      if (chance.happens(nastiness)) args.push(chance.pick(NASTY_ARGUMENTS))
      const before = chance.happens(nastiness) ? ["--schema", chance.pick(NASTY_ARGUMENTS)] : []
      const isJson = chance.happens(70)
      return {
        command,
        isJson,
        args: [
          "--database",
          chance.happens(nastiness / 5) ? chance.pick(NASTY_ARGUMENTS) : scratch.url,
          ...before,
          ...(isJson ? ["--json"] : []),
          ...pathOf(command),
          ...args,
          ...chosen.flatMap((option) => optionOf(option, nastiness))
        ]
      }
    }

    let before = await size()
    for (let number = 1; number <= commands; number++) {
      const { args, command, isJson } = draw()
      const { code, stderr, stdout } = await run(args)
      byCode[String(code)] = (byCode[String(code)] ?? 0) + 1
      const note = (what: string) =>
        unexpected.push({ number, request: JSON.stringify(args.slice(2)).slice(0, 500), what: what.slice(0, 500) })
      if (code !== 0 && code !== 1 && code !== 2) note(code === null ? "did not end" : `exit code ${code}`)
      if (/^\s+at .*[:(]\d+/m.test(stderr + stdout)) note(`a stack trace: ${stderr}`)
      // An export is a file, which is exact where stdout is no terminal.
      for (const line of obeyedLines(command.name() === "export" ? stderr : stdout + stderr))
        note(`a terminal obeys: ${JSON.stringify(line)}`)
      if (code === 1 && stderr === "" && stdout === "") note("failed without a word")
      const lines = stdout.split("\n").slice(0, -1)
      if (isJson) {
        const documents = lines.map((line): Printed => {
          try {
            return JSON.parse(line) as Printed
          } catch {
            note(`no JSON: ${line}`)
            return {}
          }
        })
        if (!STREAMS.has(command.name()) && documents.length !== 1)
          note(`${documents.length} documents: ${stdout} ${stderr}`)
        for (const { error, replay, secret, webhook } of documents) {
          if (error?._tag === "Unexpected") note(`nobody foresaw: ${stdout}`)
          if (webhook !== undefined && secret !== undefined) ids.webhooks.push(webhook.id)
          if (replay !== undefined) ids.replays.push(replay.id)
        }
      }
      const after = await size()
      if (code !== 0 && after !== before && !IN_PARTS.has(command.name()))
        note(`exit code ${code}, and something changed`)
      before = after
      if (number % 20 === 0) onProgress(number)
    }
    return { commands, byCode, unexpected }
  } finally {
    child.kill("SIGKILL")
    await sqs.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What commands can be about. */
const given = (url: string) =>
  Effect.gen(function* () {
    const turnout = yield* Turnout.Turnout
    yield* Outbox.use((outbox) => outbox.register(SINK, "beginning"))
    const { id } = yield* Given.publishedEvent({ capacity: 2 })
    const registrations: Array<string> = []
    for (let person = 1; person <= 4; person++)
      registrations.push((yield* turnout.register(id, Given.person(person))).registration.id)
    const { id: draft } = yield* turnout.createEvent(Given.eventInput({ capacity: 1 }))
    const nobody = "00000000-0000-4000-8000-000000000000"
    return {
      events: [id, draft, nobody],
      registrations: [...registrations, nobody],
      webhooks: [nobody],
      replays: [nobody]
    }
  }).pipe(
    Effect.provide(Turnout.layer().pipe(Layer.provideMerge(Layer.orDie(Database.layer({ database: url }))))),
    Effect.runPromise
  )
