/**
 * Projections in memory.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { type Projected, ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyedLock from "../KeyedLock.ts"

const make = Effect.sync(() => {
  const states = new Map<string, Map<EventId, Projected>>()
  const locked = KeyedLock.make()
  return ProjectionStore.of({
    update: (projection, stream, change) =>
      Effect.suspend(() => change(states.get(projection)?.get(stream))).pipe(
        Effect.map((changed) => {
          const own = states.get(projection) ?? new Map<EventId, Projected>()
          states.set(projection, own.set(stream, { stream, ...changed }))
        }),
        locked(`${projection} ${stream}`)
      ),
    get: (projection, stream) =>
      Effect.sync(() => {
        const found = states.get(projection)?.get(stream)
        return found?.state === undefined ? undefined : found
      }),
    list: (projection, { after, limit }) =>
      Effect.sync(() =>
        [...(states.get(projection)?.values() ?? [])]
          .filter(({ state, stream }) => state !== undefined && (after === null || stream > after))
          .toSorted((a, b) => (a.stream < b.stream ? -1 : 1))
          .slice(0, limit)
      )
  })
})

export const layer: Layer.Layer<ProjectionStore> = Layer.effect(ProjectionStore, make)
