/**
 * The writes of HTTP: each carries out one command of the `Turnout` service, under the idempotency key of its request.
 *
 * The server works on one request for a key at a time, for each principal. A command that has begun is finished, although its request
 * has been given up.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { scope } from "@turnout/core/admission/domain/state/Idempotency"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as BoundaryProblems from "../problems/BoundaryProblems.ts"
import { RETRY_AFTER_SECONDS, retryLater } from "../problems/RetryLater.ts"
import { toProblems } from "../problems/ToProblems.ts"
import type { WriteHeaders } from "../requests/WriteHeaders.ts"
import { setHeader } from "./Boundary.ts"
import { Principal } from "./Principal.ts"

/**
 * How a request is answered whose idempotency key was answered before: with the first answer, marked as replayed, or
 * with 409.
 */
export type OnReplay = "replay" | "conflict"

export const ReplayPolicy = Context.Reference<OnReplay>("@turnout/ReplayPolicy", {
  defaultValue: () => "replay"
})

/** Carries out commands for whom `Principal` says: one at a time for each idempotency key of a principal. */
export const makeWrite = Effect.gen(function* () {
  const turnout = yield* Turnout
  const onReplay = yield* ReplayPolicy
  /** By the ids of idempotency scopes, as the store keeps them apart. */
  const inFlight = new Set<string>()

  const carryOut = <C extends Command>(command: C, headers: WriteHeaders, principal: string) => {
    const key = headers["idempotency-key"]
    const { id: scopeId } = scope(principal, command._tag, key)
    const requestId = headers["x-request-id"]
    const execute = turnout.execute(command, {
      idempotencyKey: key,
      actor: principal,
      ...(requestId === undefined ? {} : { correlationId: requestId })
    })
    const work = Effect.gen(function* () {
      const { answer, replayed } = yield* execute
      if (replayed) {
        if (onReplay === "conflict") return yield* new BoundaryProblems.IdempotencyKeyReplayed()
        yield* setHeader("idempotent-replayed", "true")
      }
      return yield* Effect.fromResult(answer)
    })
    const alone = Effect.acquireUseRelease(
      Effect.suspend(() => {
        if (inFlight.has(scopeId)) {
          return retryLater(new BoundaryProblems.IdempotencyKeyInFlight({ retryAfterSeconds: RETRY_AFTER_SECONDS }))
        }
        inFlight.add(scopeId)
        return Effect.void
      }),
      // The command goes on when its request has been given up, and its key is in use until it is done.
      () => Effect.uninterruptible(work),
      () => Effect.sync(() => inFlight.delete(scopeId))
    )
    return toProblems(alone, "header")
  }
  return <C extends Command>(command: C, headers: WriteHeaders) =>
    Effect.flatMap(Principal, (principal) => carryOut(command, headers, principal))
})

export class Write extends Context.Service<Write, Effect.Success<typeof makeWrite>>()("@turnout/HttpWrite") {
  static readonly layer = Layer.effect(Write, makeWrite)
}
