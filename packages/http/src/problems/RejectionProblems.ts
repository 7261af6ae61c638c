/**
 * Problems that answer the rejections of commands: 404, 409 if the state of the event does not allow the command, 412 if the event
 * itself has changed since the version that the caller has seen, and 422 if its idempotency key was used for another payload. The
 * problems of each noun are in a file of the folder `rejections`.
 */
import * as Rejection from "@turnout/core/admission/domain/model/Rejection"
import type { SelfServiceEnded } from "@turnout/core/kernel/domain/access/Refusals"
import type * as Schema from "effect/Schema"
import * as AccessProblems from "./AccessProblems.ts"
import { problem } from "./Problem.ts"
import * as EventDeletionRejections from "./rejections/EventDeletionRejections.ts"
import * as EventRejections from "./rejections/EventRejections.ts"
import * as EventVersionRejections from "./rejections/EventVersionRejections.ts"
import * as RegistrationRejections from "./rejections/RegistrationRejections.ts"
import * as SeatRejections from "./rejections/SeatRejections.ts"

const rejections = {
  ...EventRejections.problems,
  ...EventVersionRejections.problems,
  ...EventDeletionRejections.problems,
  ...SeatRejections.problems,
  ...RegistrationRejections.problems,
  IdempotencyKeyReused: problem(Rejection.IdempotencyKeyReused, {
    status: 422,
    code: "idempotency_key_reused",
    title: "The idempotency key was used for another payload"
  })
} satisfies Record<Rejection.Rejection["_tag"], unknown>

export const {
  EventNotFound: eventNotFound,
  EventStatusConflict: eventStatusConflict,
  OrganizationNotFound: organizationNotFound,
  RegistrationNotFound: registrationNotFound,
  RegistrationStateConflict: registrationStateConflict
} = rejections

/** The rejections of an operation, as endpoint errors. */
export const rejectionsOf = <Operation extends keyof typeof Rejection.byOperation>(
  operation: Operation
): ReadonlyArray<Schema.Codec<Rejection.RejectionOf<Operation>, unknown>> => {
  const classes: ReadonlyArray<{ readonly identifier: string }> = Rejection.byOperation[operation]
  const names = [...classes.map(({ identifier }) => identifier), "IdempotencyKeyReused"]
  return names.map((name) => rejections[name as keyof typeof rejections]) as never
}

/** The refusals of an operation that others cannot meet, as endpoint errors. */
export const refusalsOf = <Operation extends keyof typeof Rejection.byOperation>(
  operation: Operation
): ReadonlyArray<Schema.Codec<Operation extends "CancelRegistration" ? SelfServiceEnded : never, unknown>> =>
  (operation === "CancelRegistration" ? [AccessProblems.selfServiceEnded] : []) as never
