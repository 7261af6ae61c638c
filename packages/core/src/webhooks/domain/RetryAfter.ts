/**
 * `Retry-After`: for how long a server asks to be left alone, in seconds or until a date (RFC 9110, 10.2.3).
 *
 * A date is one of the server's clock, by which its answer is dated as well. What is neither, lies in the past or is nothing at
 * all is not heeded. How much of it is granted is a rule of `WebhookHealth`.
 */
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")
const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
const LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
const MONTH = `(?<month>${MONTHS.join("|")})`
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)"

/** The three forms of a date in HTTP (RFC 9110, 5.6.7): the one to write, and two to read. */
const FORMS = [
  new RegExp(`^${DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`)
]

/** A year of two digits is not more than 50 years in the future. */
const yearOf = (text: string, now: number): number => {
  const year = Number(text)
  if (text.length > 2) return year
  const thisYear = new Date(now).getUTCFullYear()
  const inThisCentury = Math.floor(thisYear / 100) * 100 + year
  return inThisCentury > thisYear + 50 ? inThisCentury - 100 : inThisCentury
}

/** A date as HTTP writes it, in milliseconds; `undefined` if it is none. `now` tells the century of a year of two digits. */
export const parseHttpDate = (text: string, now: number): number | undefined => {
  const groups = FORMS.map((form) => form.exec(text)?.groups).find((found) => found !== undefined)
  if (groups === undefined) return undefined
  const { day, hour, minute, month, second, year } = groups as Record<string, string>
  const date = new Date(0)
  date.setUTCFullYear(yearOf(year!, now), MONTHS.indexOf(month!), Number(day))
  if (date.getUTCDate() !== Number(day)) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  // A leap second is the second after it.
  return date.setUTCHours(Number(hour), Number(minute), Number(second))
}

export interface RetryAfterHeaders {
  /** The values of `Retry-After`. Of several, the longest time is meant. */
  readonly retryAfter: ReadonlyArray<string>
  /** The values of `Date`. */
  readonly date: ReadonlyArray<string>
}

/** For how long the server asks to be left alone, in milliseconds; `undefined` if it does not. */
export const retryAfterMillis = ({ date, retryAfter }: RetryAfterHeaders, now: number): number | undefined => {
  const answeredAt = date.length === 1 ? (parseHttpDate(date[0]!.trim(), now) ?? now) : now
  const millisOf = (value: string): number =>
    /^\d+$/.test(value) ? Number(value) * 1_000 : (parseHttpDate(value, now) ?? answeredAt) - answeredAt
  const longest = Math.max(0, ...retryAfter.map((value) => millisOf(value.trim())))
  return longest > 0 ? longest : undefined
}
