/**
 * Input that breaks a rule: it is refused before anything is decided, with every field and rule named. Nothing has changed, and
 * nothing is remembered under the idempotency key.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { brokenRules } from "../domain/rules/RuleWords.ts"
import { TaggedError } from "../domain/TaggedError.ts"

export const InputIssue = Schema.Struct({
  /** The field: names and indexes joined with dots, such as `attendee.email`; empty for the input as a whole. */
  field: Schema.String,
  /** The rule that is broken, such as `must be after startsAt`. */
  rule: Schema.String
})
export type InputIssue = typeof InputIssue.Type

export class InvalidInput extends TaggedError<InvalidInput>()("InvalidInput", {
  issues: Schema.Array(InputIssue)
}) {
  override get message(): string {
    return this.issues.map(({ field, rule }) => (field === "" ? rule : `${field}: ${rule}`)).join("; ")
  }
}

/** The issues of a failed decoding, in the order of the fields. */
export const issuesOf = (error: Schema.SchemaError): ReadonlyArray<InputIssue> =>
  brokenRules(error.issue).map(({ path, rule }) => ({ field: path.map(String).join("."), rule }))

const options = { errors: "all", onExcessProperty: "error" } as const

/** Whether input is an object as JSON or a literal makes it. */
export const isPlain = (input: unknown): input is Readonly<Record<string, unknown>> =>
  Predicate.isObject(input) && Object.getPrototypeOf(input) === Object.prototype

/** Whether a field is there but `undefined`. Input is at most three levels deep, as its schemas are. */
const hasUndefined = (input: unknown, depth: number): boolean => {
  if (depth === 0 || !isPlain(input)) return false
  for (const name in input) {
    const value = input[name]
    if (value === undefined || hasUndefined(value, depth - 1)) return true
  }
  return false
}

/** A field that is there but `undefined` counts as absent. */
const withoutUndefined = (input: unknown, depth = 3): unknown =>
  hasUndefined(input, depth) && isPlain(input)
    ? Object.fromEntries(
        Object.entries(input).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, withoutUndefined(value, depth - 1)]]
        )
      )
    : input

/** Decodes input of any kind; unknown fields are refused. */
export const decoder = <T, E>(schema: Schema.Codec<T, E>): ((input: unknown) => Effect.Effect<T, InvalidInput>) => {
  const decode = Schema.decodeUnknownEffect(schema, options)
  return (input) =>
    Effect.mapError(decode(withoutUndefined(input)), (error) => new InvalidInput({ issues: issuesOf(error) }))
}
