/**
 * The contract of projections on a store, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my projections", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Projection from "@turnout/core/projections/application/Projection"
import * as ProjectionSink from "@turnout/core/projections/application/ProjectionSink"
import * as Sales from "@turnout/core/projections/application/Sales"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import { Effect, Layer, Schema } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

const sales = (eventId: EventId) => Projection.get(Sales.projection, eventId)

/** A projection that no other test has, whose state is the versions that it was given, in that order. */
const versions = (): Projection.Projection<ReadonlyArray<number>> => ({
  name: `versions ${randomUUID()}`,
  schema: Schema.Array(Schema.Number),
  initial: () => [],
  apply: (seen, { version }) => [...seen, version]
})

/** Delivers an entry of a stream, as a relay does when the stream has grown. */
const deliver = <State>(projection: Projection.Projection<State>, eventId: EventId) =>
  Effect.flatMap(ProjectionSink.make(projection), (sink) =>
    sink.deliver({ slot: 0, epoch: 1, deliveries: [{ eventId } as StoredEntry] })
  )

type Services = AdmissionStore | AdmissionReads | ProjectionStore

export const suite = <E>(name: string, store: Layer.Layer<Services, E>): void => {
  describe(`projections: ${name}`, () => {
    const services = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(services, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("counts the sales of an event", () =>
        Effect.gen(function* () {
          const { id } = yield* Given.publishedEvent({ capacity: 2, title: "Gala" })
          const people = yield* Given.registerAll(id, 5)
          yield* use((turnout) => turnout.cancelRegistration(id, people[0]!.id))
          yield* use((turnout) => turnout.cancelRegistration(id, people[4]!.id))
          yield* use((turnout) => turnout.changeCapacity(id, { capacity: 3 }))
          assert.isUndefined(yield* sales(id))
          yield* deliver(Sales.projection, id)
          const { state, version } = (yield* sales(id))!
          const event = yield* use((turnout) => turnout.getEvent(id))
          assert.strictEqual(version, event.version)
          assert.deepInclude(state, {
            eventId: id,
            title: "Gala",
            capacity: 3,
            promotions: 2,
            cancellations: 2,
            registrations: {
              confirmed: 3,
              waitlisted: 0,
              cancelled: 2,
              attended: 0,
              noShow: 0
            }
          })
          assert.strictEqual(state.registrations.confirmed, event.counts.confirmed)
          assert.strictEqual(state.soldOutAt?.getTime(), people[1]!.registeredAt.getTime())
          assert.strictEqual(state.firstRegistrationAt?.getTime(), people[0]!.registeredAt.getTime())
          assert.isNotNull(state.publishedAt)
        })
      )

      it.effect("has every entry once and in order, even if entries are delivered again or at the same time", () =>
        Effect.gen(function* () {
          const projection = versions()
          const { id } = yield* Given.publishedEvent({ capacity: 1_000 })
          const registering = Effect.forEach(
            Array.from({ length: 40 }, (_, n) => n + 1),
            (n) => Given.register(id, n)
          )
          const delivering = Effect.repeat(deliver(projection, id), { times: 15 })
          yield* Effect.all(
            [registering, delivering, delivering, Effect.repeat(Projection.rebuild(projection, id), { times: 10 })],
            {
              concurrency: "unbounded"
            }
          )
          yield* deliver(projection, id)
          const found = yield* Projection.get(projection, id)
          const all = Array.from({ length: 42 }, (_, n) => n + 1)
          assert.deepStrictEqual(found, { stream: id, version: 42, state: all })
        })
      )

      it.effect("is made anew from the whole journal, however long that is", () =>
        Effect.gen(function* () {
          const projection = versions()
          const { id } = yield* Given.publishedEvent({ capacity: 5_000 })
          yield* Effect.forEach(
            Array.from({ length: 1_100 }, (_, n) => n + 1),
            (n) => Given.register(id, n),
            {
              concurrency: 200,
              discard: true
            }
          )
          yield* ProjectionStore.use((projections) =>
            projections.update(projection.name, id, () => Effect.succeed({ version: 7, state: [99] }))
          )
          yield* Projection.rebuild(projection, id)
          const found = (yield* Projection.get(projection, id))!
          assert.strictEqual(found.version, 1_102)
          assert.deepStrictEqual(
            found.state,
            Array.from({ length: 1_102 }, (_, n) => n + 1)
          )
        })
      )

      it.effect(
        "N3: parks a stream whose beginning has been pruned, or that it cannot make anything of, and no other",
        () =>
          Effect.gen(function* () {
            const real = yield* AdmissionReads
            const [flowing, pruned, strange] = yield* Effect.all([
              Given.publishedEvent(),
              Given.publishedEvent(),
              Given.publishedEvent()
            ])
            const projection: Projection.Projection<ReadonlyArray<number>> = {
              ...versions(),
              apply: (seen, { eventId, version }) => {
                if (eventId === strange.id) throw new Error("never seen the like")
                return [...seen, version]
              }
            }
            const store = AdmissionReads.of({
              ...real,
              journal: (eventId, page) =>
                real.journal(eventId, eventId === pruned.id ? { ...page, after: Math.max(page.after ?? 0, 1) } : page)
            })
            const sink = yield* Effect.provideService(ProjectionSink.make(projection), AdmissionReads, store)
            const deliveries = [pruned, flowing, strange, pruned].map(({ id }) => ({ eventId: id }) as StoredEntry)
            const outcomes = yield* sink.deliver({ slot: 0, epoch: 1, deliveries })
            assert.deepStrictEqual(
              outcomes.map((outcome) => [outcome._tag, "isFinal" in outcome && outcome.isFinal]),
              [
                ["Failed", true],
                ["Delivered", false],
                ["Failed", false],
                ["Failed", true]
              ]
            )
            assert.deepStrictEqual((yield* Projection.get(projection, flowing.id))?.state, [1, 2])
            for (const { id } of [pruned, strange]) assert.isUndefined(yield* Projection.get(projection, id))
          })
      )

      it.effect("stays as it was if the beginning of the journal has been pruned, or a change fails", () =>
        Effect.gen(function* () {
          const projection = versions()
          const { id } = yield* Given.publishedEvent()
          yield* deliver(projection, id)
          const real = yield* AdmissionReads
          const pruned = AdmissionReads.of({
            ...real,
            journal: (eventId, page) => real.journal(eventId, { ...page, after: Math.max(page.after ?? 0, 1) })
          })
          const error = yield* Effect.flip(
            Effect.provideService(Projection.rebuild(projection, id), AdmissionReads, pruned)
          )
          assert.deepInclude(error, { _tag: "JournalPruned", stream: id, firstVersion: 2 })
          const failure = yield* Effect.flip(
            ProjectionStore.use((projections) =>
              projections.update(projection.name, id, () => Effect.fail("no" as const))
            )
          )
          assert.strictEqual(failure, "no")
          const unknown = randomUUID() as EventId
          yield* Effect.flip(
            ProjectionStore.use((projections) => projections.update(projection.name, unknown, () => Effect.fail("no")))
          )
          assert.isUndefined(yield* Projection.get(projection, unknown))
          assert.deepStrictEqual((yield* Projection.get(projection, id))?.state, [1, 2])
        })
      )

      it.effect("says which streams are up to date, if the store is away for one of them", () =>
        Effect.gen(function* () {
          const projection = versions()
          const ids: Array<EventId> = []
          for (let n = 0; n < 6; n++) ids.push((yield* Given.publishedEvent()).id)
          const real = yield* AdmissionReads
          const away = (reason: StoreError.StoreErrorReason) =>
            AdmissionReads.of({
              ...real,
              journal: (eventId, page) =>
                eventId === ids[2]
                  ? Effect.fail(new StoreError.StoreError({ reason }))
                  : Effect.delay(real.journal(eventId, page), 20)
            })
          const known = (reason: StoreError.StoreErrorReason) =>
            Effect.gen(function* () {
              const sink = yield* Effect.provideService(ProjectionSink.make(projection), AdmissionReads, away(reason))
              const settled = new Set<number>()
              const deliveries = [...ids, ids[0]!].map((eventId) => ({ eventId }) as StoredEntry)
              const error = yield* Effect.flip(
                sink.deliver({ slot: 0, epoch: 1, deliveries, settled: (index) => void settled.add(index) })
              )
              assert.strictEqual(error._tag, "SinkUnavailable")
              return [...settled].toSorted((a, b) => a - b)
            })
          const cause = new Error("for a test")
          const soFar = yield* known(new StoreError.Unavailable({ cause }))
          assert.includeMembers(soFar, [0, 1, 6])
          assert.notInclude(soFar, 2)
          for (const index of soFar) assert.isDefined(yield* Projection.get(projection, ids[index] ?? ids[0]!))
          // Contention is about the rows of one stream.
          assert.deepStrictEqual(yield* known(new StoreError.Contention({ cause })), [0, 1, 3, 4, 5, 6])
          for (const [n, id] of ids.entries())
            assert.strictEqual((yield* Projection.get(projection, id)) === undefined, n === 2)
        })
      )

      it.effect("lists states in the order of their streams", () =>
        Effect.gen(function* () {
          const projection = versions()
          const ids = []
          for (let n = 0; n < 3; n++) ids.push((yield* Given.draftEvent()).id)
          for (const id of ids) yield* deliver(projection, id)
          const sorted = ids.toSorted()
          const found = yield* Projection.list(projection, { after: null, limit: 10 })
          assert.deepStrictEqual(
            found.map(({ stream }) => stream),
            sorted
          )
          const [next] = yield* Projection.list(projection, { after: sorted[0]!, limit: 1 })
          assert.strictEqual(next?.stream, sorted[1])
        })
      )
    })
  })
}
