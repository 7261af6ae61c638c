/**
 * Work of several commits that failed after some of them.
 *
 * The commits that were made stay. So the error that ended the work says too little: if it says that nothing has changed, it
 * means only the one commit that failed, and not the work as a whole.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { TaggedError } from "../domain/TaggedError.ts"

/** The message of an error, without the statement that nothing has changed. */
export const reasonOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  return message.replaceAll(/[;,:]?\s*(?:and )?nothing (?:has|was|is) (?:been )?changed/gi, "").replace(/^\s*\.\s*/, "")
}

export class PartlyDone extends TaggedError<PartlyDone>()("PartlyDone", {
  /** What was done, for programs. */
  done: Schema.Record(Schema.String, Schema.Unknown),
  /** The same in a sentence. */
  told: Schema.String,
  /** How to go on, in a sentence. */
  next: Schema.String,
  /** The error that ended the work. */
  cause: Schema.Defect()
}) {
  override get message(): string {
    return [this.told, reasonOf(this.cause), this.next].filter((sentence) => sentence !== "").join(" ")
  }
}

/** The error, if it is a `PartlyDone`. */
export const find = (error: unknown): PartlyDone | undefined => (error instanceof PartlyDone ? error : undefined)

/** Runs the rest of some work: a failure of it becomes a `PartlyDone` that says what was done before. */
export const after =
  (done: Pick<PartlyDone, "done" | "told" | "next">) =>
  <A, E, R>(rest: Effect.Effect<A, E, R>): Effect.Effect<A, PartlyDone, R> =>
    Effect.mapError(rest, (cause) => new PartlyDone({ ...done, cause }))
