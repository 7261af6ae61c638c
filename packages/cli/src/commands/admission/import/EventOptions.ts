/**
 * The options of an import that name or describe an event.
 */
import { MAX_CAPACITY } from "@turnout/core/admission/domain/model/Seats"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { type Command, Option } from "commander"
import type * as Effect from "effect/Effect"
import { eventId } from "../../../options/Ids.ts"
import { organization } from "../../../options/access/Organizations.ts"
import { wholeNumber } from "../../../options/Numbers.ts"
import { momentsIn, time, timeZone } from "../../../options/times/ZonedTimes.ts"
import type * as WrittenTime from "../../../options/times/WrittenTime.ts"
import { count } from "../../../output/Words.ts"

export interface EventOptions {
  /** The event to import into. The other options describe one, and are not given together with it. */
  readonly event?: EventId
  readonly id?: EventId
  readonly title?: string
  readonly organizer?: string
  readonly organization?: string
  readonly capacity?: number
  readonly startsAt?: WrittenTime.WrittenTime
  readonly endsAt?: WrittenTime.WrittenTime
  readonly timeZone?: string
}

const DAY_MILLIS = 24 * 60 * 60 * 1_000
export const DEFAULT_ORGANIZER = "turnout import"
export const DEFAULT_TIME_ZONE = "UTC"
/** The time from now to the start of an event without `--starts-at`. */
export const DEFAULT_LEAD_MILLIS = 30 * DAY_MILLIS
/** The time from the start to the end of an event without `--ends-at`. */
export const DEFAULT_LENGTH_MILLIS = DAY_MILLIS

/** The options that describe an event. */
const describing = (): ReadonlyArray<Option> => [
  new Option("--title <text>", "the event with this title, which is made and published if it is not there"),
  new Option("--organizer <text>", `organizer of that event (default: ${DEFAULT_ORGANIZER})`),
  organization("the organization that it belongs to, if it is made (default: default)"),
  new Option("--id <id>", "id of that event, a UUID (default: follows from title and organizer)").argParser(eventId),
  new Option("--capacity <seats>", "its capacity; needed to make it").argParser(wholeNumber(0, MAX_CAPACITY)),
  new Option("--starts-at <time>", `its start (default: in ${count(DEFAULT_LEAD_MILLIS / DAY_MILLIS)} days)`).argParser(
    time
  ),
  new Option("--ends-at <time>", "its end (default: a day after its start)").argParser(time),
  new Option("--time-zone <zone>", `its IANA time zone (default: ${DEFAULT_TIME_ZONE})`).argParser(timeZone)
]

/** Adds the options to a command. An option that would not be heeded is wrong usage. */
export const add = (command: Command): Command => {
  const options = describing()
  const names = options.map((option) => option.attributeName())
  command.addOption(
    new Option("--event <id>", "the event to register them for; or:").argParser(eventId).conflicts(names)
  )
  for (const option of options) command.addOption(option)
  return command.hook("preAction", (self) => {
    const given = self.opts<EventOptions>()
    if (given.event !== undefined || given.title !== undefined) return
    const unheeded = options.find((option) => self.getOptionValue(option.attributeName()) !== undefined)
    self.error(
      unheeded === undefined
        ? "error: say which event: --event ID, or --title TEXT"
        : `error: option '${unheeded.flags}' is heeded only with '--title <text>'`
    )
  })
}

interface Times {
  readonly startsAt?: Date
  readonly endsAt?: Date
}

/** The times of the options as moments; a time without an offset is one of the zone. */
export const timesIn = ({ endsAt, startsAt }: EventOptions, zone: string): Effect.Effect<Times, InvalidInput> =>
  momentsIn({ startsAt, endsAt }, zone)
