/**
 * The writes of HTTP: each carries out one command of the `Turnout` service behind the policy, under the idempotency key of its request.
 *
 * For each principal and key, the server works on one request at a time. A command that has begun is finished, even if its
 * request has been given up.
 */
import { textOf } from "@turnout/core/access/domain/credentials/AttendeeLink"
import { actorOf } from "@turnout/core/access/domain/policy/Principal"
import type { Register, RegisterGuest } from "@turnout/core/admission/domain/model/Register"
import { scope } from "@turnout/core/admission/domain/state/Idempotency"
import { CurrentPrincipal } from "@turnout/core/guard/application/CurrentPrincipal"
import type { CallerCommand } from "@turnout/core/guard/application/EventAccess"
import { GuardedTurnout } from "@turnout/core/guard/application/GuardedTurnout"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import { RETRY_AFTER_SECONDS, retryLater } from "../problems/RetryLater.ts"
import { toProblems } from "../problems/ToProblems.ts"
import * as EntityTags from "../requests/headers/EntityTags.ts"
import * as RequestId from "../requests/headers/RequestId.ts"
import type { WriteHeaders } from "../requests/headers/WriteHeaders.ts"
import * as Exchange from "../pipeline/Exchange.ts"

/**
 * The answer to a request whose idempotency key was answered before: the first answer, marked with `Idempotent-Replayed`,
 * or 409.
 */
export type OnReplay = "replay" | "conflict"

export const ReplayPolicy = Context.Reference<OnReplay>("@turnout/ReplayPolicy", {
  defaultValue: () => "replay"
})

/** Carries out commands for the principal of the request, one at a time for each of its idempotency keys. */
export const makeWrite = Effect.gen(function* () {
  const turnout = yield* GuardedTurnout
  const onReplay = yield* ReplayPolicy
  /** The ids of the idempotency scopes that are in use, which are the keys of the store too. */
  const inFlight = new Set<string>()

  /** Comes before an answer that was given before: marks it, or refuses to repeat it. */
  const repeating = Effect.suspend(() =>
    onReplay === "conflict"
      ? Effect.fail(new BoundaryProblems.IdempotencyKeyReplayed())
      : Exchange.setHeader("idempotent-replayed", "true")
  )

  const carryOut = <C extends CallerCommand>(command: C, headers: WriteHeaders, principal: string) => {
    const key = headers["idempotency-key"]
    const { id: scopeId } = scope(principal, command._tag, key)
    const requestId = RequestId.read(headers["x-request-id"])
    const execute = turnout.execute(command, {
      idempotencyKey: key,
      ...(requestId === undefined ? {} : { correlationId: requestId })
    })
    const work = Effect.flatMap(execute, ({ answer, linkSecret, replayed }) => {
      const tag = EntityTags.tagIn(answer)
      const answered = Effect.map(Effect.fromResult(answer), (outcome) => ({ outcome, linkSecret }))
      const tagged = tag === undefined ? answered : Effect.andThen(Exchange.setHeader("etag", tag), answered)
      return replayed ? Effect.andThen(repeating, tagged) : tagged
    })
    const entering = Effect.suspend(() => {
      if (inFlight.has(scopeId)) {
        return retryLater(new BoundaryProblems.IdempotencyKeyInFlight({ retryAfterSeconds: RETRY_AFTER_SECONDS }))
      }
      inFlight.add(scopeId)
      return Effect.void
    })
    const leaving = Effect.sync(() => inFlight.delete(scopeId))
    // The command goes on when its request has been given up, and its key stays in use until the command is done.
    const alone = Effect.uninterruptible(Effect.andThen(entering, Effect.ensuring(work, leaving)))
    return toProblems(alone, "header")
  }
  const forPrincipal = <C extends CallerCommand>(command: C, headers: WriteHeaders) =>
    CurrentPrincipal.use((principal) => carryOut(command, headers, actorOf(principal)))

  return {
    /** Carries out a command, and gives its outcome. */
    execute: <C extends CallerCommand>(command: C, headers: WriteHeaders) =>
      Effect.map(forPrincipal(command, headers), ({ outcome }) => outcome),
    /** Registers somebody, and gives the outcome with the link of the attendee, which an answer that is repeated does not have. */
    register: <C extends Register | RegisterGuest>(command: C, headers: WriteHeaders) =>
      Effect.map(forPrincipal(command, headers), ({ linkSecret, outcome }) => ({
        ...outcome,
        ...(linkSecret === null ? {} : { link: textOf(outcome.registration.id, linkSecret) })
      }))
  }
})

export class Write extends Context.Service<Write, Effect.Success<typeof makeWrite>>()("@turnout/HttpWrite") {
  static readonly layer = Layer.effect(Write, makeWrite)
}
