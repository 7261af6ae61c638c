/**
 * Turns failures of the service into problems. Logs those that operators should see, and names the part of the work that
 * was done before the failure. Errors that are problems already, such as rejections, stay as they are.
 */
import { CredentialRefused } from "@turnout/core/access/domain/credentials/CredentialRefused"
import { IssuerUnreachable } from "@turnout/core/access/ports/TokenVerifier"
import { DeadLettersOutOfReach } from "@turnout/core/consumer/ports/DeadLetters"
import { QueueUnavailable } from "@turnout/core/consumer/ports/Queue"
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import * as StoreOutage from "@turnout/core/kernel/application/StoreOutage"
import { Unauthenticated } from "@turnout/core/kernel/domain/access/Refusals"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as BoundaryProblems from "./BoundaryProblems.ts"
import * as OperatorProblems from "./OperatorProblems.ts"
import { RETRY_AFTER_SECONDS, retryLater } from "./RetryLater.ts"
import * as ServerProblems from "./ServerProblems.ts"
import * as StoreProblems from "./StoreProblems.ts"
import * as Exchange from "../pipeline/Exchange.ts"

/**
 * The part of its work that a request had done before it failed, and the reason of the failure with advice on how to go on.
 */
interface Before {
  readonly done: Readonly<Record<string, unknown>>
  readonly reason: string
}

type StoreProblem = StoreProblems.StoreUnavailable | StoreProblems.OutcomeUnknown | ServerProblems.InternalError

/** The problem of a store that may come back asks for a retry. Any other error of the store is a failure of the server. */
const onStoreError = (
  error: StoreError,
  before?: Before
): Effect.Effect<never, StoreProblem, Exchange.CurrentExchange> => {
  const { reason } = error
  const retryAfterSeconds = RETRY_AFTER_SECONDS
  switch (reason._tag) {
    case "Contention":
      return retryLater(new StoreProblems.StoreUnavailable({ reason: reason.message, ...before, retryAfterSeconds }))
    case "Unavailable":
    case "NotMigrated":
    case "LogRestored":
      return Effect.andThen(
        StoreOutage.log("requests are refused", error),
        retryLater(new StoreProblems.StoreUnavailable({ reason: reason.message, ...before, retryAfterSeconds }))
      )
    case "OutcomeUnknown":
      return Effect.andThen(
        StoreOutage.log("requests are answered without their outcome", error),
        retryLater(
          new StoreProblems.OutcomeUnknown({
            retryAfterSeconds,
            ...(before === undefined ? {} : { done: before.done })
          })
        )
      )
    default:
      return before === undefined ? Effect.die(error) : onUnexpected(error, before)
  }
}

/** The problem of an unexpected failure after a part of the work was done. */
const onUnexpected = (error: unknown, { done }: Before): Effect.Effect<never, ServerProblems.InternalError> =>
  Effect.andThen(
    Effect.logError("a request failed unexpectedly after a part of it was done", done, error),
    Effect.fail(new ServerProblems.InternalError({ done }))
  )

const onQueueUnavailable = ({ message }: QueueUnavailable, before?: Before) =>
  retryLater(
    new OperatorProblems.QueueUnavailable({
      reason: message,
      ...before,
      retryAfterSeconds: RETRY_AFTER_SECONDS
    }) as never
  )

/** The problem of the error that ended the work, with the part that was done before. */
const onPartlyDone = (error: PartlyDone.PartlyDone) => {
  const { cause, done, message } = error
  const before = { done, reason: message }
  if (cause instanceof StoreError) return onStoreError(cause, before)
  if (cause instanceof DeadLettersOutOfReach) return Effect.fail(cause as never)
  return cause instanceof QueueUnavailable ? onQueueUnavailable(cause, before) : onUnexpected(error, before)
}

/** Says which kind of credential there is, and whether one was sent that is not valid (RFC 6750, 3). */
const onNoCredential = (error: Unauthenticated | CredentialRefused) =>
  Effect.andThen(
    Exchange.setHeader(
      "www-authenticate",
      error instanceof CredentialRefused ? 'Bearer error="invalid_token"' : "Bearer"
    ),
    Effect.fail(error)
  )

const IDS = ["eventId", "registrationId", "attendeeId"]

const toValidationFailed = ({ issues }: InvalidInput, part: BoundaryProblems.Violation["in"]) =>
  new BoundaryProblems.ValidationFailed({
    violations: issues.map(({ field, rule }) => ({
      in: IDS.includes(field) ? "path" : part,
      pointer: `/${field.replaceAll(".", "/")}`,
      rule
    }))
  })

/** The type of the problem that an error of the service becomes. */
type ProblemOf<E> =
  | (E extends InvalidInput | StoreError | PartlyDone.PartlyDone
      ? never
      : E extends QueueUnavailable
        ? OperatorProblems.QueueUnavailable
        : E)
  | BoundaryProblems.ValidationFailed
  | StoreProblem

/** Turns the failures of an effect into problems. `part` is the part of the request that its input came from. */
export const toProblems = <A, E, R>(
  effect: Effect.Effect<A, E | InvalidInput | StoreError, R>,
  part: BoundaryProblems.Violation["in"]
): Effect.Effect<A, ProblemOf<E>, R | Exchange.CurrentExchange> =>
  Effect.catch(effect, (error): Effect.Effect<never, ProblemOf<E>, Exchange.CurrentExchange> => {
    const partly = PartlyDone.find(error)
    if (partly !== undefined) return onPartlyDone(partly)
    if (error instanceof StoreError) return onStoreError(error)
    if (error instanceof InvalidInput) return Effect.fail(toValidationFailed(error, part))
    if (error instanceof Overloaded || error instanceof IssuerUnreachable)
      return retryLater(error as never, Math.ceil(error.retryAfterMillis / 1_000))
    if (error instanceof QueueUnavailable) return onQueueUnavailable(error)
    if (error instanceof Unauthenticated || error instanceof CredentialRefused) return onNoCredential(error) as never
    return Effect.fail(error as never)
  })
