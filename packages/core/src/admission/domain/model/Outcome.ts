/**
 * The outcome of an accepted command, and how an answer is written down.
 *
 * An outcome shows the noun that the command is about, as the command left it, and is declared in the file of the noun.
 * Repeating a command that has nothing left to do gives the same outcome again.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Command } from "./Command.ts"
import * as Attendance from "./Attendance.ts"
import * as Event from "./Event.ts"
import * as Register from "./Register.ts"
import * as Registration from "./Registration.ts"
import type { Refused } from "../../../kernel/domain/access/Refusals.ts"
import { DEFAULT_ORGANIZATION } from "../../../kernel/domain/OrganizationId.ts"
import { Rejection } from "./Rejection.ts"

const byOperation = {
  ...Event.outcomesByOperation,
  ...Register.outcomesByOperation,
  ...Registration.outcomesByOperation,
  ...Attendance.outcomesByOperation
}

/** The outcome of a command. A command without one in the file of its noun does not compile here. */
export type OutcomeOf<C extends Command> = (typeof byOperation)[C["_tag"]]["Type"]

export type Outcome = OutcomeOf<Command>

/** An outcome or a rejection, both of which are remembered under an idempotency key, or a refusal, which is not. */
export type Answer<O = Outcome> = Result.Result<O, Rejection | Refused>

const StoredAnswer = Schema.toCodecJson(
  Schema.Union([...new Set(Object.values(byOperation)), Schema.Struct({ rejection: Rejection })])
)
const encodeStored = Schema.encodeSync(StoredAnswer)
const decodeStored = Schema.decodeUnknownSync(StoredAnswer)

/** An answer that is remembered, as JSON. */
export const encodeAnswer = (answer: Answer): unknown =>
  encodeStored(Result.isSuccess(answer) ? answer.success : { rejection: answer.failure as Rejection })

const fieldsAddedLater = { organizationId: DEFAULT_ORGANIZATION, registration: "open", cancellationClosesAt: null }

/**
 * An answer about an event as it was stored before events had a revision, an organization, and rules for those who register
 * themselves. Its version has seen every change of the event, which belonged to the default organization.
 */
const withLaterFields = (json: unknown): unknown => {
  const { event } = json as { readonly event?: { readonly version: number; readonly revision?: number } }
  return event === undefined ? json : { event: { ...fieldsAddedLater, revision: event.version, ...event } }
}

/** An answer from the JSON that `encodeAnswer` returned; throws on any other JSON. */
export const decodeAnswer = (json: unknown): Answer => {
  const stored = decodeStored(withLaterFields(json))
  return "rejection" in stored ? Result.fail(stored.rejection) : Result.succeed(stored)
}
