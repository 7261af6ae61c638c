/**
 * `turnout import`: registers the people of a CSV file, in the order of its lines.
 *
 * Every row has an idempotency key made from its fields, so importing a file again within a year changes nothing, and importing
 * a longer version of it adds the new rows. A new event likewise has an id made from the file and its options. A bad or refused
 * row is reported with its line number, and the import goes on.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Command } from "commander"
import * as Effect from "effect/Effect"
import type { Action } from "../../../Action.ts"
import * as Database from "../../../Database.ts"
import { encoding } from "../../../options/Encodings.ts"
import { instant } from "../../../options/Instants.ts"
import { wholeNumber } from "../../../options/Numbers.ts"
import * as Output from "../../../output/Output.ts"
import * as Progress from "../../../output/Progress.ts"
import * as Steps from "../../../Steps.ts"
import type { EventOptions } from "./ImportedEvent.ts"
import * as ImportedEvent from "./ImportedEvent.ts"
import { registerAll } from "./Registering.ts"
import * as Report from "./Report.ts"
import * as Rows from "./Rows.ts"

/** The time for which the idempotency keys of rows are remembered: a year. */
const REMEMBERED_MILLIS = 365 * 24 * 60 * 60 * 1_000

interface ImportOptions extends EventOptions {
  readonly encoding?: string
}

export const importFile = async (options: Database.GlobalOptions & ImportOptions, file: string): Promise<boolean> => {
  const bar = Progress.make(options, "{bar} {value}/{total} rows, {eta_formatted} left")
  const progress = Report.begin()
  const onMade = (eventId: EventId) => void Object.assign(progress, { eventId, hasChanged: true })
  let opened: Rows.Table | undefined
  const importTable = Effect.fnUntraced(
    function* (table: Rows.Table) {
      const turnout = yield* Turnout
      const event = yield* ImportedEvent.find(turnout, options, table.digest, onMade)
      progress.eventId = event.id
      bar.start(table.rows, 0)
      yield* registerAll(turnout, event.id, table, progress, (done) => bar.update(done))
    },
    Effect.ensuring(Effect.sync(bar.stop))
  )
  const importing = Effect.gen(function* () {
    // The file is read before the database is asked for.
    const table = yield* Rows.open(file, options)
    opened = table
    for (const remark of table.remarks) Output.notice(`${table.name}: ${remark}`)
    yield* importTable(table).pipe(
      Effect.provide(Database.turnout(options, { idempotencyTtlMillis: REMEMBERED_MILLIS, refusalTtlMillis: 0 }))
    )
    return table
  }).pipe(Effect.scoped)
  const table = await Steps.run(options, importing, () =>
    opened === undefined ? undefined : Report.soFarOf(opened, progress)
  )
  Output.warnings(Report.warningsOf(table, progress))
  Output.changed(options, Report.summaryOf(progress, table), () => Report.inWords(progress))
  return progress.problems.length === 0
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  program
    .command("import")
    .description("register the people of a CSV file, in the order of its lines")
    .argument(
      "<file>",
      "CSV with a header, or - for stdin; columns: email, and optionally name, notes, registered at, id, as they are usually called"
    )
    .addOption(encoding())
    .option("--event <id>", "the event to register them for; or make one with:")
    .option("--title <text>", "title of a new, published event")
    .option("--capacity <seats>", "capacity of the new event", wholeNumber(0, 1_000_000))
    .option("--organizer <text>", "organizer of the new event", "turnout import")
    .option("--starts-at <time>", "start of the new event (default: in 30 days)", instant)
    .option("--ends-at <time>", "end of the new event (default: a day after its start)", instant)
    .option("--time-zone <zone>", "IANA time zone of the new event", "UTC")
    .action(action(importFile))
}
