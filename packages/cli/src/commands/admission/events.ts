/**
 * `turnout events`: lists and shows events.
 */
import { type Command, Option } from "commander"
import type { Action } from "../../Action.ts"
import { cursor, limit } from "../../options/Paging.ts"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import { seatsTaken } from "@turnout/core/admission/domain/model/Seats"
import * as Database from "../../Database.ts"
import * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import { more, type Paging, toQuery } from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"

interface ListOptions extends Paging {
  readonly status?: Event["status"]
  readonly organizer?: string
}

export const list = async (options: Database.GlobalOptions & ListOptions): Promise<boolean> => {
  const { organizer, status } = options
  const page = await Database.withTurnout(options, (turnout) =>
    turnout.listEvents({
      ...toQuery(options),
      ...(status === undefined ? {} : { status }),
      ...(organizer === undefined ? {} : { organizer })
    })
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
    ["version", event.version]
  ]
  Output.result(options, event, () => shown.map(([name, value]) => Line.of`${Line.faint(name.padEnd(20))}${value}`))
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const events = program.command("events").description("look at events")
  events
    .command("list")
    .description("list events by their start")
    .addOption(new Option("--status <status>", "only those").choices(["draft", "published", "cancelled", "completed"]))
    .option("--organizer <text>", "only those of this organizer")
    .addOption(limit())
    .addOption(cursor())
    .action(action(list))
  events.command("show").description("show one event").argument("<event>", "id of the event").action(action(show))
}
