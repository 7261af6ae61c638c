/**
 * A relay is told of each commit to its database by any store of the process, also if the two were built apart. The relays here
 * look by themselves once an hour, so that nothing arrives of which they are not told.
 */
import { assert, describe, it } from "@effect/vitest"
import { createTurnout } from "turnout"
import * as Database from "turnout/database"
import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import { Context, Effect, Layer, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const HOUR_MILLIS = 60 * 60 * 1_000
/** Longer than a relay needs that is told, and shorter than one that is not. */
const SOON_MILLIS = 20_000

const makeSink = () => {
  const arrived: Array<string> = []
  const sink: Sink = {
    name: "sink",
    deliver: ({ deliveries }) =>
      Effect.sync(() => {
        arrived.push(...deliveries.map(({ eventId }) => eventId))
        return deliveries.map(() => delivered)
      })
  }
  return { arrived, sink }
}

/** A relay that has nothing left to do but to listen. */
const relaying = Effect.fnUntraced(function* (sink: Sink) {
  yield* Effect.forkScoped(Relay.run(sink, { pollMillis: HOUR_MILLIS }))
  yield* Effect.sleep(700)
})

/** Waits until something has arrived of each event. */
const untilArrived = (arrived: ReadonlyArray<string>, events: ReadonlyArray<string>) =>
  Effect.repeat(
    Effect.delay(
      Effect.sync(() => events.every((id) => arrived.includes(id))),
      10
    ),
    { until: (isThere) => isThere }
  ).pipe(
    Effect.timeoutOrElse({
      duration: SOON_MILLIS,
      orElse: () => Effect.die(new Error(`of ${events.length} events, some did not come: ${arrived.join(", ")}`))
    })
  )

const draft = (turnout: Context.Context<Turnout.Turnout>) =>
  Effect.map(Effect.provide(Given.draftEvent(), turnout), ({ id }) => id)

const run = <A, E>(work: Effect.Effect<A, E, Scope.Scope>) => Effect.scoped(work)

describe("built apart on one database, a relay is told of the commits of", { timeout: 120_000 }, () => {
  it.live("createTurnout, and of any other Turnout on that database", () =>
    Effect.gen(function* () {
      const database = yield* TestDatabase.make
      const turnout = yield* Effect.acquireRelease(
        Effect.sync(() => createTurnout({ database })),
        ({ close }) => Effect.promise(close)
      )
      yield* Effect.promise(() => turnout.ready())
      // The same server by another name, and as somebody who says more of himself.
      const url = new URL(database)
      url.hostname = url.hostname === "localhost" ? "127.0.0.1" : "localhost"
      url.searchParams.set("application_name", "relay")
      const { arrived, sink } = makeSink()
      const others = yield* Layer.build(Layer.fresh(Database.layer({ database: url.href })))
      yield* Effect.provide(relaying(sink), others)

      const first = yield* Effect.promise(() => turnout.createEvent(Given.eventInput()))
      yield* untilArrived(arrived, [first.id])
      const layer = Turnout.layer().pipe(Layer.provide(Database.layer({ database })))
      const second = yield* draft(yield* Layer.build(Layer.fresh(layer)))
      const third = yield* draft(yield* Layer.build(Layer.fresh(layer)))
      yield* untilArrived(arrived, [second, third])
    }).pipe(run)
  )

  it.live("a Turnout on the same store in memory", () =>
    Effect.gen(function* () {
      const store = yield* Layer.build(Layer.fresh(Memory.layer))
      const { arrived, sink } = makeSink()
      yield* Effect.provide(relaying(sink), store)
      const turnout = yield* Layer.build(Layer.fresh(Layer.provide(Turnout.layer(), Layer.succeedContext(store))))
      yield* untilArrived(arrived, [yield* draft(turnout)])
    }).pipe(run)
  )

  it.live("a Turnout on the same embedded database", () =>
    Effect.gen(function* () {
      const client = Layer.succeedContext(yield* Layer.build(Layer.fresh(TestDatabase.migrated(Pglite.layerClient()))))
      const { arrived, sink } = makeSink()
      yield* Effect.provide(relaying(sink), Layer.fresh(Layer.provide(PostgresOutbox.layerFromClient(), client)))
      const store = Layer.provide(PostgresStore.layerFromClient(), client)
      const turnout = yield* Layer.build(Layer.fresh(Layer.provide(Turnout.layer(), store)))
      yield* untilArrived(arrived, [yield* draft(turnout)])
    }).pipe(run)
  )

  it.live("a transaction of the host, once it commits", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const host = yield* Layer.build(Layer.fresh(TestDatabase.migrated(PostgresStore.layer({ url }))))
      const turnout = yield* Layer.build(Layer.provide(Turnout.layer(), Layer.succeedContext(host)))
      const { arrived, sink } = makeSink()
      const others = yield* Layer.build(Layer.fresh(Database.layer({ database: url })))
      yield* Effect.provide(relaying(sink), others)
      const told: Array<number> = []
      yield* Effect.sync(() => Context.get(others, Outbox).onCommit(() => told.push(told.length)))
      const id = yield* Context.get(host, SqlClient.SqlClient).withTransaction(
        Effect.tap(draft(turnout), () => Effect.sync(() => assert.deepStrictEqual(told, [])))
      )
      yield* untilArrived(arrived, [id])
    }).pipe(run)
  )
})

describe("the commits of a database", { timeout: 120_000 }, () => {
  it.live("are told to nobody who reads another schema, or another database", () =>
    Effect.gen(function* () {
      const [database, other] = [yield* TestDatabase.make, yield* TestDatabase.make]
      const told: Array<string> = []
      const listening = Effect.fnUntraced(function* (name: string, options: Database.DatabaseOptions) {
        const stores = yield* Layer.build(Layer.fresh(Database.layer(options)))
        Context.get(stores, Outbox).onCommit(() => told.push(name))
        return yield* Layer.build(Layer.fresh(Layer.provide(Turnout.layer(), Layer.succeedContext(stores))))
      })
      const own = yield* listening("own", { database })
      yield* listening("schema", { database, schema: "other" })
      yield* listening("database", { database: other })
      yield* draft(own)
      assert.deepStrictEqual(told, ["own"])
    }).pipe(run)
  )
})
