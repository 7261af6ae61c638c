/**
 * The option that names the principal, and the principal without it.
 */
import { Option } from "commander"
import { userInfo } from "node:os"

export interface ActorOptions {
  readonly as?: string
}

export const as = (): Option =>
  new Option("--as <name>", "the principal in the audit log or the journal (default: the user of the system)")

/** The principal that the audit log or the journal names. A container may run as a user that has no name. */
export const whoOf = ({ as }: ActorOptions): string => {
  if (as !== undefined) return as
  try {
    return userInfo().username
  } catch {
    return process.env["USER"] || `user ${process.getuid?.() ?? "unknown"}`
  }
}
