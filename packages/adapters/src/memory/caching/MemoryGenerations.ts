/**
 * The generation of the caches in memory, for the processes that a test has in one.
 */
import { type Generation, Generations } from "@turnout/core/caching/ports/Generations"
import { monotonicMillis } from "@turnout/core/kernel/application/time/MonotonicTime"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const make = Effect.map(Clock.Clock, (clock) => {
  let row: (Omit<Generation, "ageMillis"> & { readonly since: number }) | undefined
  const now = () => monotonicMillis(clock)
  const put = ({ id, server }: Pick<Generation, "id" | "server">) =>
    void (row = { id, server, isSettled: false, since: now() })
  return Generations.of({
    current: Effect.sync(() => {
      if (row === undefined) return null
      const { since, ...generation } = row
      return { ...generation, ageMillis: now() - since }
    }),
    replace: (next) => Effect.sync(() => put(next)),
    propose: (next, expected) =>
      Effect.sync(() => {
        if ((row?.id ?? null) === expected) put(next)
      }),
    settle: (id) =>
      Effect.sync(() => {
        if (row?.id === id) row = { ...row, isSettled: true }
      })
  })
})

/** The generation of one database; each build of the layer makes another one. */
export const layer: Layer.Layer<Generations> = Layer.effect(Generations, make)
