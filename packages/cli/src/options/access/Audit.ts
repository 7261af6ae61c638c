/**
 * The options that say what is looked for in the audit trail.
 */
import * as Audit from "@turnout/core/access/application/audit/Audit"
import { auditQueryFields } from "@turnout/core/access/domain/audit/AuditQuery"
import { InvalidInput, issuesOf } from "@turnout/core/kernel/application/InvalidInput"
import { type Command, InvalidArgumentError } from "commander"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { instant } from "../Instants.ts"
import * as Organizations from "./Organizations.ts"

/** What is looked for, as the options give it. */
export interface QueryOptions extends Organizations.OrganizationOptions {
  readonly principal?: string
  readonly action?: string
  readonly resource?: string
  readonly from?: Date
  readonly until?: Date
}

const decode = Schema.decodeUnknownResult(Schema.Struct({ action: auditQueryFields.action }))

/** Reads a text that is looked for. */
const whole = (text: string): string => {
  const decoded = decode({ action: text })
  if (Result.isSuccess(decoded)) return decoded.success.action ?? text
  const issues = issuesOf(decoded.failure).map(({ rule }) => ({ field: "", rule }))
  throw new InvalidArgumentError(`${new InvalidInput({ issues }).message}.`)
}

/** Reads the cursor of a page. */
export const key = (text: string): string => {
  if (!Audit.isKey(text)) throw new InvalidArgumentError("must be the cursor of a page of the audit trail.")
  return text
}

/** Adds the options to a command. */
export const finding = (command: Command): Command =>
  command
    .option("--principal <name>", "only what this principal has done, such as key: and its id", whole)
    .option("--action <action>", "only this action, such as keys.create", whole)
    .option("--resource <resource>", "only what was done to this: a kind, a colon and an id", whole)
    .addOption(Organizations.organization("only what concerns this organization"))
    .option("--from <time>", "only at this time or later", instant)
    .option("--until <time>", "only before this time", instant)
