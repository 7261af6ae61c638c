/**
 * The rules for the options of adapters.
 */
import * as Schema from "effect/Schema"
import { isSeen } from "../Text.ts"

/** Text for which a rule holds; `rule` says it in words. */
export const mustBe = (rule: string, holds: (text: string) => boolean): Schema.String =>
  Schema.String.check(Schema.makeFilter((text) => holds(text) || rule))

/** Optional text that has something to see. */
export const notEmpty: Schema.optionalKey<Schema.String> = Schema.optionalKey(mustBe("must not be empty", isSeen))

/** An optional whole number from `minimum` to `maximum`. */
export const between = (minimum: number, maximum: number): Schema.optionalKey<Schema.Number> =>
  Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum, maximum })))
