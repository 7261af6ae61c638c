/**
 * Work of several commits that could not go on after some of them.
 *
 * What was committed stays. So the error that kept the work from going on says too little, and where it says that nothing has
 * changed, it means the one commit that failed: of the work as a whole that is not true.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** What an error says, without what it says of one commit only. */
export const reasonOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  return message.replaceAll(/[;,:]?\s*(?:and )?nothing (?:has|was|is) (?:been )?changed/gi, "").replace(/^\s*\.\s*/, "")
}

export class PartlyDone extends Schema.TaggedError<PartlyDone>()("PartlyDone", {
  /** What was done, for programs. */
  done: Schema.Record(Schema.String, Schema.Unknown),
  /** The same in a sentence. */
  told: Schema.String,
  /** How to go on, in a sentence. */
  next: Schema.String,
  /** What kept the work from going on. */
  cause: Schema.Defect()
}) {
  override get message(): string {
    return [this.told, reasonOf(this.cause), this.next].filter((sentence) => sentence !== "").join(" ")
  }
}

/** What an error says of work that was partly done, if it is about such work. */
export const find = (error: unknown): PartlyDone | undefined => (error instanceof PartlyDone ? error : undefined)

/** What follows on work that was done: if it fails, that is told with what was done. */
export const after =
  (done: Pick<PartlyDone, "done" | "told" | "next">) =>
  <A, E, R>(rest: Effect.Effect<A, E, R>): Effect.Effect<A, PartlyDone, R> =>
    Effect.mapError(rest, (cause) => new PartlyDone({ ...done, cause }))
