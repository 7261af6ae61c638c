/**
 * The option that names the principal, and the principal without it.
 */
import { WriteOptions } from "@turnout/core/admission/domain/state/WriteOptions"
import { InvalidInput, issuesOf } from "@turnout/core/kernel/application/InvalidInput"
import { InvalidArgumentError, Option } from "commander"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { userInfo } from "node:os"

export interface ActorOptions {
  readonly as?: string
}

const decode = Schema.decodeUnknownResult(Schema.Struct({ actor: WriteOptions.fields.actor }))

/** Reads the name of a principal. The audit log takes those that the journal takes. */
const principal = (text: string): string => {
  const decoded = decode({ actor: text })
  if (Result.isSuccess(decoded)) return decoded.success.actor ?? text
  const issues = issuesOf(decoded.failure).map(({ rule }) => ({ field: "", rule }))
  throw new InvalidArgumentError(`${new InvalidInput({ issues }).message}.`)
}

export const as = (): Option =>
  new Option(
    "--as <name>",
    "the principal in the audit log or the journal (default: the user of the system)"
  ).argParser(principal)

/** The principal that the audit log or the journal names. A container may run as a user that has no name. */
export const whoOf = ({ as }: ActorOptions): string => {
  if (as !== undefined) return as
  try {
    return userInfo().username
  } catch {
    return process.env["USER"] || `user ${process.getuid?.() ?? "unknown"}`
  }
}
