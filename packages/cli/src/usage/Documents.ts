/**
 * Options that take a JSON document, which usually stands in the configuration file.
 */
import { type InputIssue, issuesOf } from "@turnout/core/kernel/application/InvalidInput"
import { InvalidArgumentError } from "commander"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Fields from "./Fields.ts"
import type { Document, Marks } from "./Kinds.ts"

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new InvalidArgumentError("must be JSON.")
  }
}

/** Makes the reader of a list. `item` is the name of the schema of its items. */
export const list = <A>(
  schema: Schema.Codec<ReadonlyArray<A>, unknown>,
  item: string
): ((text: string) => ReadonlyArray<A>) & Marks => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })
  const document: Document = {
    /** The JSON Schema of the list, with the parts that it names inside it. */
    get schema() {
      const { definitions, schema: whole } = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
      return { ...whole, items: definitions[item] }
    },
    issuesOf: (given): ReadonlyArray<InputIssue> => {
      const decoded = decode(given)
      return Result.isSuccess(decoded) ? [] : issuesOf(decoded.failure)
    }
  }
  return Object.assign(
    (text: string) => {
      const given = jsonOf(text)
      const issues = document.issuesOf(given)
      if (issues.length > 0) throw new InvalidArgumentError(`${issues.map(Fields.inWords).join("; ")}.`)
      return given as ReadonlyArray<A>
    },
    { document }
  )
}
