/**
 * The stores of a database are traced: each operation of a port is a span, on every kind of database.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Layer, Tracer } from "effect"
import * as Database from "turnout/database"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const spansOf = Effect.fnUntraced(function* (database: string) {
  const names = new Set<string>()
  const tracer = Tracer.make({
    span: (options) => {
      names.add(options.name)
      return new Tracer.NativeSpan(options)
    }
  })
  const services = Turnout.layer().pipe(Layer.provideMerge(Database.layer({ database })))
  const work = Effect.gen(function* () {
    const event = yield* Given.publishedEvent({ capacity: 1 })
    yield* Given.register(event.id, 1)
    yield* Turnout.Turnout.use((turnout) => turnout.getEvent(event.id))
    yield* Subscription.page({ from: "beginning", limit: 1 })
  })
  yield* work.pipe(Effect.provide(services), Effect.provideService(Tracer.Tracer, tracer))
  return names
})

const EXPECTED = ["AdmissionStore.transact", "AdmissionReads.event", "JournalReader.positions", "JournalReader.read"]

describe("spans", () => {
  it.live("are made of what the stores in memory do", () =>
    Effect.gen(function* () {
      const names = yield* spansOf("memory:")
      for (const name of EXPECTED) assert.isTrue(names.has(name), name)
    })
  )

  it.live("are made of what the stores on Postgres do", () =>
    Effect.gen(function* () {
      const names = yield* spansOf(yield* TestDatabase.make)
      for (const name of EXPECTED) assert.isTrue(names.has(name), name)
    })
  )

  it.live("tell two databases of one build apart", () =>
    Effect.gen(function* () {
      const memoMap = yield* Layer.makeMemoMap
      const scope = yield* Effect.scope
      const service = Effect.flatMap(TestDatabase.make, (database) =>
        Layer.buildWithMemoMap(Layer.provide(Turnout.layer(), Database.layer({ database })), memoMap, scope)
      )
      const [one, other] = yield* Effect.all([service, service])
      const { id } = yield* Effect.provide(Given.draftEvent(), one)
      const found = Turnout.Turnout.use((turnout) => turnout.getEvent(id))
      assert.strictEqual((yield* Effect.provide(found, one)).id, id)
      assert.strictEqual((yield* Effect.flip(Effect.provide(found, other)))._tag, "EventNotFound")
    })
  )
})
