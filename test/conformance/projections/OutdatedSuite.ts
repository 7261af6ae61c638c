/**
 * The contract of projections on a store about states that an earlier version of the projection has made.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import * as Projection from "@turnout/core/projections/application/Projection"
import type { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import { Effect, Layer, Schema } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

type Services = AdmissionStore | AdmissionReads | ProjectionStore
type Versions = ReadonlyArray<number>

/** What the earlier version has made of every stream. */
const EARLIER: Versions = [99]

/** A projection whose state is the versions that it was given, in that order. */
const projection: Projection.Projection<Versions> = {
  name: `versions ${randomUUID()}`,
  schema: Schema.Array(Schema.Number),
  initial: () => [],
  apply: (seen, { version }) => [...seen, version],
  isOutdated: (seen) => seen[0] === EARLIER[0]
}

export const suite = <E>(name: string, store: Layer.Layer<Services, E>): void => {
  describe(`outdated states of projections: ${name}`, () => {
    const services = Turnout.layer().pipe(Layer.provideMerge(store))
    withLayer(services, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("are made anew with the next entry, unless the journal has been pruned", () =>
        Effect.gen(function* () {
          const real = yield* AdmissionReads
          const pruned = AdmissionReads.of({
            ...real,
            journal: (eventId, page) => real.journal(eventId, { ...page, after: Math.max(page.after ?? 0, 1) })
          })
          const { id } = yield* Given.publishedEvent({ capacity: 2 })
          yield* Projection.update({ ...projection, apply: () => EARLIER }, id)
          yield* Given.register(id, 1)
          yield* Effect.provideService(Projection.update(projection, id), AdmissionReads, pruned)
          assert.deepStrictEqual((yield* Projection.get(projection, id))!.state, [99, 3])
          yield* Given.register(id, 2)
          yield* Projection.update(projection, id)
          assert.deepStrictEqual((yield* Projection.get(projection, id))!.state, [1, 2, 3, 4])
        })
      )
    })
  })
}
