/**
 * The rules for the options of adapters.
 */
import * as Schema from "effect/Schema"

/** Text for which a rule holds; `rule` says it in words. */
export const mustBe = (rule: string, holds: (text: string) => boolean): Schema.String =>
  Schema.String.check(Schema.makeFilter((text) => holds(text) || rule))

/** Optional text with something in it besides blanks. */
export const notEmpty: Schema.optionalKey<Schema.String> = Schema.optionalKey(
  mustBe("must not be empty", (text) => text.trim() !== "")
)

/** An optional whole number from `minimum` to `maximum`. */
export const between = (minimum: number, maximum: number): Schema.optionalKey<Schema.Number> =>
  Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum, maximum })))
