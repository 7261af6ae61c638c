/**
 * Rejections: one tagged error for each rule that can refuse a command, with the facts that it was decided on. Each stands in
 * the file of the noun that its rule is about.
 *
 * Rejections are expected answers and part of every signature. They change nothing, and they are remembered under the
 * idempotency key for a short time only (see `Idempotency`).
 */
import * as Schema from "effect/Schema"
import { described } from "../../../kernel/domain/document/Documented.ts"
import * as Attendance from "./Attendance.ts"
import * as Event from "./Event.ts"
import * as Register from "./Register.ts"
import * as Registration from "./Registration.ts"
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"

/** The same principal has used the idempotency key before, for the same operation with another payload. */
export class IdempotencyKeyReused extends TaggedError<IdempotencyKeyReused>()("IdempotencyKeyReused", {
  operation: described("The operation that was refused", Schema.String),
  key: described("The idempotency key", Schema.String)
}) {
  override get message(): string {
    return `Idempotency key ${JSON.stringify(this.key)} was used for ${this.operation} with another payload.`
  }
}

/** The rejections that each operation can meet. With an idempotency key, `IdempotencyKeyReused` is another one. */
export const byOperation = {
  ...Event.rejectionsByOperation,
  ...Register.rejectionsByOperation,
  ...Registration.rejectionsByOperation,
  ...Attendance.rejectionsByOperation
} as const

/** The rejections that an operation can meet. */
export type RejectionOf<Operation extends keyof typeof byOperation> =
  InstanceType<(typeof byOperation)[Operation][number]> | IdempotencyKeyReused

/** Every rejection that some operation can meet. */
export const Rejection = Schema.Union([...new Set(Object.values(byOperation).flat()), IdempotencyKeyReused])
export type Rejection = typeof Rejection.Type

const NOT_FOUND: ReadonlyArray<Rejection["_tag"]> = ["EventNotFound", "RegistrationNotFound", "OrganizationNotFound"]

/** Whether a command was refused because the store has no row that it names. */
export const isNotFound = ({ _tag }: Rejection): boolean => NOT_FOUND.includes(_tag)
