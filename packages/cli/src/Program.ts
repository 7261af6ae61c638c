/**
 * The commands and options of `turnout`.
 *
 * Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
 */
import { Command, CommanderError, Option } from "commander"
import { readFileSync } from "node:fs"
import * as Action from "./Action.ts"
import * as Completion from "./commands/shell/completion.ts"
import * as Doctor from "./commands/doctor/doctor.ts"
import * as Dlq from "./commands/consumer/dlq.ts"
import * as Events from "./commands/admission/events/events.ts"
import * as Import from "./commands/admission/import/import.ts"
import * as Journal from "./commands/journal/journal.ts"
import * as Keys from "./commands/access/keys.ts"
import * as Members from "./commands/access/members.ts"
import * as Migrate from "./commands/server/migrate.ts"
import * as Organizations from "./commands/access/organizations.ts"
import * as Outbox from "./commands/delivery/outbox.ts"
import * as Audit from "./commands/access/audit.ts"
import * as People from "./commands/access/people.ts"
import * as Registrations from "./commands/admission/registrations/registrations.ts"
import * as Relay from "./commands/delivery/relay.ts"
import * as Sales from "./commands/projections/sales.ts"
import * as Serve from "./commands/server/serve.ts"
import * as Sessions from "./commands/access/sessions.ts"
import * as Sweep from "./commands/server/sweep.ts"
import * as Waitlist from "./commands/admission/waitlist.ts"
import * as Webhooks from "./commands/webhooks/webhooks.ts"
import * as Worker from "./commands/consumer/worker.ts"
import { DEFAULT_FOLDER } from "./Database.ts"
import * as Configuration from "./configuration/Configuration.ts"
import { configurationFile, folder, schema, server } from "./options/Databases.ts"
import * as Help from "./output/Help.ts"
import * as Output from "./output/Output.ts"
import * as Examples from "./usage/Examples.ts"
import * as Usage from "./Usage.ts"

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version

/** The commands in the order in which help lists them. */
const commands = [
  Serve,
  Relay,
  Migrate,
  Doctor,
  Sweep,
  Import,
  Events,
  Registrations,
  Waitlist,
  Organizations,
  Members,
  People,
  Sessions,
  Audit,
  Keys,
  Journal,
  Outbox,
  Sales,
  Webhooks,
  Worker,
  Dlq,
  Completion
]

/**
 * Makes the program with all of its commands. A command that ends calls `finish` with its exit code. Another `action` makes a program
 * that only parses.
 */
export const make = (finish: (code: number) => void, action: Action.Action = Action.make(finish)): Command => {
  const program = new Command("turnout")
    .description("Live-event registration that never oversells.")
    .version(version())
    .addOption(
      new Option("--database <url>", "Postgres server, as postgres://user@host/database")
        .env("DATABASE_URL")
        .argParser(server)
    )
    .addOption(
      new Option("--data <folder>", "folder of the embedded Postgres that is used without --database")
        .default(DEFAULT_FOLDER)
        .argParser(folder)
        .conflicts("database")
    )
    .option("--schema <name>", "Postgres schema that everything lives in", schema, "turnout")
    .option("--pooler", "the server is behind a pooler in transaction mode (default: that is found out)")
    .option("--no-pooler", "the server is behind none, even if it seems so")
    .addOption(configurationFile())
    .option("--json", "print one JSON document on stdout, and nothing else")
    .configureOutput(Help.configuration)
    .showHelpAfterError("(--help shows what can be done)")
    .configureHelp({ showGlobalOptions: true })

  for (const { declare } of commands) declare(program, action)
  const all = allOf(program)
  for (const command of all) command.exitOverride()
  Usage.check(all)
  Configuration.use(program, all)
  Examples.add(all)
  return program
}

const allOf = (command: Command): ReadonlyArray<Command> => [command, ...command.commands.flatMap(allOf)]

/** Runs the command line, and gives its exit code. */
export const run = async (args: ReadonlyArray<string>): Promise<number> => {
  let code: number = Action.EXIT.done
  try {
    await make((given) => (code = given)).parseAsync(args, { from: "user" })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version end here as well, with exit code 0; a command without its subcommand shows help as an error.
    code = error.exitCode === 0 ? Action.EXIT.done : Action.EXIT.usage
    if (code === Action.EXIT.usage && args.includes("--json")) Output.wrongUsage(error)
  }
  return code
}
