/**
 * From issues of a schema to violations, of which an answer lists a bounded number: what is wrong with a request does not
 * decide how long its answer is, and how long the event loop is busy with it.
 */
import * as JsonPointer from "effect/JsonPointer"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Violation } from "./BoundaryProblems.ts"

/** The most violations that are listed. */
const MAX_LISTED = 100
/** The most members of one object or array in a body. */
const MAX_MEMBERS = 500

const format = SchemaIssue.makeFormatterStandardSchemaV1()

type Part = PropertyKey | { readonly key: PropertyKey }

/** The JSON pointer of a path. */
export const toPointer = (path: ReadonlyArray<Part>): string =>
  path
    .map((part) => `/${JsonPointer.escapeToken(String(typeof part === "object" ? part.key : part)).toWellFormed()}`)
    .join("")

/** The issue with no more branches than can be listed, so that the others are not put into words either. */
const prune = (issue: SchemaIssue.Issue): SchemaIssue.Issue => {
  switch (issue._tag) {
    case "Composite": {
      const [first, ...others] = issue.issues
      return new SchemaIssue.Composite(issue.ast, [prune(first), ...others.slice(0, MAX_LISTED).map(prune)])
    }
    case "Pointer":
      return new SchemaIssue.Pointer(issue.path, prune(issue.issue))
    case "Encoding":
      return new SchemaIssue.Encoding(issue.ast, prune(issue.issue))
    default:
      return issue
  }
}

/** The first of many violations, and that there are more. */
export const listed = (violations: ReadonlyArray<Violation>): ReadonlyArray<Violation> => {
  const last = violations[MAX_LISTED - 1]
  if (violations.length <= MAX_LISTED || last === undefined) return violations
  const more: Violation = { in: last.in, pointer: "", rule: `More is wrong than the ${MAX_LISTED} that are listed` }
  return [...violations.slice(0, MAX_LISTED), more]
}

export const fromIssue = (part: Violation["in"], issue: SchemaIssue.Issue): ReadonlyArray<Violation> =>
  listed(
    format(prune(issue)).issues.map(({ message, path }) => ({
      in: part,
      pointer: toPointer(path ?? []),
      rule: message
    }))
  )

/** How deep a body is looked at; no body that is taken is as deep, and what is deeper is refused where it begins. */
const MAX_DEPTH = 8

/** An object or array in a body that has more members than any can have. */
export const tooWide = (json: unknown): Violation | undefined => {
  const waiting: Array<{ readonly value: unknown; readonly path: Link | undefined }> = [
    { value: json, path: undefined }
  ]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, value } = next
    if (typeof value !== "object" || value === null || (path?.depth ?? 0) > MAX_DEPTH) continue
    const keys = Object.keys(value)
    if (keys.length > MAX_MEMBERS) {
      return { in: "body", pointer: pointerOf(path), rule: `Expected at most ${MAX_MEMBERS} members` }
    }
    for (const key of keys) {
      waiting.push({
        value: (value as Readonly<Record<string, unknown>>)[key],
        path: { key, parent: path, depth: (path?.depth ?? 0) + 1 }
      })
    }
  }
  return undefined
}

interface Link {
  readonly key: string
  readonly parent: Link | undefined
  readonly depth: number
}

const pointerOf = (path: Link | undefined): string => {
  const keys: Array<string> = []
  for (let link = path; link !== undefined; link = link.parent) keys.unshift(link.key)
  return toPointer(keys)
}
