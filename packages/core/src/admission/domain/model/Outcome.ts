/**
 * The outcome of an accepted command, and how an answer is written down.
 *
 * An outcome shows the event or the registration as the command left it. Repeating a command that has nothing left to do gives
 * the same outcome again.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Command } from "./Command.ts"
import { Event, type EventCommand } from "./Event.ts"
import { Registration } from "./Registration.ts"
import { Rejection } from "./Rejection.ts"

export const EventOutcome = Schema.Struct({ event: Event })
export type EventOutcome = typeof EventOutcome.Type

export const RegistrationOutcome = Schema.Struct({
  registration: Registration,
  /** The place in the waitlist (1 is next) at the moment of entry; `null` if the command put nobody on the waitlist. */
  waitlistPosition: Schema.NullOr(Schema.Natural)
}).annotate({ identifier: "RegistrationOutcome" })
export type RegistrationOutcome = typeof RegistrationOutcome.Type

export type Outcome = EventOutcome | RegistrationOutcome

/** The outcome of a command by its kind. */
export type OutcomeOf<C extends Command> = C extends EventCommand ? EventOutcome : RegistrationOutcome

/** An outcome or a rejection: both are answers, and both are remembered under an idempotency key. */
export type Answer<O = Outcome> = Result.Result<O, Rejection>

const StoredAnswer = Schema.toCodecJson(
  Schema.Union([EventOutcome, RegistrationOutcome, Schema.Struct({ rejection: Rejection })])
)
const encodeStored = Schema.encodeSync(StoredAnswer)
const decodeStored = Schema.decodeUnknownSync(StoredAnswer)

/** An answer as JSON. */
export const encodeAnswer = (answer: Answer): unknown =>
  encodeStored(Result.isSuccess(answer) ? answer.success : { rejection: answer.failure })

/** An answer from the JSON that `encodeAnswer` returned; throws on any other JSON. */
export const decodeAnswer = (json: unknown): Answer => {
  const stored = decodeStored(json)
  return "rejection" in stored ? Result.fail(stored.rejection) : Result.succeed(stored)
}
