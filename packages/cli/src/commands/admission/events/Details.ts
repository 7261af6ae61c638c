/**
 * The options that describe an event, when it is made and when it is changed.
 *
 * Times without an offset are those of the event's time zone, as in an import.
 */
import type { GivenEventChanges } from "@turnout/core/admission/domain/model/Event"
import { EventDetails } from "@turnout/core/admission/domain/model/Event"
import { MAX_CAPACITY } from "@turnout/core/admission/domain/model/Seats"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { Option } from "commander"
import * as Effect from "effect/Effect"
import { given } from "../../../options/Given.ts"
import { wholeNumber } from "../../../options/Numbers.ts"
import type { WrittenTime } from "../../../options/times/WrittenTime.ts"
import { momentsIn, time, timeZone } from "../../../options/times/ZonedTimes.ts"

/** A field is `false` if it is to be taken away. */
export interface DetailOptions {
  readonly title?: string
  readonly organizer?: string
  readonly description?: string | false
  readonly location?: string | false
  readonly startsAt?: WrittenTime
  readonly endsAt?: WrittenTime
  readonly timeZone?: string
  readonly registrationOpensAt?: WrittenTime | false
  readonly registrationClosesAt?: WrittenTime | false
  readonly waitlist?: "open" | "closed"
  readonly waitlistLimit?: number | false
  readonly registration?: "open" | "members" | "invitation"
  readonly cancellationClosesAt?: WrittenTime | false
}

/** Reads a number of seats. */
export const seats = wholeNumber(0, MAX_CAPACITY)

/** The options that describe an event. Those that an event cannot be without come first. */
export const needed = (): ReadonlyArray<Option> => [
  new Option("--title <text>", "its title"),
  new Option("--organizer <text>", "its organizer: a name, or an id of yours"),
  new Option(
    "--starts-at <time>",
    "its start: a date, or a date and time, with an offset or in its time zone"
  ).argParser(time),
  new Option("--ends-at <time>", "its end, which is after its start").argParser(time),
  new Option("--time-zone <zone>", "its IANA time zone, such as Europe/Berlin").argParser(timeZone)
]

export const optional = (): ReadonlyArray<Option> => [
  new Option("--description <text>", "its description"),
  new Option("--location <text>", "its place"),
  new Option("--registration-opens-at <time>", "when people can register from").argParser(time),
  new Option("--registration-closes-at <time>", "when people can register until").argParser(time),
  new Option("--waitlist <state>", "whether the waitlist takes new entries").choices(
    EventDetails.fields.waitlist.literals
  ),
  new Option("--waitlist-limit <n>", "the most people who may wait at once").argParser(seats),
  new Option("--registration <who>", "who may register themselves over HTTP").choices(
    EventDetails.fields.registration.literals
  ),
  new Option("--cancellation-closes-at <time>", "when attendees can cancel by themselves until").argParser(time)
]

/** The options that take a detail away. */
export const without = (): ReadonlyArray<Option> => [
  new Option("--no-description", "take its description away"),
  new Option("--no-location", "take its place away"),
  new Option("--no-registration-opens-at", "let people register from its publication on"),
  new Option("--no-registration-closes-at", "let people register until it ends"),
  new Option("--no-waitlist-limit", "let any number of people wait"),
  new Option("--no-cancellation-closes-at", "let attendees cancel by themselves until it begins")
]

const textOf = (text: string | false | undefined) => (text === false ? "" : text)
const timeOf = (written: WrittenTime | false | undefined) => (written === false ? undefined : written)

/** The details that the options give; a time without an offset is one of the zone. */
export const inZone = (options: DetailOptions, zone: string): Effect.Effect<GivenEventChanges, InvalidInput> => {
  const { cancellationClosesAt, endsAt, organizer, registration, registrationClosesAt, registrationOpensAt, startsAt } =
    options
  const { title, waitlist, waitlistLimit } = options
  const times = {
    startsAt,
    endsAt,
    registrationOpensAt: timeOf(registrationOpensAt),
    registrationClosesAt: timeOf(registrationClosesAt),
    cancellationClosesAt: timeOf(cancellationClosesAt)
  }
  return Effect.map(momentsIn(times, zone), (moments) => ({
    ...given({
      title,
      organizer,
      description: textOf(options.description),
      location: textOf(options.location),
      timeZone: options.timeZone,
      waitlist,
      waitlistLimit: waitlistLimit === false ? null : waitlistLimit,
      registration
    }),
    ...moments,
    ...(registrationOpensAt === false ? { registrationOpensAt: null } : {}),
    ...(registrationClosesAt === false ? { registrationClosesAt: null } : {}),
    ...(cancellationClosesAt === false ? { cancellationClosesAt: null } : {})
  }))
}
