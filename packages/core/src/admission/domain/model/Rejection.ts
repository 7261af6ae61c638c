/**
 * Why a command was refused: one tagged error for each rule, with the facts that it was decided on, beside the noun that the rule
 * is about.
 *
 * Rejections are expected answers and part of every signature. They change nothing, and they are remembered under the
 * idempotency key like any other answer.
 */
import * as Schema from "effect/Schema"
import * as Event from "./Event.ts"
import * as Registration from "./Registration.ts"
import * as Seats from "./Seats.ts"

/** The idempotency key was used before, by the same caller, for the same operation with another payload. */
export class IdempotencyKeyReused extends Schema.TaggedError<IdempotencyKeyReused>()("IdempotencyKeyReused", {
  operation: Schema.String,
  key: Schema.String
}) {
  override get message(): string {
    return `Idempotency key ${JSON.stringify(this.key)} was used for ${this.operation} with another payload.`
  }
}

/** The rejections that each operation can meet; `IdempotencyKeyReused` besides, when it is sent with a key. */
export const byOperation = { ...Event.rejectionsByOperation, ...Registration.rejectionsByOperation } as const

/** The rejections that an operation can meet. */
export type RejectionOf<Operation extends keyof typeof byOperation> =
  InstanceType<(typeof byOperation)[Operation][number]> | IdempotencyKeyReused

export const Rejection = Schema.Union([
  ...Event.rejections,
  ...Seats.rejections,
  ...Registration.rejections,
  IdempotencyKeyReused
])
export type Rejection = typeof Rejection.Type
