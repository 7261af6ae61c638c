/**
 * Options that are times of an event, in the time zone of the event unless they have an offset, and the option that is that zone.
 */
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { TimeZone } from "@turnout/core/kernel/domain/TimeZone"
import { InvalidArgumentError } from "commander"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as WrittenTime from "./WrittenTime.ts"

/** Reads a time. Which moment it is follows from the zone. */
export const time = (text: string): WrittenTime.WrittenTime => {
  const written = WrittenTime.parse(text)
  if (written === undefined) throw new InvalidArgumentError(`${WrittenTime.RULE}.`)
  return written
}

const isTimeZone = Schema.is(TimeZone)

/** Reads the name of a zone. */
export const timeZone = (text: string): string => {
  if (!isTimeZone(text)) throw new InvalidArgumentError("must be an IANA time zone, such as Europe/Berlin.")
  return text
}

/** The moments of times in a zone, each under the name of its field; those that are not given are left out. */
export const momentsIn = <Field extends string>(
  times: { readonly [field in Field]?: WrittenTime.WrittenTime | undefined },
  zone: string
): Effect.Effect<{ readonly [field in Field]?: Date }, InvalidInput> => {
  const moments: { [field in Field]?: Date } = {}
  const issues: Array<{ readonly field: string; readonly rule: string }> = []
  for (const field of Object.keys(times) as Array<string> as Array<Field>) {
    const written = times[field]
    if (written === undefined) continue
    const moment = WrittenTime.inZone(written, zone)
    if (Result.isSuccess(moment)) moments[field] = moment.success
    else issues.push({ field, rule: moment.failure })
  }
  return issues.length === 0 ? Effect.succeed(moments) : Effect.fail(new InvalidInput({ issues }))
}
