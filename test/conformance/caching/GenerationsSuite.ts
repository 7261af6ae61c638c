/**
 * The contract of the generation of caches.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Generations } from "@turnout/core/caching/ports/Generations"
import { Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"

/** Runs the suite on a store that nobody else uses: a database has one generation. */
export const suite = <E>(name: string, store: Layer.Layer<Generations, E>): void => {
  describe(`generations: ${name}`, () => {
    withLayer(store, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect(
        "there is none before the first, of several the first that is proposed, and then the one that replaces it",
        () =>
          Effect.gen(function* () {
            const { current, propose, replace, settle } = yield* Generations
            assert.isNull(yield* current)
            const ids = Array.from({ length: 10 }, () => randomUUID())
            yield* Effect.forEach(ids, (id) => propose({ id, server: `server of ${id}` }, null), {
              concurrency: "unbounded"
            })
            const first = (yield* current)!
            assert.include(ids, first.id)
            assert.deepInclude(first, { server: `server of ${first.id}`, isSettled: false })
            assert.isBelow(first.ageMillis, 10_000)
            yield* Effect.sleep(30)
            assert.isAtLeast((yield* current)!.ageMillis, first.ageMillis + 25)

            yield* settle(randomUUID())
            assert.isFalse((yield* current)!.isSettled, "another one was settled")
            yield* settle(first.id)
            assert.deepInclude(yield* current, { id: first.id, isSettled: true })

            const next = { id: randomUUID(), server: null }
            yield* propose(next, randomUUID())
            assert.strictEqual((yield* current)!.id, first.id, "another one was expected to be there")
            yield* propose(next, null)
            assert.strictEqual((yield* current)!.id, first.id, "none was expected to be there")
            yield* propose(next, first.id)
            assert.deepInclude(yield* current, { ...next, isSettled: false })
            assert.isBelow(
              (yield* current)!.ageMillis,
              first.ageMillis + 25,
              "the age is that of the one that is there"
            )

            yield* settle(next.id)
            const last = { id: randomUUID(), server: "redis" }
            for (const _ of [1, 2]) yield* replace(last)
            assert.deepInclude(yield* current, { ...last, isSettled: false })
          })
      )
    })
  })
}
