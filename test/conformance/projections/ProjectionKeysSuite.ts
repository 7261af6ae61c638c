/**
 * The contract of a store of projections about keys, as a suite: a store distinguishes states by projection and stream, and a
 * projection reads a journal of any length to its end. One line runs it on a store:
 *
 * ```ts
 * suite("my projections", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Projection from "@turnout/core/projections/application/Projection"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Deferred, Effect, Layer, Schema } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

/** The differences between stores, as data. */
export interface Capabilities {
  /** Whether it makes more than one change at a time: an embedded database has one connection. */
  readonly changesAtOnce: boolean
}

const use = <A, E, R>(f: (projections: ProjectionStore["Service"]) => Effect.Effect<A, E, R>) => ProjectionStore.use(f)

/** A projection that no other test has, whose state is the number of entries. */
const counting = (): Projection.Projection<number> => ({
  name: `count ${randomUUID()}`,
  schema: Schema.Number,
  initial: () => 0,
  apply: (seen) => seen + 1
})

const newStream = (): EventId => randomUUID() as EventId

/** The number of entries that a projection reads at once. */
const PAGE = 500

export const suite = <E>(
  name: string,
  store: Layer.Layer<AdmissionStore | AdmissionReads | ProjectionStore, E>,
  { changesAtOnce }: Capabilities = { changesAtOnce: true }
): void => {
  describe(`keys of projections: ${name}`, () => {
    const services = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(services, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("keeps the states of projections and streams apart", () =>
        Effect.gen(function* () {
          const names = [`one ${randomUUID()}`, `other ${randomUUID()}`]
          const streams = [newStream(), newStream(), newStream()].toSorted()
          const keys = names.flatMap((own) => streams.map((stream) => [own, stream] as const))
          for (const [n, [own, stream]] of keys.entries())
            yield* use((projections) =>
              projections.update(own, stream, (current) => {
                assert.isUndefined(current, "nothing is there yet")
                return Effect.succeed({ version: n + 1, state: { n } })
              })
            )
          const states = Effect.forEach(keys, ([own, stream]) => use((projections) => projections.get(own, stream)))
          const before = keys.map(([, stream], n) => ({ stream, version: n + 1, state: { n } as object }))
          assert.deepStrictEqual(yield* states, before)
          const [own, stream] = keys[1]!
          yield* use((projections) =>
            projections.update(own, stream, (current) => {
              assert.deepStrictEqual(current, before[1])
              return Effect.succeed({ version: 99, state: "changed" })
            })
          )
          const changed = before.with(1, { stream, version: 99, state: "changed" as never })
          assert.deepStrictEqual(yield* states, changed)
          for (const [index, name] of names.entries()) {
            const expected = changed.slice(index * streams.length, (index + 1) * streams.length)
            for (const limit of [1, 2, 3, 4]) {
              const found = []
              let after: EventId | null = null
              while (true) {
                const page: ReadonlyArray<{ readonly stream: EventId }> = yield* use((projections) =>
                  projections.list(name, { after, limit })
                )
                found.push(...page)
                if (page.length < limit) break
                after = page.at(-1)!.stream
              }
              assert.deepStrictEqual(found, expected)
            }
          }
        })
      )

      it.effect("shows nothing of a change that has failed, in a list either", () =>
        Effect.gen(function* () {
          const own = `failing ${randomUUID()}`
          const stream = newStream()
          yield* Effect.flip(use((projections) => projections.update(own, stream, () => Effect.fail("no"))))
          assert.deepStrictEqual(yield* use((projections) => projections.list(own, { after: null, limit: 10 })), [])
        })
      )

      // A store with one connection does not promise this.
      if (changesAtOnce)
        it.effect("keeps nobody waiting for a change of another projection, or another stream", () =>
          Effect.gen(function* () {
            const [own, stream] = [`one ${randomUUID()}`, newStream()]
            const keys = [
              [own, stream],
              [own, newStream()],
              [`other ${randomUUID()}`, stream]
            ] as const
            const begun = yield* Effect.forEach(keys, () => Deferred.make<void>())
            // Each change ends only once all have begun.
            const all = Effect.forEach(begun, (one) => Deferred.await(one), { discard: true })
            yield* Effect.forEach(
              keys,
              ([projection, of], n) =>
                use((projections) =>
                  projections.update(projection, of, () =>
                    Deferred.succeed(begun[n]!, undefined).pipe(
                      Effect.andThen(all),
                      Effect.as({ version: 1, state: n })
                    )
                  )
                ),
              { concurrency: "unbounded" }
            ).pipe(Effect.timeout("10 seconds"))
          })
        )

      it.effect("makes the changes of a state one after the other, so that none is lost", () =>
        Effect.gen(function* () {
          const [own, stream] = [`count ${randomUUID()}`, newStream()]
          const changes = 8
          const add = use((projections) =>
            projections.update(own, stream, (current) => {
              const state = ((current?.state as number | undefined) ?? 0) + 1
              return Effect.as(Effect.sleep(10), { version: state, state })
            })
          )
          yield* Effect.replicateEffect(add, changes, { concurrency: "unbounded" })
          assert.deepStrictEqual(yield* use((projections) => projections.get(own, stream)), {
            stream,
            version: changes,
            state: changes
          })
        })
      )

      it.effect(
        "has all entries of a journal, one fewer than are read at once, as many, one more, and twice as many",
        () =>
          Effect.gen(function* () {
            const projection = counting()
            const { id } = yield* Given.publishedEvent({ capacity: 1_000_000 })
            let entries = 2
            for (const length of [PAGE - 1, PAGE, PAGE + 1, 2 * PAGE]) {
              const commands = Array.from({ length: length - entries }, (_, n) => ({
                command: {
                  _tag: "Register" as const,
                  eventId: id,
                  attendee: fromInput({ email: `person-${entries + n}@example.com` }),
                  notes: "",
                  registeredAt: null
                }
              }))
              yield* Turnout.Turnout.use((turnout) => turnout.executeAll(commands))
              entries = length
              yield* Projection.rebuild(projection, id)
              assert.deepStrictEqual(yield* Projection.get(projection, id), {
                stream: id,
                version: length,
                state: length
              })
              yield* Projection.update(projection, id)
              assert.strictEqual((yield* Projection.get(projection, id))?.state, length)
            }
          })
      )
    })
  })
}
