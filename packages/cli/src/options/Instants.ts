/**
 * Options that are moments.
 */
import { Instant } from "@turnout/core/kernel/domain/Instant"
import { InvalidArgumentError } from "commander"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const decodeInstant = Schema.decodeUnknownOption(Schema.toCodecJson(Instant))

/** A date, or a date and time with an offset. Without an offset, a time would be another one on each machine; a date alone is the beginning of its day in UTC. */
export const instant = (text: string): Date => {
  const whole = text.replace(/^[\d-]{10}$/, "$&T00:00Z").replace(/(T\d\d:\d\d)(Z|[+-])/, "$1:00$2")
  return Option.getOrThrowWith(
    decodeInstant(whole),
    () => new InvalidArgumentError("must be a date, or a date and time with an offset, such as 2027-05-01T18:00Z.")
  )
}
