/**
 * Makes violations from the issues of a schema. An answer lists a bounded number of them, so a request can make neither its
 * answer nor the work of the event loop as large as it likes.
 */
import * as JsonPointer from "effect/JsonPointer"
import * as SchemaIssue from "effect/SchemaIssue"
import { brokenRules } from "@turnout/core/kernel/domain/rules/RuleWords"
import type { Violation } from "./BoundaryProblems.ts"

/** The most violations that are listed. */
const MAX_LISTED = 100
/** The most members of one object or array in a body. */
const MAX_MEMBERS = 500

/** The JSON pointer of a path. */
export const toPointer = (path: ReadonlyArray<PropertyKey>): string =>
  path.map((part) => `/${JsonPointer.escapeToken(String(part)).toWellFormed()}`).join("")

/** Cuts an issue down to the branches that can be listed, so that no words are made for the others. */
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

/** The first violations, as many as can be listed, and one more that says if there are others. */
export const listed = (violations: ReadonlyArray<Violation>): ReadonlyArray<Violation> => {
  const last = violations[MAX_LISTED - 1]
  if (violations.length <= MAX_LISTED || last === undefined) return violations
  const more: Violation = {
    in: last.in,
    pointer: "",
    rule: `There are more violations than the ${MAX_LISTED} that are listed`
  }
  return [...violations.slice(0, MAX_LISTED), more]
}

export const fromIssue = (part: Violation["in"], issue: SchemaIssue.Issue): ReadonlyArray<Violation> =>
  listed(brokenRules(prune(issue)).map(({ path, rule }) => ({ in: part, pointer: toPointer(path), rule })))

/**
 * The depth to which a body is counted. No endpoint takes a body of this depth: the schemas refuse a deeper part at its
 * top.
 */
const MAX_DEPTH = 8

/** The violation of an object or array in a body that has more than `MAX_MEMBERS` members, if there is one. */
export const tooWide = (json: unknown): Violation | undefined => {
  const waiting: Array<{ readonly value: unknown; readonly path: Link | undefined }> = [
    { value: json, path: undefined }
  ]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, value } = next
    if (typeof value !== "object" || value === null || (path?.depth ?? 0) > MAX_DEPTH) continue
    const keys = Object.keys(value)
    if (keys.length > MAX_MEMBERS) {
      return { in: "body", pointer: pointerOf(path), rule: `must have at most ${MAX_MEMBERS} members` }
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
