/**
 * Times as people write them in options and files: a date, or a date and a time, with an offset or without one.
 *
 * Without an offset a time is that of a time zone, in which it may be missing or come twice where clocks are changed. Both are
 * refused, since nobody can tell which moment was meant; with an offset any moment can be written. A date alone is the beginning of
 * its day in the zone.
 */
import { Instant } from "@turnout/core/kernel/domain/Instant"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A time of the calendar. */
export interface WrittenTime {
  readonly text: string
  /** The moment, if the time has an offset; otherwise the moment at which clocks in UTC show it. */
  readonly moment: Date
  readonly precision: "day" | "local" | "moment"
}

export const RULE = "must be a date, or a date and time, such as 2027-05-01 18:00 or 2027-05-01T18:00+02:00"

const WRITTEN = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)? ?(Z|[+-]\d{2}:\d{2})?)?$/
const decodeInstant = Schema.decodeUnknownOption(Schema.toCodecJson(Instant))

/** Reads a time; `undefined` if the text is none, or the calendar has no such day. */
export const parse = (text: string): WrittenTime | undefined => {
  const match = WRITTEN.exec(text.trim())
  if (match === null) return undefined
  const [, date, time = "00:00", seconds = ":00", offset] = match
  const moment = decodeInstant(`${date}T${time}${seconds}${offset ?? "Z"}`)
  if (Option.isNone(moment)) return undefined
  const precision = offset !== undefined ? "moment" : match[2] === undefined ? "day" : "local"
  return { text: text.trim(), moment: moment.value, precision }
}

/** The moments at which clocks in the zone show the time: usually one, none in a gap, two where clocks are put back. */
const momentsOf = (local: Date, zone: string): ReadonlyArray<DateTime.Zoned> => {
  const shown = local.getTime()
  const both = (["earlier", "later"] as const).map((disambiguation) =>
    DateTime.makeZonedUnsafe(shown, { timeZone: zone, adjustForTimeZone: true, disambiguation })
  )
  const found = both.filter((moment) => DateTime.toDate(moment).getTime() === shown)
  return found.filter(({ epochMilliseconds }, index) => epochMilliseconds !== found[index - 1]?.epochMilliseconds)
}

const LONGEST_GAP_MINUTES = 180

/** The first moment of a day. Where clocks are put forward at midnight, the day begins later. */
const beginningOf = (midnight: Date, zone: string): DateTime.Zoned | undefined => {
  for (let minutes = 0; minutes <= LONGEST_GAP_MINUTES; minutes += 15) {
    const [first] = momentsOf(new Date(midnight.getTime() + minutes * 60_000), zone)
    if (first !== undefined) return first
  }
  return undefined
}

const withOffset = (moment: DateTime.Zoned): string => DateTime.formatIsoOffset(moment)

const isInstant = Schema.is(Instant)

/** The moment of a time in a zone, or the rule that it breaks there. */
export const inZone = ({ moment, precision, text }: WrittenTime, zone: string): Result.Result<Date, string> => {
  if (precision === "moment") return Result.succeed(moment)
  const moments = precision === "day" ? [beginningOf(moment, zone)] : momentsOf(moment, zone)
  const [first, second] = moments
  if (first === undefined)
    return Result.fail(`${text} does not exist in ${zone}, where clocks are put forward; write another time`)
  if (second !== undefined)
    return Result.fail(
      `${text} comes twice in ${zone}, where clocks are put back; write ${withOffset(first)} or ${withOffset(second)}`
    )
  const found = DateTime.toDateUtc(first)
  return isInstant(found) ? Result.succeed(found) : Result.fail("must be a date in the years 1900 to 9999")
}
