/**
 * What a process of a server reports to the primary: that it serves, or why it could not begin to.
 *
 * A failure travels as JSON and arrives as an error that the command reports with the same words, document and exit code as it would
 * have reported the original.
 */
import { type InputIssue, InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { CliError } from "../../../CliError.ts"
import * as FailureDocument from "../../../output/FailureDocument.ts"
import { WrongUsage } from "../../../WrongUsage.ts"

export type Report =
  | { readonly _tag: "Serving"; readonly address: string; readonly metrics: string | null }
  | { readonly _tag: "Failed"; readonly failure: Failure }

export type Failure =
  | { readonly _tag: "InvalidInput"; readonly issues: ReadonlyArray<InputIssue> }
  | { readonly _tag: "WrongUsage"; readonly issues: ReadonlyArray<InputIssue>; readonly message: string }
  | { readonly _tag: "Other"; readonly document: Readonly<Record<string, unknown>> }

export const serving = (address: string, metrics: string | null): Report => ({ _tag: "Serving", address, metrics })

export const failed = (error: unknown): Report => ({ _tag: "Failed", failure: toFailure(error) })

const toFailure = (error: unknown): Failure => {
  if (error instanceof InvalidInput) return { _tag: "InvalidInput", issues: error.issues }
  if (error instanceof WrongUsage) return { _tag: "WrongUsage", issues: error.issues, message: error.message }
  return { _tag: "Other", document: FailureDocument.of(error, (message) => message) }
}

export const toError = (failure: Failure): Error => {
  switch (failure._tag) {
    case "InvalidInput":
      return new InvalidInput({ issues: failure.issues })
    case "WrongUsage":
      return new WrongUsage(failure.message, failure.issues)
    case "Other":
      return new CliError(String(failure.document["message"]), failure.document)
  }
}
