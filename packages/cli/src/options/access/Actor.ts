/**
 * The option that names the principal, and the principal without it.
 */
import { WriteOptions } from "@turnout/core/admission/domain/state/WriteOptions"
import { Option } from "commander"
import { userInfo } from "node:os"
import { text } from "../Texts.ts"

export interface ActorOptions {
  readonly as?: string
}

/** The audit log takes the names that the journal takes. */
export const as = (): Option =>
  new Option(
    "--as <name>",
    "the principal in the audit log or the journal (default: the user of the system)"
  ).argParser(text(WriteOptions.fields.actor.schema))

/** The principal that the audit log or the journal names. A container may run as a user that has no name. */
export const whoOf = ({ as }: ActorOptions): string => {
  if (as !== undefined) return as
  try {
    return userInfo().username
  } catch {
    return process.env["USER"] || `user ${process.getuid?.() ?? "unknown"}`
  }
}
