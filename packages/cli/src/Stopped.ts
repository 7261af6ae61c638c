/**
 * A command that ended with a part of its work done.
 */
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import type * as Line from "./output/Line.ts"

/** A thing that something is wrong with, such as a line of a file or an id, and the reason. */
export type Warning = readonly [of: string, reason: string]

/** The part of its work that a command has done so far. */
export interface SoFar {
  /** The document that the command prints when all is done, and the fields of the work that is left. */
  readonly document: Readonly<Record<string, unknown>>
  readonly lines: ReadonlyArray<Line.Line>
  /** The parts of the work that could not be done, and why. */
  readonly warnings?: ReadonlyArray<Warning>
  /** A sentence that says how to go on. */
  readonly next: string
}

const whyOf = (error: unknown): string => {
  if (error instanceof StoreError && error.reason._tag === "OutcomeUnknown")
    return "The connection to the store was lost while a change was being committed."
  return PartlyDone.reasonOf(error)
}

/** `soFar` has the work that was done; `cause` is the error that kept the command from going on. */
export class Stopped extends Error {
  override readonly name = "Stopped"
  readonly soFar: SoFar

  constructor(soFar: SoFar, error: unknown) {
    const { cause, next } = PartlyDone.find(error) ?? { cause: error, next: soFar.next }
    super([whyOf(cause), next].join(" ").trimEnd(), { cause })
    this.soFar = soFar
  }
}
