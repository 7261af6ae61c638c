import { assert, describe, it } from "@effect/vitest"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import { checkSchemaName } from "@turnout/adapters/postgres/schema-name"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Generations } from "@turnout/core/caching/ports/Generations"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

const host = <E>(client: Layer.Layer<SqlClient.SqlClient, E>, schema = "turnout") =>
  Turnout.layer().pipe(
    Layer.provideMerge(PostgresStore.layerFromClient({ schema })),
    Layer.provideMerge(Layer.effectDiscard(Effect.orDie(Migrations.up()))),
    Layer.provideMerge(Layer.effectDiscard(createOrders)),
    Layer.provideMerge(client)
  )

const createOrders = Effect.orDie(
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE orders (id int PRIMARY KEY)`)
)

const order = (id: number) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO orders VALUES (${id}::int)`)
const orders = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql<{ id: number }>`SELECT id FROM orders ORDER BY id`, (rows) => rows.map(({ id }) => id))
)
const inTransaction = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(work))

const postgres = Layer.unwrap(
  Effect.map(TestDatabase.make, (url) => Layer.orDie(PostgresStore.layerClient({ url, poolSize: 3 })))
)

const clients: ReadonlyArray<readonly [string, Layer.Layer<SqlClient.SqlClient>]> = [
  ["Postgres", postgres],
  ["PGlite", Layer.orDie(Pglite.layerClient())]
]

describe.each(clients)("a transaction of the host on %s", (_name, client) => {
  it.live("commits the registration together with what the host wrote", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent()
      yield* inTransaction(Effect.andThen(order(1), Given.register(event.id, 1)))
      assert.deepStrictEqual(yield* orders, [1])
      assert.strictEqual((yield* Invariants.hold(event.id)).registrations.length, 1)
    }).pipe(Effect.provide(host(client)))
  )

  it.live("I5, O4: rolled back, takes the registration, its journal event and its idempotency record with it", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent()
      const register = use((turnout) =>
        turnout.execute(
          { _tag: "Register", eventId: event.id, attendee: person, notes: "", registeredAt: null },
          { idempotencyKey: "once" }
        )
      )
      const undone = yield* inTransaction(
        Effect.gen(function* () {
          yield* order(1)
          yield* register
          // What is written can be read within the transaction.
          const { items } = yield* use((turnout) => turnout.listRegistrations(event.id))
          assert.strictEqual(items.length, 1)
          return yield* Effect.fail("undo")
        })
      ).pipe(Effect.flip)
      assert.strictEqual(undone, "undo")
      const after = yield* Invariants.hold(event.id)
      assert.deepStrictEqual([after.registrations.length, after.journal.length, after.event.version], [0, 2, 2])
      assert.deepStrictEqual(yield* orders, [])
      assert.isFalse((yield* register).replayed)
    }).pipe(Effect.provide(host(client)))
  )

  it.live("goes on after a rejection", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent({ capacity: 0, waitlist: "closed" })
      yield* inTransaction(
        Effect.gen(function* () {
          const refused = yield* Effect.flip(Given.register(event.id, 1))
          assert.strictEqual(refused._tag, "CapacityFull")
          yield* order(2)
        })
      )
      assert.deepStrictEqual(yield* orders, [2])
    }).pipe(Effect.provide(host(client)))
  )

  it.live("tells by itself, once it is committed, that no cache is to be believed", () =>
    Effect.gen(function* () {
      const { current, propose, settle } = yield* Generations
      const event = yield* Given.publishedEvent()
      const believed = { id: randomUUID(), server: "redis" }
      yield* propose(believed, (yield* current)?.id ?? null)
      yield* settle(believed.id)
      yield* Effect.flip(
        inTransaction(Effect.andThen(Given.register(event.id, 1), Effect.andThen(order(4), Effect.fail("undo"))))
      )
      assert.deepInclude(yield* current, { ...believed, isSettled: true })
      yield* inTransaction(Effect.andThen(Given.register(event.id, 1), Given.register(event.id, 2)))
      assert.isNull((yield* current)!.server)
    }).pipe(Effect.provide(host(client)))
  )

  it.live("goes on after a failure of the store", () =>
    Effect.gen(function* () {
      yield* inTransaction(
        Effect.gen(function* () {
          const failed = yield* Effect.flip(Given.draftEvent())
          assert.strictEqual(failed._tag === "StoreError" && failed.reason._tag, "NotMigrated")
          yield* order(3)
        })
      )
      assert.deepStrictEqual(yield* orders, [3])
    }).pipe(Effect.provide(host(client, "elsewhere")))
  )
})

const person = { id: "ada" as never, name: "", email: "ada@example.com" }

describe("a transaction of the host on Postgres", () => {
  it.live("whose connection is lost inside a command: the command fails with a StoreError, not a defect", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent()
      const sql = yield* SqlClient.SqlClient
      const inside = yield* Effect.exit(
        inTransaction(
          Effect.gen(function* () {
            const [backend] = yield* sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`
            const elsewhere = yield* sql.reserve
            yield* elsewhere.execute("SELECT pg_terminate_backend($1::int)", [String(backend!.pid)], undefined)
            yield* Effect.sleep("50 millis")
            return yield* Effect.flip(Given.register(event.id, 1)).pipe(Effect.tap(Effect.sync(() => (seen = true))))
          })
        )
      )
      assert.isTrue(seen, "the command failed with a typed error")
      assert.strictEqual(inside._tag, "Failure")
      assert.strictEqual((yield* Invariants.hold(event.id)).registrations.length, 0)
    }).pipe(Effect.scoped, Effect.provide(host(postgres)))
  )
  let seen = false
})

describe("the schema option", () => {
  it.live("keeps tenants apart in one database", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const tenant = (schema: string) =>
        Layer.build(
          Turnout.layer().pipe(
            Layer.provide(Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ url, schema }), { schema })))
          )
        )
      const [a, b] = [yield* tenant("tenant_a"), yield* tenant("tenant_b")]
      const event = yield* Given.publishedEvent().pipe(Effect.provide(a))
      const list = use((turnout) => turnout.listEvents())
      assert.deepStrictEqual((yield* list.pipe(Effect.provide(a))).items, [event])
      assert.deepStrictEqual((yield* list.pipe(Effect.provide(b))).items, [])
    }).pipe(Effect.scoped)
  )

  it.each(["", "Turnout", "a-b", "x; DROP TABLE y", "1a", "a".repeat(64)])("refuses %j as a name", (schema) => {
    assert.throws(() => checkSchemaName(schema), RangeError, "schema: must be")
  })
})
