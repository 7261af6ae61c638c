/**
 * Options and arguments that cannot be given together, that need another one, or whose values break a rule. The command changes
 * nothing, and ends as for any other wrong usage: with exit code 2, and a pointer to its help.
 */
import type { InputIssue } from "@turnout/core/kernel/application/InvalidInput"

export class WrongUsage extends Error {
  override readonly name = "WrongUsage"
  /** The rules that are broken, each with its option or argument, if the library refused the values. */
  readonly issues: ReadonlyArray<InputIssue>

  constructor(message: string, issues: ReadonlyArray<InputIssue> = []) {
    super(message)
    this.issues = issues
  }
}
