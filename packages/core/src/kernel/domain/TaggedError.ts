/**
 * The errors of Turnout: tagged errors of Effect that print as errors.
 *
 * Effect prints a tagged error as its fields. Whoever logs one, or whose process ends because of one, then sees neither what went
 * wrong nor where. These print as every `Error` does: name and message, stack, and fields.
 */
import * as Schema from "effect/Schema"

/** The method by which an object prints itself in Node, Bun and Deno. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom")

interface ErrorClass {
  readonly prototype: object
}
type Define = (tag: string, fields: Schema.Struct.Fields, annotations?: object) => ErrorClass

/** Makes the class of an error with a `_tag`, as `Schema.TaggedError` does. */
export const TaggedError = ((identifier?: string): Define => {
  const define = Schema.TaggedError<ErrorClass>(identifier) as unknown as Define
  return (tag, fields, annotations) => {
    const made = define(tag, fields, annotations)
    Object.defineProperty(made.prototype, INSPECT, { value: undefined })
    return made
  }
}) as unknown as typeof Schema.TaggedError
