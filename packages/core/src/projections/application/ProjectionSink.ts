/**
 * The sink that keeps a projection up to date. A relay delivers to it; the entries only say which streams have moved on.
 */
import * as Effect from "effect/Effect"
import { delivered, type DeliveryOutcome } from "../../delivery/domain/DeliveryOutcome.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { ProjectionStore } from "../ports/ProjectionStore.ts"
import type { AdmissionReads } from "../../admission/ports/AdmissionReads.ts"
import { type Sink, SinkUnavailable } from "../../delivery/ports/Sink.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { type Projection, update } from "./Projection.ts"

const CONCURRENCY = 4

/** The name of a projection as a sink. */
export const sinkNameOf = ({ name }: { readonly name: string }): string => `projection:${name}`

export const make = Effect.fnUntraced(function* <State>(
  projection: Projection<State>
): Effect.fn.Return<Sink, never, ProjectionStore | AdmissionReads> {
  const context = yield* Effect.context<ProjectionStore | AdmissionReads>()
  /** The outcome for all entries of a stream. A failure of the store is none: it may concern every stream. */
  const outcomeOf = (stream: EventId): Effect.Effect<DeliveryOutcome, StoreError> =>
    update(projection, stream).pipe(
      Effect.provide(context),
      Effect.as(delivered),
      Effect.catchTags({
        JournalPruned: ({ message }) =>
          Effect.succeed<DeliveryOutcome>({ _tag: "Failed", error: message, isFinal: true })
      }),
      Effect.catchDefect((defect) =>
        Effect.succeed<DeliveryOutcome>({ _tag: "Failed", error: String(defect), isFinal: false })
      )
    )
  return {
    name: sinkNameOf(projection),
    deliver: ({ deliveries, settled }) => {
      const indexes = Map.groupBy(deliveries.keys(), (index) => deliveries[index]!.eventId)
      const outcomes: Array<DeliveryOutcome> = []
      let failure: StoreError | undefined
      const bring = (stream: EventId): Effect.Effect<void> =>
        Effect.suspend(() => {
          // After a failure of the store, no other stream is tried. Contention is an exception: it is about one stream only.
          if (failure !== undefined && failure.reason._tag !== "Contention") return Effect.void
          return Effect.match(outcomeOf(stream), {
            onSuccess: (outcome) => {
              for (const index of indexes.get(stream)!) {
                outcomes[index] = outcome
                settled?.(index, outcome)
              }
            },
            onFailure: (error) => void (failure = error)
          })
        })
      return Effect.flatMap(Effect.forEach(indexes.keys(), bring, { concurrency: CONCURRENCY, discard: true }), () =>
        failure === undefined ? Effect.succeed(outcomes) : Effect.fail(new SinkUnavailable({ cause: failure }))
      )
    }
  }
})
