/**
 * IANA time zones, such as Europe/Berlin, as far as this runtime knows them.
 */
import * as Schema from "effect/Schema"

/** Zones that were found before: looking one up takes longer than the rest of checking an event. */
const knownZones = new Set<string>()
/** The set has room for all zones, but not for all spellings that a caller could send. */
const MOST_KNOWN_ZONES = 1_000

const isZone = (zone: string): boolean => {
  // Stryker disable next-line ConditionalExpression: a zone that is looked up again is found again
  if (knownZones.has(zone)) return true
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    Intl.DateTimeFormat("en", { timeZone: zone })
  } catch {
    return false
  }
  // Stryker disable next-line ConditionalExpression,EqualityOperator: the bound is for the memory that callers can take
  if (knownZones.size < MOST_KNOWN_ZONES) knownZones.add(zone)
  return true
}

const isTimeZone = Schema.makeFilter<string>(
  (zone) => isZone(zone) || "must be an IANA time zone, such as Europe/Berlin"
)

export const TimeZone: Schema.Codec<string> = Schema.String.annotate({
  description: "An IANA time zone",
  pattern: "^[A-Za-z]",
  examples: ["Europe/Berlin"]
}).check(isTimeZone)
