/**
 * Options that are points in time.
 */
import { Instant } from "@turnout/core/kernel/domain/Instant"
import { InvalidArgumentError } from "commander"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const decodeInstant = Schema.decodeUnknownOption(Schema.toCodecJson(Instant))

/**
 * Reads a date, or a date and time with an offset. A date alone is the beginning of its day in UTC. A time without an offset is
 * refused: it would mean another instant on each machine.
 */
export const instant = (text: string): Date => {
  const whole = text.replace(/^[\d-]{10}$/, "$&T00:00Z").replace(/(T\d\d:\d\d)(Z|[+-])/, "$1:00$2")
  return Option.getOrThrowWith(
    decodeInstant(whole),
    () => new InvalidArgumentError("must be a date, or a date and time with an offset, such as 2027-05-01T18:00Z.")
  )
}
