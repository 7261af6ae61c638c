/**
 * What is too much for one commit, carried on in steps: promotions, and the registrations of events that are cancelled or reopened
 * (see `Steps` of the domain).
 *
 * Every command about such an event carries it on. This part sends such commands when no caller does: the process that began goes
 * on step by step, and every process looks, at its start and every `SWEEP_INTERVAL_MILLIS`, for events that another process has
 * left undone. The steps take their turn among the other commands about the event.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Reply } from "../../domain/Batch.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { Answer } from "../../domain/model/Outcome.ts"
import { isStepDue } from "../../domain/model/Steps.ts"
import type { StoreClock } from "../../../kernel/ports/StoreClock.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import * as ClockOffset from "../../../kernel/application/time/ClockOffset.ts"
import * as ClockWatch from "../../../kernel/application/time/ClockWatch.ts"
import * as Rest from "../../../kernel/application/time/Rest.ts"
import type { Overloaded } from "../../../kernel/application/Overloaded.ts"
import * as StoreOutage from "../../../kernel/application/StoreOutage.ts"

/** How often every process looks for events that no process carries on. */
export const SWEEP_INTERVAL_MILLIS = 15_000

/** The event that this answer shows, if it has a step to make. */
export const eventWithStepDue = (answer: Answer, now: Date): EventId | undefined =>
  Result.isSuccess(answer) && "event" in answer.success && isStepDue(answer.success.event, now)
    ? answer.success.event.id
    : undefined

/** Carries on step by step until nothing is due, and returns the answer to the last step. */
export const finish = <E>(
  step: (eventId: EventId) => Effect.Effect<Reply, E>,
  eventId: EventId,
  clock: StoreClock
): Effect.Effect<Answer, E> =>
  Effect.flatMap(step(eventId), ({ answer }) =>
    eventWithStepDue(answer, clock.now()) === undefined ? Effect.succeed(answer) : finish(step, eventId, clock)
  )

export interface Steps {
  /** Carries an event on in the background until nothing is due. */
  readonly carryOn: (eventId: EventId) => void
}

export const make = Effect.fnUntraced(function* (
  eventsWithStepsDue: Effect.Effect<ReadonlyArray<EventId>, StoreError>,
  step: (eventId: EventId) => Effect.Effect<Reply, StoreError | Overloaded>,
  clock: StoreClock
): Effect.fn.Return<Steps, never, Scope.Scope> {
  const underway = new Set<EventId>()
  const start = yield* FiberSet.makeRuntime<never>()
  // Every process runs this sweep, so it is the place to log that the wall clock was set, or differs from the store's.
  const own = yield* Clock.Clock
  const jumps = ClockWatch.make(own)
  const offset = ClockOffset.make(clock, own, yield* Effect.context<never>())

  const carryOn: Steps["carryOn"] = (eventId) => {
    if (underway.has(eventId)) return
    underway.add(eventId)
    start(
      finish(step, eventId, clock).pipe(
        Effect.catch((error) =>
          error._tag === "StoreError"
            ? StoreOutage.log("further steps are left for the next sweep", error)
            : Effect.logWarning("further steps are left for the next sweep", error)
        ),
        Effect.ensuring(Effect.sync(() => underway.delete(eventId)))
      )
    )
  }

  yield* eventsWithStepsDue.pipe(
    Effect.map((events) => events.forEach(carryOn)),
    Effect.catch((error) => Effect.logDebug("events with further steps could not be looked up", error)),
    Effect.andThen(jumps.look),
    Effect.andThen(offset.look),
    Effect.andThen(Rest.millis(SWEEP_INTERVAL_MILLIS)),
    Effect.forever,
    Effect.forkScoped
  )

  return { carryOn }
})
