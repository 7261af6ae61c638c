/**
 * The options that say what is looked for in the audit trail.
 */
import * as Audit from "@turnout/core/access/application/audit/Audit"
import { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import { type Command, InvalidArgumentError } from "commander"
import { instant } from "../Instants.ts"
import { text } from "../Texts.ts"
import * as Organizations from "./Organizations.ts"

/** What is looked for, as the options give it. */
export interface QueryOptions extends Organizations.OrganizationOptions {
  readonly principal?: string
  readonly action?: string
  readonly resource?: string
  readonly from?: Date
  readonly until?: Date
}

/** Reads a text that is looked for. */
const whole = text(AuditQuery.fields.action.schema)

/** Reads the cursor of a page. */
export const key = (given: string): string => {
  if (!Audit.isKey(given)) throw new InvalidArgumentError("must be the cursor of a page of the audit trail.")
  return given
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
