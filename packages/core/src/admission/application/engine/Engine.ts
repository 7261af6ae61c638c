/**
 * The engine: carries out commands.
 *
 * A command becomes a request (with a fresh id and the fingerprint of its idempotency key), waits in a lane, and is answered once the
 * transaction that it shared with others has committed. The batch is decided at one time, by the store's clock. Within a transaction of the
 * host, a command shares with no other: it is carried out in that transaction, at once.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Batch from "../../domain/Batch.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import { footprint } from "../../domain/state/Footprint.ts"
import type { Command } from "../../domain/model/Command.ts"
import type { Answer } from "../../domain/model/Outcome.ts"
import { decidedAt, eventsOf, type PendingRequest } from "../../domain/state/Request.ts"
import { AdmissionStore } from "../../ports/AdmissionStore.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import * as HostTransaction from "./HostTransaction.ts"
import * as IdempotencySweep from "./IdempotencySweep.ts"
import * as Lanes from "./Lanes.ts"
import type { Overloaded } from "../../../kernel/application/Overloaded.ts"
import * as Requests from "./Requests.ts"
import * as Steps from "./Steps.ts"
import * as Sweeping from "../../../kernel/application/Sweeping.ts"
import type { Caller } from "../../domain/state/Caller.ts"
import type { WriteOptions } from "../../domain/state/WriteOptions.ts"

export interface EngineOptions extends Lanes.LaneOptions, Requests.KeyOptions, IdempotencySweep.SweepOptions {}

export interface Engine {
  /** Carries out one command, in one transaction with others that wait at the same time. */
  readonly execute: (
    command: Command,
    options: WriteOptions,
    caller?: Caller
  ) => Effect.Effect<Batch.Reply, StoreError | Overloaded>
  /** Carries out commands in a transaction of their own: all of their changes, or none. */
  readonly executeAll: (
    commands: ReadonlyArray<{ readonly command: Command; readonly options: WriteOptions; readonly caller?: Caller }>
  ) => Effect.Effect<ReadonlyArray<Batch.Reply>, StoreError>
}

export const make = Effect.fnUntraced(function* (
  options: EngineOptions = {}
): Effect.fn.Return<Engine, never, AdmissionStore | SecureRandom.SecureRandom | Scope.Scope> {
  const store = yield* AdmissionStore
  const random = yield* SecureRandom.SecureRandom

  const makeRequest = Requests.make(random, options)

  const commit: Lanes.Commit = (events, close) =>
    store.transact(events, () => {
      const requests = close()
      return { footprint: footprint(requests), decide: (set, now) => Batch.decide(decidedAt(requests, now), set) }
    })
  const commitAll = (requests: ReadonlyArray<PendingRequest>) => commit(eventsOf(requests), () => requests)

  const lanes = yield* Lanes.make(commit, options)
  const nextStep = (eventId: EventId) => makeRequest({ _tag: "CarryOn", eventId }, {})
  const steps = yield* Steps.make(
    store.eventsWithStepsDue,
    (eventId) => Effect.flatMap(nextStep(eventId), lanes.submit),
    store.clock
  )

  const { commandTimeoutMillis = Lanes.DEFAULTS.commandTimeoutMillis, sweepMillis = Sweeping.DEFAULT_SWEEP_MILLIS } =
    options
  yield* Effect.forkScoped(Sweeping.run(IdempotencySweep.make(store, commandTimeoutMillis), sweepMillis), {
    startImmediately: true
  })

  const carryOnAfter = (answer: Answer): void => {
    const due = Steps.eventWithStepDue(answer, store.clock.now())
    if (due !== undefined) steps.carryOn(due)
  }

  const executeAll: Engine["executeAll"] = Effect.fnUntraced(function* (commands) {
    const requests = yield* Effect.forEach(commands, ({ caller, command, options }) =>
      makeRequest(command, options, caller)
    )
    if (yield* store.isInTransaction)
      return yield* HostTransaction.execute({ transact: store.transact, clock: store.clock, nextStep }, requests)
    const replies = yield* commitAll(requests)
    replies.forEach(({ answer }) => {
      carryOnAfter(answer)
    })
    return replies
  })

  return {
    execute: (command, options, caller) =>
      Effect.flatMap(store.isInTransaction, (isInTransaction) =>
        isInTransaction
          ? Effect.map(
              executeAll([{ command, options, ...(caller === undefined ? {} : { caller }) }]),
              ([reply]) => reply!
            )
          : Effect.map(Effect.flatMap(makeRequest(command, options, caller), lanes.submit), (reply) => {
              carryOnAfter(reply.answer)
              return reply
            })
      ),
    executeAll
  }
})
