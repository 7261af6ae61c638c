/**
 * Promotions that are too many for one commit, carried on in steps.
 *
 * Every command about such an event carries its promotions on. This part sends such commands when no caller does: the process
 * that raised the capacity goes on step by step, and every process looks, at its start and every `SWEEP_INTERVAL_MILLIS`, for
 * promotions that another process has left undone. The steps take their turn among the other commands about the event.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Reply } from "../../domain/Batch.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import { promotionsDue } from "../../domain/model/Seats.ts"
import type { Answer } from "../../domain/model/Outcome.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import * as ClockWatch from "../../../kernel/application/ClockWatch.ts"
import type { Overloaded } from "../../../kernel/application/Overloaded.ts"
import * as StoreOutage from "../../../kernel/application/StoreOutage.ts"

/** How often every process looks for promotions that no process carries on. */
export const SWEEP_INTERVAL_MILLIS = 15_000

/** The event that this answer shows, if promotions are due. */
export const eventWithPromotionsDue = (answer: Answer, now: Date): EventId | undefined =>
  Result.isSuccess(answer) && "event" in answer.success && promotionsDue(answer.success.event, now) > 0
    ? answer.success.event.id
    : undefined

/** Promotes step by step until nothing is due, and returns the answer to the last step. */
export const promoteAll = <E>(
  promote: (eventId: EventId) => Effect.Effect<Reply, E>,
  eventId: EventId
): Effect.Effect<Answer, E> =>
  Effect.flatMap(promote(eventId), ({ answer }) =>
    Effect.flatMap(Clock.currentTimeMillis, (millis) =>
      eventWithPromotionsDue(answer, new Date(millis)) === undefined
        ? Effect.succeed(answer)
        : promoteAll(promote, eventId)
    )
  )

export interface Promotions {
  /** Carries on the promotions of an event in the background until nothing is due. */
  readonly carryOn: (eventId: EventId) => void
}

export const make = Effect.fnUntraced(function* (
  eventsWithPromotionsDue: Effect.Effect<ReadonlyArray<EventId>, StoreError>,
  promote: (eventId: EventId) => Effect.Effect<Reply, StoreError | Overloaded>
): Effect.fn.Return<Promotions, never, Scope.Scope> {
  const underway = new Set<EventId>()
  const start = yield* FiberSet.makeRuntime<never>()
  // Every process runs this sweep, so it is the place to log that the wall clock was set.
  const { look } = ClockWatch.make(yield* Clock.Clock)

  const carryOn: Promotions["carryOn"] = (eventId) => {
    if (underway.has(eventId)) return
    underway.add(eventId)
    start(
      promoteAll(promote, eventId).pipe(
        Effect.catch((error) =>
          error._tag === "StoreError"
            ? StoreOutage.log("promotions are left for the next sweep", error)
            : Effect.logWarning("promotions are left for the next sweep", error)
        ),
        Effect.ensuring(Effect.sync(() => underway.delete(eventId)))
      )
    )
  }

  yield* eventsWithPromotionsDue.pipe(
    Effect.map((events) => events.forEach(carryOn)),
    Effect.catch((error) => Effect.logDebug("promotions could not be looked up", error)),
    Effect.andThen(look),
    Effect.repeat(Schedule.spaced(SWEEP_INTERVAL_MILLIS)),
    Effect.forkScoped
  )

  return { carryOn }
})
