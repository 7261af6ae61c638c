/**
 * `turnout events`: what there is to attend.
 */
import { type Event, seatsTaken } from "@turnout/core/domain/Event"
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"
import { more, type Paging, toQuery } from "../Paging.ts"

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
    Output.table(
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
  Output.result(options, event, () => shown.map(([name, value]) => `${Output.faint(name.padEnd(20))}${value}`))
  return true
}
