/**
 * The commands and options of `turnout`.
 *
 * Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
 */
import { DEFAULT_OVERLAP_MILLIS, MAX_OVERLAP_MILLIS } from "@turnout/core/application/Webhooks"
import { Instant } from "@turnout/core/domain/Instant"
import { JournalEventType } from "@turnout/core/domain/JournalEvent"
import { isToken, TOKEN_RULE } from "@turnout/http/Token"
import { Command, CommanderError, InvalidArgumentError, Option } from "commander"
import * as Options from "effect/Option"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import * as Dlq from "./commands/dlq.ts"
import * as Events from "./commands/events.ts"
import * as Import from "./commands/import.ts"
import * as Migrate from "./commands/migrate.ts"
import * as Outbox from "./commands/outbox.ts"
import * as Parked from "./commands/parked.ts"
import * as Registrations from "./commands/registrations.ts"
import * as Relay from "./commands/relay.ts"
import * as Replay from "./commands/replay.ts"
import * as Sales from "./commands/sales.ts"
import * as Serve from "./commands/serve.ts"
import * as Tail from "./commands/tail.ts"
import * as Waitlist from "./commands/waitlist.ts"
import * as Webhooks from "./commands/webhooks.ts"
import * as Worker from "./commands/worker.ts"
import { DEFAULT_FOLDER, type GlobalOptions } from "./Database.ts"
import * as Output from "./Output.ts"

const EVENT_TYPES = [...JournalEventType.literals]

export const EXIT = { done: 0, failed: 1, usage: 2 } as const

/** A whole number from `minimum` to `maximum`. */
const wholeNumber = (minimum: number, maximum: number) => (text: string) => {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < minimum || number > maximum) {
    throw new InvalidArgumentError(`must be a whole number from ${minimum} to ${maximum}.`)
  }
  return number
}

const token = (text: string) => {
  if (!isToken(text)) throw new InvalidArgumentError(`${TOKEN_RULE}.`)
  return text
}

const decodeInstant = Schema.decodeUnknownOption(Schema.toCodecJson(Instant))

