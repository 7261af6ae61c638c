/**
 * A moment in time: a `Date` in the years 1900 to 9999.
 *
 * In JSON it is an RFC 3339 date-time with an offset (`2027-05-01T18:00:00Z`, `2027-05-01T20:00:00.000+02:00`); it is
 * always written in UTC with milliseconds. Dates without a time, times without an offset and dates that no calendar
 * has (February 30th) are refused.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/
const EARLIEST = Date.UTC(1900, 0, 1)
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

let lastMillis = 0
let lastText = new Date(lastMillis).toISOString()

/** A moment as it is in JSON. The last text is kept, since most things that are written together have the same time. */
export const toText = (date: Date): string => {
  const millis = date.getTime()
  // Stryker disable next-line ConditionalExpression: the same text is made again
  if (millis !== lastMillis) {
    lastText = date.toISOString()
    lastMillis = millis
  }
  return lastText
}

/** The earlier of two moments; the second, if the first is `null`. */
export const earlier = (first: Date | null, second: Date): Date =>
  first === null ? second : new Date(Math.min(first.getTime(), second.getTime()))

const isInstant = Schema.makeFilter<Date>((date) =>
  date.getTime() >= EARLIEST && date.getTime() <= LATEST ? true : "must be a date in the years 1900 to 9999"
)

/** The days that every month has. */
const SURE_DAYS = 28

const isCalendarTime = (text: string): boolean => {
  if (!RFC_3339.test(text) || Number.isNaN(Date.parse(text))) return false
  const day = Number(text.slice(8, 10))
  // Stryker disable next-line ConditionalExpression,EqualityOperator: a month that is looked up has these days too
  if (day <= SURE_DAYS) return true
  return day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate()
}

const Rfc3339 = Schema.String.annotate({ format: "date-time", description: "In the years 1900 to 9999" }).check(
  Schema.makeFilter((text) =>
    isCalendarTime(text) ? true : "must be an RFC 3339 date-time with an offset, such as 2027-05-01T18:00:00Z"
  )
)

export type Instant = Date

const isDate = (input: unknown): input is Date =>
  Object.prototype.toString.call(input) === "[object Date]" && input instanceof Date && !Number.isNaN(input.getTime())

const Moment: Schema.Codec<Date> = Schema.declare(isDate, {
  expected: "a valid Date",
  toCodecJson: () =>
    Schema.link<Date>()(
      Rfc3339,
      SchemaTransformation.transform({
        decode: (text: string) => new Date(text),
        encode: toText
      })
    )
}).check(isInstant)

/** Decoding copies the date, so that what the caller does to it later changes nothing. */
export const Instant: Schema.Codec<Date> = Moment.pipe(
  Schema.decodeTo(
    Schema.toType(Moment),
    SchemaTransformation.transform({ decode: (date: Date) => new Date(date), encode: (date: Date) => date })
  )
)
