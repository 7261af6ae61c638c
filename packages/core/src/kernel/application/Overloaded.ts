/**
 * Too many commands wait already: the command is refused at once, before anything was decided. Nothing has changed.
 */
import * as Schema from "effect/Schema"
import { described } from "../domain/document/Documented.ts"
import { TaggedError } from "../domain/TaggedError.ts"

export class Overloaded extends TaggedError<Overloaded>()("Overloaded", {
  /** When to try again, in milliseconds: about how long the waiting commands will take. */
  retryAfterMillis: described(
    "When to try again, in milliseconds: about how long the waiting commands will take",
    Schema.Natural
  )
}) {
  override get message(): string {
    return `Too many commands are waiting; nothing has changed. Try again in ${this.retryAfterMillis} ms.`
  }
}
