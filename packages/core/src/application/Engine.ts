/**
 * The engine: carries out commands.
 *
 * A command becomes a request (with the time, a fresh id and the fingerprint of its idempotency key), waits in a lane, and
 * is answered once the transaction that it shared with others has committed. Within a transaction of the host there is
 * nobody to share with: the command is carried out in it, at once.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Batch from "../domain/Batch.ts"
import type { Command } from "../domain/Command.ts"
import type { EventId } from "../domain/Event.ts"
import { scope } from "../domain/Idempotency.ts"
import { eventsOf, type Request } from "../domain/Request.ts"
import { footprint } from "../domain/WorkingSet.ts"
import { type ClosedBatch, RegistrationStore } from "../ports/RegistrationStore.ts"
import type { StoreError } from "../ports/StoreError.ts"
import { CommitSignal } from "./CommitSignal.ts"
import { fingerprint } from "./Fingerprint.ts"
import * as Lanes from "./Lanes.ts"
import type { Overloaded } from "./Overloaded.ts"
import * as Promotions from "./Promotions.ts"
import { ANONYMOUS, type WriteOptions } from "./WriteOptions.ts"

/** How long idempotency records count unless configured: 72 hours. */
export const DEFAULT_IDEMPOTENCY_TTL_MILLIS = 72 * 60 * 60 * 1_000

export interface EngineOptions extends Lanes.LaneOptions {
  /** How long the answer to an idempotency key is remembered. Default 72 hours. */
  readonly idempotencyTtlMillis?: number
}

export interface Engine {
  /** Carries out one command, together with whatever else is asked for at the moment. */
  readonly execute: (command: Command, options: WriteOptions) => Effect.Effect<Batch.Reply, StoreError | Overloaded>
  /** Carries out commands in a transaction of their own: all of their changes, or none. */
  readonly executeAll: (
    commands: ReadonlyArray<{ readonly command: Command; readonly options: WriteOptions }>
  ) => Effect.Effect<ReadonlyArray<Batch.Reply>, StoreError>
}

export const make = Effect.fnUntraced(function* (
  options: EngineOptions = {}
): Effect.fn.Return<Engine, never, RegistrationStore | CommitSignal | SecureRandom.SecureRandom | Scope.Scope> {
  const store = yield* RegistrationStore
  const random = yield* SecureRandom.SecureRandom
  const signal = yield* CommitSignal
  const ttlMillis = options.idempotencyTtlMillis ?? DEFAULT_IDEMPOTENCY_TTL_MILLIS

  const toRequest = (command: Command, options: WriteOptions, millis: number, freshId: string): Request => {
    const { actor = ANONYMOUS, causationId = null, correlationId = null, idempotencyKey: key } = options
    return {
      command,
      now: new Date(millis),
      freshId,
      idempotency:
        key === undefined
          ? null
          : {
              scope: scope(actor, command._tag, key),
              fingerprint: fingerprint(command),
              expiresAt: new Date(millis + ttlMillis)
            },
      metadata: { actor, correlationId, causationId }
    }
  }
  const makeRequest = (command: Command, options: WriteOptions): Effect.Effect<Request> =>
    Effect.flatMap(Clock.currentTimeMillis, (millis) =>
      Effect.map(random.uuidV7(), (freshId) => toRequest(command, options, millis, freshId))
    )

  const commit: Lanes.Commit = (events, close) => {
    const closeBatch = (): ClosedBatch => {
      const requests = close()
      return { footprint: footprint(requests), decide: (set) => Batch.decide(requests, set) }
    }
    return Effect.tap(store.transact(events, closeBatch), () => Effect.sync(signal.notify))
  }
  const commitAll = (requests: ReadonlyArray<Request>) => commit(eventsOf(requests), () => requests)

  const lanes = yield* Lanes.make(commit, options)
  const nextStep = (eventId: EventId) => makeRequest({ _tag: "PromoteWaiting", eventId }, {})
  const promotions = yield* Promotions.make(store.eventsWithPromotionsDue, (eventId) =>
    Effect.flatMap(nextStep(eventId), lanes.submit)
  )

  const promoteInTransaction = (eventId: EventId) =>
    Effect.map(
      Effect.flatMap(nextStep(eventId), (request) => commitAll([request])),
      ([reply]) => reply!
    )

  const executeAll: Engine["executeAll"] = Effect.fnUntraced(function* (commands) {
    const requests = yield* Effect.forEach(commands, ({ command, options }) => makeRequest(command, options))
    const replies = yield* commitAll(requests)
    const due = replies.flatMap(({ answer }) => Promotions.eventWithPromotionsDue(answer) ?? [])
    if (yield* store.isInTransaction) {
      // What a host has open is finished within it: nobody else sees the event before it commits.
      yield* Effect.forEach(due, (eventId) => Promotions.promoteAll(promoteInTransaction, eventId), { discard: true })
    } else due.forEach(promotions.carryOn)
    return replies
  })

  return {
    execute: (command, options) =>
      Effect.flatMap(store.isInTransaction, (isInTransaction) =>
        isInTransaction
          ? Effect.map(executeAll([{ command, options }]), ([reply]) => reply!)
          : Effect.map(Effect.flatMap(makeRequest(command, options), lanes.submit), (reply) => {
              const due = Promotions.eventWithPromotionsDue(reply.answer)
              if (due !== undefined) promotions.carryOn(due)
              return reply
            })
      ),
    executeAll
  }
})
