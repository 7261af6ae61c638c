/**
 * `turnout events list` and `show`: events by their start, and one of them with all that there is to it.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import type { GivenEventQuery } from "@turnout/core/admission/application/Queries"
import { type Event, EventStatus } from "@turnout/core/admission/domain/model/Event"
import { seatsTaken } from "@turnout/core/admission/domain/model/Seats"
import { type Command, Option } from "commander"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Action } from "../../../Action.ts"
import * as Database from "../../../Database.ts"
import { given } from "../../../options/Given.ts"
import * as Ids from "../../../options/Ids.ts"
import * as Organizations from "../../../options/access/Organizations.ts"
import { instant } from "../../../options/Instants.ts"
import { cursor, limit, total } from "../../../options/Paging.ts"
import * as Logs from "../../../output/Logs.ts"
import * as Line from "../../../output/Line.ts"
import * as Output from "../../../output/Output.ts"
import { more, type Paging, toQuery, totalOf } from "../../../output/Paging.ts"
import * as Table from "../../../output/Table.ts"
import { count, time, timeIfAny } from "../../../output/Words.ts"

interface ListOptions extends Paging, Organizations.OrganizationOptions {
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

const HEAD = [
  "id",
  Table.text("title"),
  "starts",
  Table.spare("status"),
  Table.spare("taken"),
  Table.spare("capacity"),
  Table.spare("waiting")
]

export const list = async (options: Database.GlobalOptions & ListOptions): Promise<boolean> => {
  const listing = Effect.gen(function* () {
    const turnout = yield* Turnout
    const owner = yield* Organizations.fieldOf(options)
    const now = new Date(yield* Clock.currentTimeMillis)
    return yield* turnout.listEvents({ ...queryOf(options, now), ...owner })
  })
  const page = await Logs.runPromise(options, Effect.provide(listing, Database.turnoutAndStores(options)))
  Output.result(options, page, () => [
    ...Table.lines(
      HEAD,
      page.items.map((event) => [
        event.id,
        event.title,
        time(event.startsAt),
        event.status,
        count(seatsTaken(event)),
        count(event.capacity),
        count(event.counts.waitlisted)
      ])
    ),
    ...(page.items.length === 0 && isUpcoming(options)
      ? [Line.faint("events that are over are listed with --past, and all with --all")]
      : []),
    ...totalOf(page),
    ...more(options, page)
  ])
  return true
}

/** An event in words. */
export const inWords = (event: Event): ReadonlyArray<Line.Line> =>
  Table.facts([
    ["id", event.id],
    ["title", event.title],
    ["status", event.status],
    ["organization", event.organizationId],
    ["organizer", event.organizer],
    ["location", event.location],
    ["description", event.description],
    ["starts", time(event.startsAt)],
    ["ends", time(event.endsAt)],
    ["time zone", event.timeZone],
    ["registration opens", timeIfAny(event.registrationOpensAt, "-")],
    ["registration closes", timeIfAny(event.registrationClosesAt, "-")],
    ["capacity", count(event.capacity)],
    ["confirmed", count(event.counts.confirmed)],
    ["attended", count(event.counts.attended)],
    ["no-show", count(event.counts.noShow)],
    ["waiting", count(event.counts.waitlisted)],
    ["waitlist", `${event.waitlist}${event.waitlistLimit === null ? "" : `, at most ${count(event.waitlistLimit)}`}`],
    ["version", event.version],
    ["revision", event.revision]
  ])

export const show = async (options: Database.GlobalOptions, eventId: string): Promise<boolean> => {
  const event = await Database.withTurnout(options, (turnout) => turnout.getEvent(eventId))
  Output.result(options, event, () => inWords(event))
  return true
}

/** Declares the commands and their options. */
export const declare = (events: Command, action: Action): void => {
  events
    .command("list")
    .description("list events that are not over, the first to start first")
    .addOption(new Option("--past", "those that are over instead, the last to start first").conflicts("all"))
    .option("--all", "those that are over as well")
    .addOption(new Option("--status <status...>", "only those in one of these").choices(EventStatus.literals))
    .addOption(Organizations.organization("only those that belong to this organization"))
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
  events.command("show").description("show one event").addArgument(Ids.event()).action(action(show))
}
