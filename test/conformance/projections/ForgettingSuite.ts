/**
 * The contract of projections on a store about streams that are forgotten: a state that has come to its end is not there any more.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Projection from "@turnout/core/projections/application/Projection"
import * as Sales from "@turnout/core/projections/application/Sales"
import * as SalesAdministration from "@turnout/core/projections/application/SalesAdministration"
import type { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import { Effect, Layer, Schema } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)
const bring = (eventId: EventId) => Projection.update(Sales.projection, eventId)
const streams = Effect.map(SalesAdministration.list({ after: null, limit: 500 }), ({ items }) =>
  items.map(({ eventId }) => eventId)
)

type Services = AdmissionStore | AdmissionReads | ProjectionStore

export const suite = <E>(name: string, store: Layer.Layer<Services, E>): void => {
  describe(`projections that forget: ${name}`, () => {
    const services = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(services, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("sales summaries forget an event that was deleted, however late they learn of it", () =>
        Effect.gen(function* () {
          const [early, late, kept] = yield* Effect.all([Given.draftEvent(), Given.draftEvent(), Given.draftEvent()])
          for (const { id } of [early, kept]) yield* bring(id)
          assert.includeMembers([...(yield* streams)], [early.id, kept.id])
          for (const { id } of [early, late]) yield* use((turnout) => turnout.deleteEvent(id))
          for (const { id } of [early, late, kept]) yield* bring(id)
          for (const { id } of [early, late]) {
            assert.isUndefined(yield* SalesAdministration.get(id))
            assert.notInclude(yield* streams, id)
            // Its entries are delivered again, and it is made anew.
            yield* bring(id)
            yield* Projection.rebuild(Sales.projection, id)
            assert.isUndefined(yield* SalesAdministration.get(id))
            assert.strictEqual((yield* Effect.flip(SalesAdministration.requireEvent(id)))._tag, "EventNotFound")
          }
          assert.isDefined(yield* SalesAdministration.get(kept.id))
          assert.include(yield* streams, kept.id)
        })
      )

      it.effect("a deletion that is all that is left of a journal is the end as well", () =>
        Effect.gen(function* () {
          const { id } = yield* Given.draftEvent()
          yield* use((turnout) => turnout.deleteEvent(id))
          const real = yield* AdmissionReads
          const pruned = AdmissionReads.of({
            ...real,
            journal: (eventId, page) => real.journal(eventId, { ...page, after: Math.max(page.after ?? 0, 1) })
          })
          yield* bring(id).pipe(Effect.provideService(AdmissionReads, pruned))
          assert.isUndefined(yield* SalesAdministration.get(id))
        })
      )

      it.effect("a stream that was forgotten goes on from there, and not from its beginning", () =>
        Effect.gen(function* () {
          const projection: Projection.Projection<ReadonlyArray<number>> = {
            name: `even ${randomUUID()}`,
            schema: Schema.Array(Schema.Number),
            initial: () => [],
            apply: (seen, { version }) => (version === 2 ? undefined : [...seen, version])
          }
          const { id } = yield* Given.publishedEvent()
          yield* Projection.update(projection, id)
          assert.isUndefined(yield* Projection.get(projection, id))
          yield* Given.register(id, 1)
          yield* Projection.update(projection, id)
          assert.deepStrictEqual(yield* Projection.get(projection, id), { stream: id, version: 3, state: [3] })
        })
      )
    })
  })
}
