/**
 * `turnout registrations list`, `of` and `export`: the registrations of an event, or of an attendee.
 */
import * as Exports from "@turnout/core/admission/application/Exports"
import type { GivenRegistrationQuery } from "@turnout/core/admission/application/Queries"
import { type Registration, RegistrationState } from "@turnout/core/admission/domain/model/Registration"
import { type Command, Option } from "commander"
import type { Action } from "../../../Action.ts"
import * as Database from "../../../Database.ts"
import { given } from "../../../options/Given.ts"
import * as Ids from "../../../options/Ids.ts"
import { instant } from "../../../options/Instants.ts"
import { cursor, limit, total } from "../../../options/Paging.ts"
import * as Output from "../../../output/Output.ts"
import { more, type Paging, toQuery, totalOf } from "../../../output/Paging.ts"
import * as Table from "../../../output/Table.ts"
import { time } from "../../../output/Words.ts"
import * as ExportFile from "../ExportFile.ts"

interface StateOption {
  readonly state?: ReadonlyArray<RegistrationState>
}

interface ListOptions extends Paging, StateOption {
  readonly search?: string
  readonly attendee?: string
  readonly registeredFrom?: Date
  readonly registeredUntil?: Date
  readonly changedFrom?: Date
  readonly changedUntil?: Date
  readonly newestFirst?: true
  readonly total?: true
}

/** The query of the options. */
const queryOf = (options: ListOptions): GivenRegistrationQuery => {
  const { attendee, changedFrom, changedUntil, newestFirst, registeredFrom, registeredUntil, search, state, total } =
    options
  return {
    ...toQuery(options),
    ...given({
      state,
      search,
      attendeeId: attendee,
      registeredFrom,
      registeredUntil,
      changedFrom,
      changedUntil,
      total
    }),
    ...(newestFirst === undefined ? {} : { order: "newest" })
  }
}

const state = (): Option =>
  new Option("--state <state...>", "only those in one of these").choices(RegistrationState.literals)

export const exportAll = (
  options: Database.GlobalOptions & ExportFile.ExportOptions & StateOption,
  eventId: string
): Promise<boolean> =>
  ExportFile.write(options, eventId, (turnout) =>
    Exports.ofRegistrations(turnout, eventId, options.state === undefined ? {} : { state: options.state })
  )

const row = ({ attendee, id, registeredAt, state }: Registration) => [
  id,
  attendee.email,
  attendee.name,
  state,
  time(registeredAt)
]

export const list = async (options: Database.GlobalOptions & ListOptions, eventId: string): Promise<boolean> => {
  const page = await Database.withTurnout(options, (turnout) => turnout.listRegistrations(eventId, queryOf(options)))
  const head = ["id", Table.text("attendee"), Table.text("name"), "state", Table.spare("registered")]
  Output.result(options, page, () => [
    ...Table.lines(head, page.items.map(row)),
    ...totalOf(page),
    ...more(options, page)
  ])
  return true
}

export const ofAttendee = async (options: Database.GlobalOptions & Paging, attendee: string): Promise<boolean> => {
  const page = await Database.withTurnout(options, (turnout) =>
    turnout.listAttendeeRegistrations(attendee, toQuery(options))
  )
  const head = ["id", "event", Table.spare("state"), Table.spareText("name"), Table.spare("registered")]
  Output.result(options, page, () => [
    ...Table.lines(
      head,
      page.items.map((one) => [one.id, one.eventId, one.state, one.attendee.name, time(one.registeredAt)])
    ),
    ...more(options, page)
  ])
  return true
}

/** Declares the commands and their options. */
export const declare = (registrations: Command, action: Action): void => {
  registrations
    .command("list")
    .description("list the registrations of an event in the order of entry")
    .addArgument(Ids.event())
    .addOption(state())
    .option("--search <text>", "only those whose address, or a word of whose name, begins with this")
    .option("--attendee <id>", "only those of this attendee: an id of yours, or mailto: and an address")
    .option("--registered-from <time>", "only those registered at this time or later", instant)
    .option("--registered-until <time>", "only those registered before this time", instant)
    .option("--changed-from <time>", "only those in their state since this time or later", instant)
    .option("--changed-until <time>", "only those in their state since before this time", instant)
    .option("--newest-first", "the other way round")
    .addOption(total())
    .addOption(limit())
    .addOption(cursor())
    .action(action(list))
  registrations
    .command("of")
    .description("list the registrations of an attendee for all events, the oldest first")
    .argument("<attendee>", "an id of yours, or mailto: and an address")
    .addOption(limit())
    .addOption(cursor())
    .action(action(ofAttendee))
  registrations
    .command("export")
    .description("write the registrations of an event as CSV, in the order of entry")
    .addArgument(Ids.event())
    .addOption(state())
    .addOption(ExportFile.output())
    .action(action(exportAll))
}
