/**
 * A command that ended with a part of its work done.
 */
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"

/** What something is wrong with, and what. */
export type Warning = readonly [of: string, reason: string]

/** What a command has done so far. */
export interface SoFar {
  /** As in the document of the command when it has done all, with what is left besides. */
  readonly document: Readonly<Record<string, unknown>>
  readonly lines: ReadonlyArray<string>
  /** What could not be done meanwhile: where, and why. */
  readonly warnings?: ReadonlyArray<Warning>
  /** How to go on, in words. */
  readonly next: string
}

const whyOf = (error: unknown): string => {
  if (error instanceof StoreError && error.reason._tag === "OutcomeUnknown")
    return "The connection to the store was lost while a change was being committed."
  return PartlyDone.reasonOf(error)
}

/** What was done is in `soFar`; what kept the command from going on is the cause. */
export class Stopped extends Error {
  override readonly name = "Stopped"
  readonly soFar: SoFar

  constructor(soFar: SoFar, error: unknown) {
    const { cause, next } = PartlyDone.find(error) ?? { cause: error, next: soFar.next }
    super([whyOf(cause), next].join(" ").trimEnd(), { cause })
    this.soFar = soFar
  }
}