/** Without an offset, a time would be another one on each machine; a date alone is the beginning of its day in UTC. */
const instant = (text: string) => {
  const whole = text.replace(/^[\d-]{10}$/, "$&T00:00Z").replace(/(T\d\d:\d\d)(Z|[+-])/, "$1:00$2")
  return Options.getOrThrowWith(
    decodeInstant(whole),
    () => new InvalidArgumentError("must be a date, or a date and time with an offset, such as 2027-05-01T18:00Z.")
  )
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
const startFrom = (place: "beginning" | "now") =>
  new Option("--start-from <place>", "where a sink begins that was never given anything")
    .choices(["beginning", "now"])
    .default(place)
const allowPrivate = () => new Option("--allow-private-webhooks", "post to private addresses and by plain http as well")
const sqsEndpoint = () => new Option("--sqs-endpoint <url>", "another server than AWS").env("AWS_ENDPOINT_URL_SQS")
const sqsRegion = () => new Option("--sqs-region <region>", "AWS region").env("AWS_REGION")

/** The commands; `finish` is told with which exit code one has ended. */
export const make = (finish: (code: number) => void): Command => {
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
    .addOption(
      new Option("--admin-token <token>", "token of the API for operators, at /admin/docs (default: there is none)")
        .env("TURNOUT_ADMIN_TOKEN")
        .argParser(token)
    )
    .option(
      "--dlq <urls...>",
      "a dead-letter queue of SQS, and the queue that operators may move its messages back to; may be given several times"
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
    .option("--sales", "keep sales summaries up to date")
    .option("--no-relay", "leave delivering to --sqs and webhooks, and --sales, to others")
    .addOption(allowPrivate())
    .action(action(Serve.serve))

  program
    .command("relay")
    .description("deliver the journal to sinks; any number of relays share the work")
    .addOption(sqs())
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .option("--stdout", "print messages on stdout, one JSON document in a line")
    .option("--webhooks", "post to webhooks")
    .option("--sales", "keep sales summaries up to date")
    .addOption(allowPrivate())
    .option("--owner <name>", "name of this worker, unique among all (default: a random one)")
    .option(
      "--lease-ttl <millis>",
      "time after which a worker that died is replaced",
      wholeNumber(1_000, 600_000),
      10_000
    )
    .addOption(startFrom("beginning"))
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
    .addOption(new Option("--type <type...>", "only events of these types").choices(EVENT_TYPES))
    .action(action(Tail.tail))
  const parked = outbox.command("parked").description("decide about streams whose entries could not be delivered")
  parked
    .command("list")
    .description("list parked streams")
    .addOption(sink())
    .option("--all", "those that are still tried again as well")
    .option("--after <stream>", "continue behind this one")
    .addOption(limit())
    .action(action(Parked.list))
  parked
    .command("show")
    .description("show a blocked stream, what went wrong, and what waits")
    .addOption(sink())
    .argument("<stream>", "id of the event")
    .action(action(Parked.show))
  parked
    .command("retry")
    .description("try streams again at once")
    .addOption(sink())
    .argument("[stream...]", "ids of the events")
    .option("--all", "every parked stream of the sink")
    .addOption(as())
    .action(action(Parked.retry))
  parked
    .command("skip")
    .description("leave out the first entry that waits, and go on with the next")
    .addOption(sink())
    .argument("<stream...>", "ids of the events")
    .addOption(as())
    .action(action(Parked.skip))
  parked
    .command("discard")
    .description("leave out everything that waits, and go on with what comes")
    .addOption(sink())
    .argument("<stream...>", "ids of the events")
    .addOption(as())
    .action(action(Parked.discard))
  const replay = outbox
    .command("replay")
    .description("send entries of the journal to a sink again; its relays carry it out")
    .option("--sink <name>", "the sink")
    .option("--from <time>", "only what happened at this time or later", instant)
    .option("--to <time>", "only what happened before this time", instant)
    .option("--event <message>", "only the entry with this message id")
    .addOption(new Option("--type <type...>", "only events of these types").choices(EVENT_TYPES))
    .option("--stream <event>", "only the stream of this event")
    .option("--all", "the whole journal")
    .option("--dry-run", "count the entries, and send nothing")
    .option("--per-second <n>", "at most so many messages a second", wholeNumber(1, 1_000_000))
    .option("--no-wait", "do not wait until it is over")
    .addOption(as())
    .action(action(Replay.start))
  replay
    .command("list")
    .description("list replays, the latest first")
    .addOption(limit())
    .option("--after <replay>", "continue behind this one")
    .action(action(Replay.list))
  replay
    .command("watch")
    .description("show the progress of a replay until it is over")
    .argument("<replay>", "id of the replay")
    .action(action(Replay.watch))
  replay
    .command("resume")
    .description("go on with a replay that was stopped by an entry that could not be delivered")
    .argument("<replay>", "id of the replay")
    .addOption(as())
    .action(action(Replay.resume))
  replay
    .command("cancel")
    .description("end a replay")
    .argument("<replay>", "id of the replay")
    .addOption(as())
    .action(action(Replay.cancel))
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

  outbox
    .command("forget")
    .description("forget a sink that is no longer delivered to, and what waits for it")
    .addOption(sink())
    .addOption(as())
    .action(action(Outbox.forget))

  const sales = program
    .command("sales")
    .description("show how events sold; turnout serve --sales and turnout relay --sales keep count")
  sales
    .command("list")
    .description("list sales summaries, in the order of the ids of their events")
    .addOption(limit())
    .option("--after <event>", "continue behind this one")
    .action(action(Sales.list))
  sales
    .command("show")
    .description("show the sales summary of an event")
    .argument("<event>", "id of the event")
    .action(action(Sales.show))
  sales
    .command("rebuild")
    .description("make sales summaries anew from the journal")
    .argument("[event...]", "ids of the events (default: all)")
    .addOption(as())
    .action(action(Sales.rebuild))

  const webhooks = program.command("webhooks").description("post events to URLs; turnout serve and turnout relay do it")
  const types = () => new Option("--type <type...>", "only events of these types (default: all)").choices(EVENT_TYPES)
  const description = () => new Option("--description <text>", "what it is for")
  const webhook = "id of the webhook"
  webhooks
    .command("add")
    .description("add a webhook, and show the secret that its requests are signed with")
    .argument("<url>", "where to post, such as https://example.com/hooks")
    .addOption(types())
    .addOption(description())
    .addOption(startFrom("now"))
    .addOption(as())
    .action(action(Webhooks.add))
  webhooks
    .command("list")
    .description("list webhooks")
    .addOption(limit())
    .option("--after <webhook>", "continue behind this one")
    .action(action(Webhooks.list))
  webhooks.command("show").description("show a webhook").argument("<webhook>", webhook).action(action(Webhooks.show))
  webhooks
    .command("update")
    .description("change where and what is posted")
    .argument("<webhook>", webhook)
    .option("--url <url>", "where to post")
    .addOption(types())
    .option("--all-types", "events of all types")
    .addOption(description())
    .addOption(as())
    .action(action(Webhooks.update))
  webhooks
    .command("rotate")
    .description("sign with a new secret, and for a while with the one before as well")
    .argument("<webhook>", webhook)
    .option(
      "--overlap <millis>",
      "for how long the one before is used as well",
      wholeNumber(0, MAX_OVERLAP_MILLIS),
      DEFAULT_OVERLAP_MILLIS
    )
    .addOption(as())
    .action(action(Webhooks.rotate))
  webhooks
    .command("enable")
    .description("post again, beginning with what happened meanwhile")
    .argument("<webhook>", webhook)
    .addOption(as())
    .action(action(Webhooks.enable))
  webhooks
    .command("disable")
    .description("post nothing until it is enabled again")
    .argument("<webhook>", webhook)
    .addOption(as())
    .action(action(Webhooks.disable))
  webhooks
    .command("remove")
    .description("remove a webhook, with its log and what waits for it")
    .argument("<webhook>", webhook)
    .addOption(as())
    .action(action(Webhooks.remove))
  webhooks
    .command("attempts")
    .description("show the requests that were made, the latest first")
    .argument("<webhook>", webhook)
    .addOption(limit())
    .option("--after <number>", "continue behind this one", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .action(action(Webhooks.attempts))

  const queue = (description: string) => new Option("--sqs <url>", description).makeOptionMandatory()
  program
    .command("worker")
    .description("deal with the messages of an SQS queue, each once, by the handlers of a module")
    .addOption(queue("URL of the queue"))
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .requiredOption("--handlers <file>", "module whose default export has a function for each type of event")
    .requiredOption("--consumer <name>", "whose effects these are: workers of one name share an inbox")
    .option("--concurrency <n>", "streams that are dealt with at the same time", wholeNumber(1, 1_000), 10)
    .action(action(Worker.worker))

  const dlq = program.command("dlq").description("look at the dead letters of an SQS queue, and send them back")
  dlq
    .command("list")
    .description("show dead letters; they are hidden from others while this looks")
    .addOption(queue("URL of the dead-letter queue"))
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .addOption(limit())
    .action(action(Dlq.list))
  dlq
    .command("redrive")
    .description("move dead letters to another queue")
    .addOption(queue("URL of the dead-letter queue"))
    .requiredOption("--to <url>", "URL of the queue to move them to")
    .option("--message <id...>", "only those (default: all)")
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .addOption(as())
    .action(action(Dlq.redrive))

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
