/**
 * Rules that the options of adapters are made of.
 */
import * as Schema from "effect/Schema"

/** Text by a rule, told in words. */
export const mustBe = (rule: string, holds: (text: string) => boolean): Schema.String =>
  Schema.String.check(Schema.makeFilter((text) => holds(text) || rule))

/** Text with something in it besides blanks. */
export const notEmpty: Schema.optionalKey<Schema.String> = Schema.optionalKey(
  mustBe("must not be empty", (text) => text.trim() !== "")
)

/** A whole number, if there is one. */
export const between = (minimum: number, maximum: number): Schema.optionalKey<Schema.Number> =>
  Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum, maximum })))
