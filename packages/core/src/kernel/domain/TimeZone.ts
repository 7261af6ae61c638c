/**
 * IANA time zones, such as Europe/Berlin: those that this runtime knows.
 */
import * as Schema from "effect/Schema"

/** Zones that were looked up before: looking one up takes longer than all of the rest of checking an event. */
const knownZones = new Set<string>()
/** The set holds more zones than there are, and fewer than the spellings that somebody could send. */
const MOST_KNOWN_ZONES = 1_000

const isZone = (zone: string): boolean => {
  if (knownZones.has(zone)) return true
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    Intl.DateTimeFormat("en", { timeZone: zone })
  } catch {
    return false
  }
  if (knownZones.size < MOST_KNOWN_ZONES) knownZones.add(zone)
  return true
}

const isTimeZone = Schema.makeFilter<string>(
  (zone) => isZone(zone) || "must be an IANA time zone, such as Europe/Berlin"
)

export const TimeZone: Schema.Codec<string> = Schema.String.check(isTimeZone)
