/**
 * `turnout import`: registers the people of a CSV file, in the order of its lines.
 *
 * An import is known by what it did: its event by title and organizer, each of its rows by the person. So importing a file again
 * changes nothing, in any order of rows and columns, and importing a longer version adds the new rows. What differs from the store
 * is said and left as it is, and people whose registrations were cancelled are registered anew only with `--again`. Before the
 * first change the import has read the file, the event and its registrations; it makes no event for a file without a good row.
 */
import { Turnout, type TurnoutService } from "@turnout/core/admission/application/Turnout"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { Command } from "commander"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Action } from "../../../Action.ts"
import * as Database from "../../../Database.ts"
import { encoding } from "../../../options/Encodings.ts"
import * as Output from "../../../output/Output.ts"
import * as Progress from "../../../output/Progress.ts"
import * as Steps from "../../../Steps.ts"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import * as EventOptions from "./EventOptions.ts"
import * as ImportedEvent from "./ImportedEvent.ts"
import * as Person from "./Person.ts"
import * as Plan from "./Plan.ts"
import * as Registered from "./Registered.ts"
import * as Registering from "./Registering.ts"
import * as Report from "./Report.ts"
import * as Rows from "./Rows.ts"
import * as SharedAddresses from "./SharedAddresses.ts"

interface PlanOptions extends EventOptions.EventOptions {
  readonly again?: boolean
}

interface ImportOptions extends Database.GlobalOptions, PlanOptions {
  readonly encoding?: string
}

/** The time for which the idempotency keys of rows are remembered: a year. */
const REMEMBERED_MILLIS = 365 * 24 * 60 * 60 * 1_000

/** The event, if there is one, and what to do about each row. */
interface Prepared {
  readonly event: Event | undefined
  readonly plan: ReadonlyArray<Plan.Step>
  /** The registrations that the people of the file have already. */
  readonly registered: Registered.Registered
}

type Failure = Effect.Error<ReturnType<typeof ImportedEvent.find | typeof ImportedEvent.make | typeof Registered.find>>

/** Finds the event, or makes it if a row is good, and plans what to do about the rows. */
export const prepare = Effect.fnUntraced(function* (
  turnout: TurnoutService,
  options: PlanOptions,
  table: Rows.Table,
  onMade: (event: Event) => void
): Effect.fn.Return<Prepared, Failure, OrganizationStore> {
  const now = new Date(yield* Clock.currentTimeMillis)
  const target = yield* ImportedEvent.find(turnout, options, now)
  const found = target._tag === "Found" ? target.event : undefined
  const zone = target._tag === "Found" ? target.event.timeZone : target.input.timeZone
  const rows = yield* Person.decodeAll(table, zone, now)
  const people = rows.filter(Person.isPerson)
  if (people.length === 0) return { event: found, plan: Plan.nothing(rows), registered: Registered.nobody }
  const settings = { again: options.again === true, columns: table.columns }
  if (target._tag === "New") {
    const made = yield* ImportedEvent.make(turnout, target, onMade)
    // Another import has made it meanwhile, perhaps in another time zone.
    if (made === undefined) return yield* prepare(turnout, options, table, onMade)
    const registered = Registered.nobody
    return { event: made, plan: Plan.make(rows, made.id, { ...settings, registered }), registered }
  }
  const { id } = target.event
  const attendees = people.map(({ attendee }) => attendee)
  const registered = yield* Registered.find(turnout, id, attendees)
  return { event: found, plan: Plan.make(rows, id, { ...settings, registered }), registered }
})

export const importFile = async (options: ImportOptions, file: string): Promise<boolean> => {
  const bar = Progress.make(options, "{bar} {value}/{total} rows, {eta_formatted} left")
  const progress = Report.begin()
  const onMade = ({ id }: Event) => void Object.assign(progress, { eventId: id, hasChanged: true })
  let known: Rows.Table | undefined
  const importTable = Effect.fnUntraced(
    function* (table: Rows.Table) {
      const turnout = yield* Turnout
      const { event, plan, registered } = yield* prepare(turnout, options, table, onMade)
      if (event !== undefined) {
        const closed = ImportedEvent.closedBecause(event, new Date(yield* Clock.currentTimeMillis))
        Object.assign(progress, { eventId: event.id, notice: closed })
      }
      bar.start(plan.length, 0)
      yield* Registering.carryOut(turnout, plan, SharedAddresses.make(registered), progress, (done) => bar.update(done))
    },
    Effect.ensuring(Effect.sync(bar.stop))
  )
  const importing = Effect.gen(function* () {
    // The file is read before the database is asked for.
    const table = yield* Effect.scoped(Rows.read(file, options))
    known = table
    for (const remark of table.remarks) Output.notice(`${table.name}: ${remark}`)
    yield* importTable(table).pipe(
      Effect.provide(
        Database.turnoutAndStores(options, { idempotencyTtlMillis: REMEMBERED_MILLIS, refusalTtlMillis: 0 })
      )
    )
    return table
  })
  const table = await Steps.run(options, importing, () =>
    known === undefined ? undefined : Report.soFarOf(known, progress)
  )
  Output.warnings(Report.warningsOf(table, progress))
  if (progress.notice !== undefined && progress.problems.length > 0) Output.notice(progress.notice)
  Output.changed(options, Report.summaryOf(progress, table), () => Report.inWords(progress))
  return progress.problems.length === 0
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const command = program
    .command("import")
    .description("register the people of a CSV file, in the order of its lines")
    .argument(
      "<file>",
      "CSV with a header, or - for stdin; columns: email, and optionally name, notes, registered at, id, as they are usually called"
    )
    .addOption(encoding())
  EventOptions.add(command)
    .option("--again", "register people anew whose registrations were cancelled")
    .action(action(importFile))
}
