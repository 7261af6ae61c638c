/**
 * The option with the issuers whose bearer tokens are taken: a document, which usually stands in the configuration file.
 */
import { type TokenIssuerInput, TokenIssuers } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { type InputIssue, issuesOf } from "@turnout/core/kernel/application/InvalidInput"
import { InvalidArgumentError, Option } from "commander"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Fields from "../../usage/Fields.ts"
import type { Document, Marks } from "../../usage/Kinds.ts"

export interface IssuersOptions {
  readonly issuers?: ReadonlyArray<TokenIssuerInput>
}

const decode = Schema.decodeUnknownResult(TokenIssuers, { errors: "all", onExcessProperty: "error" })

/** The JSON Schema of the list, with the parts that it names inside it. */
const schemaOf = (): Document["schema"] => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(TokenIssuers, { onExcessProperty: "error" })
  return { ...schema, items: definitions["TokenIssuer"] }
}

const document: Document = {
  get schema() {
    return schemaOf()
  },
  issuesOf: (given): ReadonlyArray<InputIssue> => {
    const decoded = decode(given)
    return Result.isSuccess(decoded) ? [] : issuesOf(decoded.failure)
  }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new InvalidArgumentError("must be JSON.")
  }
}

const read: ((text: string) => ReadonlyArray<TokenIssuerInput>) & Marks = Object.assign(
  (text: string) => {
    const given = jsonOf(text)
    const issues = document.issuesOf(given)
    if (issues.length > 0) throw new InvalidArgumentError(`${issues.map(Fields.inWords).join("; ")}.`)
    return given as ReadonlyArray<TokenIssuerInput>
  },
  { document }
)

/** `description` says what the issuers are to the command. */
export const issuers = (description: string): Option =>
  new Option("--issuers <json>", `${description}: a list, as in the configuration file`)
    .env("TURNOUT_ISSUERS")
    .argParser(read)
