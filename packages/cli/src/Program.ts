/**
 * The commands and options of `turnout`.
 *
 * Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander"
import { readFileSync } from "node:fs"
import * as Events from "./commands/events.ts"
import * as Import from "./commands/import.ts"
import * as Migrate from "./commands/migrate.ts"
import * as Outbox from "./commands/outbox.ts"
import * as Registrations from "./commands/registrations.ts"
import * as Relay from "./commands/relay.ts"
import * as Serve from "./commands/serve.ts"
import * as Tail from "./commands/tail.ts"
import * as Waitlist from "./commands/waitlist.ts"
import { DEFAULT_FOLDER, type GlobalOptions } from "./Database.ts"
import * as Output from "./Output.ts"

export const EXIT = { done: 0, failed: 1, usage: 2 } as const

/** A whole number from `minimum` to `maximum`. */
const wholeNumber = (minimum: number, maximum: number) => (text: string) => {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < minimum || number > maximum) {
    throw new InvalidArgumentError(`must be a whole number from ${minimum} to ${maximum}.`)
  }
  return number
}

const instant = (text: string) => {
  const date = new Date(text)
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError("must be a date and time, such as 2027-05-01T18:00Z.")
  return date
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version

/** The options of a list that is shown page by page. */
const limit = () => new Option("--limit <n>", "at most this many").default(50).argParser(wholeNumber(1, 500))
const cursor = () => new Option("--cursor <cursor>", "continue after the page before")

const sqs = () =>
  new Option("--sqs <url>", "URL of an SQS queue to deliver to; may be given several times").argParser(
    (url: string, before: ReadonlyArray<string> | undefined) => [...(before ?? []), url]
  )
const sqsEndpoint = () => new Option("--sqs-endpoint <url>", "another server than AWS").env("AWS_ENDPOINT_URL_SQS")
const sqsRegion = () => new Option("--sqs-region <region>", "AWS region").env("AWS_REGION")

const make = (finish: (code: number) => void): Command => {
  const program = new Command("turnout")
    .description("Live-event registration that never oversells.")
    .version(version())
    .addOption(new Option("--database <url>", "Postgres server, as postgres://user@host/database").env("DATABASE_URL"))
    .option("--data <folder>", "folder of the embedded Postgres that is used without --database", DEFAULT_FOLDER)
    .option("--schema <name>", "Postgres schema that everything lives in", "turnout")
    .option("--json", "print one JSON document on stdout, and nothing else")
    .showHelpAfterError("(--help shows what can be done)")
    .configureHelp({ showGlobalOptions: true })

  /** Runs a command with the options of the program and its own. */
  const action =
    <Options, Args extends ReadonlyArray<unknown>>(
      command: (options: GlobalOptions & Options, ...args: Args) => Promise<boolean>
    ) =>
    async (...given: ReadonlyArray<unknown>) => {
      const self = given.at(-1) as Command
      const options = self.optsWithGlobals<GlobalOptions & Options>()
      const args = given.slice(0, -2) as unknown as Args
      try {
        finish((await command(options, ...args)) ? EXIT.done : EXIT.failed)
      } catch (error) {
        Output.failure(options, error)
        finish(EXIT.failed)
      }
    }

  program
    .command("serve")
    .description("serve the HTTP API, with docs at /docs; SIGTERM and Ctrl-C stop it cleanly")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .addOption(
      new Option("--port <number>", "port; 0 takes a free one")
        .env("PORT")
        .default(3000)
        .argParser(wholeNumber(0, 65_535))
    )
    .addOption(
      new Option("--on-replay <policy>", "answer to an idempotency key that was answered before")
        .choices(["replay", "conflict"])
        .default("replay")
    )
    .option("--log-requests", "log every request on stderr")
    .option("--request-timeout <millis>", "longest time for one request", wholeNumber(1, 600_000), 30_000)
    .option(
      "--drain-delay <millis>",
      "time between not being ready and not listening, on stop",
      wholeNumber(0, 600_000),
      0
    )
    .option(
      "--shutdown-grace <millis>",
      "time for running requests to finish, on stop",
      wholeNumber(0, 600_000),
      10_000
    )
    .addOption(sqs())
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .option("--no-relay", "leave delivering to --sqs to others")
    .action(action(Serve.serve))

  program
    .command("relay")
    .description("deliver the journal to sinks; any number of relays share the work")
    .addOption(sqs())
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .option("--stdout", "print messages on stdout, one JSON document in a line")
    .option("--owner <name>", "name of this worker, unique among all (default: a random one)")
    .option(
      "--lease-ttl <millis>",
      "time after which a worker that died is replaced",
      wholeNumber(1_000, 600_000),
      10_000
    )
    .addOption(
      new Option("--start-from <place>", "where a sink begins that was never given anything")
        .choices(["beginning", "now"])
        .default("beginning")
    )
    .action(action(Relay.relay))

  const migrate = program.command("migrate").description("bring the database up to date")
  migrate
    .command("up")
    .description("apply the pending migrations")
    .option("--dry-run", "show the SQL and change nothing")
    .action(action(Migrate.up))
  migrate.command("status").description("show what is applied and what is pending").action(action(Migrate.status))

  program
    .command("import")
    .description("register the people of a CSV file, in the order of its lines")
    .argument(
      "<file>",
      "CSV with a header; columns: email (or attendee), and optionally id, name, notes, registered_at"
    )
    .option("--event <id>", "the event to register them for; or make one with:")
    .option("--title <text>", "title of a new, published event")
    .option("--capacity <seats>", "capacity of the new event", wholeNumber(0, 1_000_000))
    .option("--organizer <text>", "organizer of the new event", "turnout import")
    .option("--starts-at <time>", "start of the new event (default: in 30 days)", instant)
    .option("--ends-at <time>", "end of the new event (default: a day after its start)", instant)
    .option("--time-zone <zone>", "IANA time zone of the new event", "UTC")
    .action(action(Import.importFile))

  const events = program.command("events").description("look at events")
  events
    .command("list")
    .description("list events by their start")
    .addOption(new Option("--status <status>", "only those").choices(["draft", "published", "cancelled", "completed"]))
    .option("--organizer <text>", "only those of this organizer")
    .addOption(limit())
    .addOption(cursor())
    .action(action(Events.list))
  events
    .command("show")
    .description("show one event")
    .argument("<event>", "id of the event")
    .action(action(Events.show))

  const registrations = program.command("registrations").description("look at registrations, and cancel them")
  registrations
    .command("list")
    .description("list the registrations of an event in the order of entry")
    .argument("<event>", "id of the event")
    .addOption(
      new Option("--state <state>", "only those").choices([
        "confirmed",
        "waitlisted",
        "cancelled",
        "attended",
        "noShow"
      ])
    )
    .addOption(limit())
    .addOption(cursor())
    .action(action(Registrations.list))
  registrations
    .command("cancel")
    .description("cancel registrations; each seat that becomes free goes to the first in the waitlist")
    .argument("<event>", "id of the event")
    .argument("<registration...>", "ids of the registrations")
    .action(action(Registrations.cancel))

  program
    .command("waitlist")
    .description("look at waitlists")
    .command("show")
    .description("show who waits, first in line first")
    .argument("<event>", "id of the event")
    .addOption(limit())
    .addOption(cursor())
    .action(action(Waitlist.show))

  const as = () => new Option("--as <name>", "who the audit log says did it (default: the user of the system)")
  const sink = () => new Option("--sink <name>", "the sink").makeOptionMandatory()
  const outbox = program.command("outbox").description("look at what is delivered to whom, and repair it")
  outbox
    .command("status")
    .description("show backlog, age, rate and leases of every sink, and its parked streams")
    .option("--sample <millis>", "time over which the rate is measured; 0 for none", wholeNumber(0, 60_000), 1_000)
    .action(action(Outbox.status))
  outbox
    .command("tail")
    .description("show the journal as it is written; with --json, a document in a line for each event")
    .addOption(new Option("--from <place>", "where to begin").choices(["beginning", "now"]).default("now"))
    .option("--cursor <cursor>", "begin behind an event, whose cursor --json shows")
    .option("--type <type...>", "only events of these types")
    .action(action(Tail.tail))
  const parked = outbox.command("parked").description("decide about streams whose entries could not be delivered")
  parked
    .command("list")
    .description("list parked streams")
    .addOption(sink())
    .option("--all", "those that are still tried again as well")
    .option("--after <stream>", "continue behind this one")
    .addOption(limit())
    .action(action(Outbox.parkedList))
  parked
    .command("show")
    .description("show a blocked stream, what went wrong, and what waits")
    .addOption(sink())
    .argument("<stream>", "id of the event")
    .action(action(Outbox.parkedShow))
  parked
    .command("retry")
    .description("try streams again at once")
    .addOption(sink())
    .argument("[stream...]", "ids of the events")
    .option("--all", "every parked stream of the sink")
    .addOption(as())
    .action(action(Outbox.parkedRetry))
  parked
    .command("skip")
    .description("leave out the first entry that waits, and go on with the next")
    .addOption(sink())
    .argument("<stream...>", "ids of the events")
    .addOption(as())
    .action(action(Outbox.parkedSkip))
  parked
    .command("discard")
    .description("leave out everything that waits, and go on with what comes")
    .addOption(sink())
    .argument("<stream...>", "ids of the events")
    .addOption(as())
    .action(action(Outbox.parkedDiscard))
  outbox
    .command("audit")
    .description("show what operators have done, the latest first")
    .addOption(limit())
    .option("--after <number>", "continue behind this one", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action(action(Outbox.audit))
  outbox
    .command("prune")
    .description("delete journal entries that every sink has been given; never those of the last hour")
    .requiredOption("--before <time>", "only what happened before", instant)
    .addOption(as())
    .action(action(Outbox.prune))
  outbox
    .command("repair")
    .description("make a journal deliverable that was restored into another database cluster")
    .addOption(as())
    .action(action(Outbox.repair))

  for (const command of allOf(program)) command.exitOverride()
  return program
}

const allOf = (command: Command): ReadonlyArray<Command> => [command, ...command.commands.flatMap(allOf)]

/** Runs the command line and gives its exit code. */
export const run = async (args: ReadonlyArray<string>): Promise<number> => {
  let code: number = EXIT.done
  try {
    await make((given) => (code = given)).parseAsync(args, { from: "user" })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version end here as well, with exit code 0; a command without its subcommand shows help as an error.
    code = error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
  return code
}
