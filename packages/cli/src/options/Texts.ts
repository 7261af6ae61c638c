/**
 * Arguments and options that are texts with the rules of a schema. A text that breaks one is wrong usage, which is found before the command
 * begins.
 */
import { issuesOf } from "@turnout/core/kernel/application/InvalidInput"
import { InvalidArgumentError } from "commander"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** Reads a text by a schema. */
export const text = <T extends string>(schema: Schema.Codec<T, string>): ((given: string) => T) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (given) => {
    const decoded = decode(given)
    if (Result.isSuccess(decoded)) return decoded.success
    throw new InvalidArgumentError(
      `${issuesOf(decoded.failure)
        .map(({ rule }) => rule)
        .join("; ")}.`
    )
  }
}
