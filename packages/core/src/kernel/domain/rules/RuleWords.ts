/**
 * The words of the rules that input breaks. Each is about its field and follows the field's name: "must be between 0 and 10", "is
 * required". Rules of our own are written so; those of schemas are put into these words here.
 */
import * as SchemaIssue from "effect/SchemaIssue"

/** The names of types as schemas have them, and in words. */
const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  object: "an object",
  string: "a string",
  "a valid Date": "a valid date"
}

const EXPECTED = "Expected "

/** What a schema expects, which may be one of several things, as a rule. */
const mustBe = (expected: string): string => {
  const length = "a value with a length of "
  if (expected.startsWith(length)) return `must have a length of ${expected.slice(length.length)}`
  const words = expected.split(" | ").map((one) => TYPES[one] ?? one.replace(/^a value (?=between)/, ""))
  const last = words.pop()!
  return `must be ${words.length === 0 ? last : `${words.join(", ")} or ${last}`}`
}

const ofLeaf: SchemaIssue.LeafHook = (issue) => {
  switch (issue._tag) {
    case "MissingKey":
      return "is required"
    case "UnexpectedKey":
      return "is not a field here"
    case "InvalidType":
      // Schemas of objects have names of ours, which tell a caller nothing.
      return issue.ast._tag === "Objects" ? "must be an object" : SchemaIssue.defaultLeafHook(issue)
    default:
      return SchemaIssue.defaultLeafHook(issue)
  }
}

const format = SchemaIssue.makeFormatterStandardSchemaV1({ leafHook: ofLeaf })

export interface BrokenRule {
  readonly path: ReadonlyArray<PropertyKey>
  readonly rule: string
}

/** The rules that input breaks, each with the path to its field. */
export const brokenRules = (issue: SchemaIssue.Issue): ReadonlyArray<BrokenRule> =>
  format(issue).issues.map(({ message, path = [] }) => ({
    path: path.map((part) => (typeof part === "object" ? part.key : part)),
    rule: message.startsWith(EXPECTED) ? mustBe(message.slice(EXPECTED.length)) : message
  }))
