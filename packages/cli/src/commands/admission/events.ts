/**
 * `turnout events`: lists and shows events, and deletes drafts.
 */
import { type Command, Option } from "commander"
import type { Action } from "../../Action.ts"
import { type ActorOptions, as, whoOf } from "../../options/Actor.ts"
import { ifVersion } from "../../options/Versions.ts"
import { given } from "../../options/Given.ts"
import { instant } from "../../options/Instants.ts"
import { cursor, limit, total } from "../../options/Paging.ts"
import type { GivenEventQuery } from "@turnout/core/admission/application/Queries"
import { EventStatus } from "@turnout/core/admission/domain/model/Event"
import { seatsTaken } from "@turnout/core/admission/domain/model/Seats"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Database from "../../Database.ts"
import * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import { more, type Paging, toQuery, totalOf } from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"

interface ListOptions extends Paging {
  readonly status?: ReadonlyArray<EventStatus>
  readonly organizer?: string
  readonly search?: string
  readonly from?: Date
  readonly until?: Date
  readonly startsFrom?: Date
  readonly startsUntil?: Date
  readonly past?: true
  readonly all?: true
  readonly total?: true
}

/** The query of the options. Without `--past`, `--all` or `--from`, it is for events that are not over. */
const queryOf = (options: ListOptions, now: Date): GivenEventQuery => {
  const { all, from, organizer, past, search, startsFrom, startsUntil, status, total, until } = options
  const upcoming = past === undefined && all === undefined ? { from: now } : {}
  return {
    ...toQuery(options),
    ...upcoming,
    ...given({ status, organizer, search, from, until, startsFrom, startsUntil, total }),
    ...(past === undefined ? {} : { overBy: now, order: "latest" })
  }
}

const isUpcoming = ({ all, from, past }: ListOptions): boolean =>
  all === undefined && from === undefined && past === undefined

export const list = async (options: Database.GlobalOptions & ListOptions): Promise<boolean> => {
  const page = await Database.withTurnout(options, (turnout) =>
    Effect.flatMap(Clock.currentTimeMillis, (millis) => turnout.listEvents(queryOf(options, new Date(millis))))
  )
  Output.result(options, page, () => [
    ...Table.lines(
      ["id", "title", "starts", "status", "taken", "capacity", "waiting"],
      page.items.map((event) => [
        event.id,
        event.title,
        event.startsAt.toISOString(),
        event.status,
        seatsTaken(event),
        event.capacity,
        event.counts.waitlisted
      ])
    ),
    ...(page.items.length === 0 && isUpcoming(options)
      ? [Line.faint("events that are over are listed with --past, and all with --all")]
      : []),
    ...totalOf(page),
    ...more(page)
  ])
  return true
}

export const show = async (options: Database.GlobalOptions, eventId: string): Promise<boolean> => {
  const event = await Database.withTurnout(options, (turnout) => turnout.getEvent(eventId))
  const shown: ReadonlyArray<readonly [string, string | number]> = [
    ["id", event.id],
    ["title", event.title],
    ["status", event.status],
    ["organizer", event.organizer],
    ["location", event.location],
    ["starts", event.startsAt.toISOString()],
    ["ends", event.endsAt.toISOString()],
    ["time zone", event.timeZone],
    ["registration opens", event.registrationOpensAt?.toISOString() ?? "-"],
    ["registration closes", event.registrationClosesAt?.toISOString() ?? "-"],
    ["capacity", event.capacity],
    ["confirmed", event.counts.confirmed],
    ["attended", event.counts.attended],
    ["no-show", event.counts.noShow],
    ["waiting", event.counts.waitlisted],
    ["waitlist", `${event.waitlist}${event.waitlistLimit === null ? "" : `, at most ${event.waitlistLimit}`}`],
    ["version", event.version],
    ["revision", event.revision]
  ]
  Output.result(options, event, () => shown.map(([name, value]) => Line.of`${Line.faint(name.padEnd(20))}${value}`))
  return true
}

interface DeleteOptions extends ActorOptions {
  readonly ifVersion?: number
}

export const remove = async (options: Database.GlobalOptions & DeleteOptions, eventId: string): Promise<boolean> => {
  const { ifVersion: expectedVersion } = options
  const actor = whoOf(options)
  await Database.withTurnout(options, (turnout) =>
    turnout.deleteEvent(eventId, { actor, ...(expectedVersion === undefined ? {} : { expectedVersion }) })
  )
  const deleted = eventId.toLowerCase()
  Output.changed(options, { deleted }, () => [`deleted ${deleted}`])
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const events = program.command("events").description("look at events, and delete drafts")
  events
    .command("list")
    .description("list events that are not over, the first to start first")
    .addOption(new Option("--past", "those that are over instead, the last to start first").conflicts("all"))
    .option("--all", "those that are over as well")
    .addOption(new Option("--status <status...>", "only those in one of these").choices(EventStatus.literals))
    .option("--organizer <text>", "only those of this organizer")
    .option("--search <text>", "only those with this text in the title or the location")
    .option("--from <time>", "only those that end after this time (default: now)", instant)
    .option("--until <time>", "only those that start before this time", instant)
    .option("--starts-from <time>", "only those that start at this time or later", instant)
    .option("--starts-until <time>", "only those that start before this time", instant)
    .addOption(total())
    .addOption(limit())
    .addOption(cursor())
    .action(action(list))
  events.command("show").description("show one event").argument("<event>", "id of the event").action(action(show))
  events
    .command("delete")
    .description("delete a draft that nobody has ever registered for; its journal stays")
    .argument("<event>", "id of the event")
    .addOption(ifVersion())
    .addOption(as())
    .action(action(remove))
}
