/**
 * Webhooks that are removed while their sinks are made known, on a server: whichever comes first, no sink stays.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Database from "turnout/database"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresWebhooks from "@turnout/adapters/postgres/webhooks"
import { sinkOf } from "@turnout/core/webhooks/domain/Webhook"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Context, Effect, Exit, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as TestDatabase from "../support/TestDatabase.ts"

const SETTINGS = {
  organizationId: null,
  url: "https://example.com/hooks",
  types: null,
  description: "",
  secret: "whsec_",
  from: "now"
} as const

const onClient = Layer.mergeAll(
  PostgresWebhooks.layerFromClient(),
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient()
)

/** A host that has transactions of its own, a process beside it on the same database, and a webhook. */
const setUp = Effect.gen(function* () {
  const url = yield* TestDatabase.make
  const client = Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ url, poolSize: 4 })))
  const host = yield* Layer.build(Layer.fresh(onClient.pipe(Layer.provideMerge(client))))
  const other = yield* Layer.build(Layer.fresh(Database.layer({ database: url, migrate: "never" })))
  const id = randomUUID()
  yield* Context.get(host, WebhookStore).create(id, SETTINGS, "ada")
  const sql = Context.get(host, SqlClient.SqlClient)
  const tables = ["sinks", "outbox_slots", "outbox_positions"]
  /** How many rows there are of sinks. */
  const rows = Effect.forEach(tables, (table) =>
    Effect.map(
      sql.unsafe<{ count: number }>(`SELECT count(*)::int AS count FROM turnout.${table}`),
      ([row]) => row!.count
    )
  )
  return { id, sink: sinkOf(id), host, other, sql, rows }
})

/** Long enough for a statement that does not wait. */
const A_WHILE_MILLIS = 300

describe("a webhook that is removed on a server", { timeout: 60_000 }, () => {
  it.live("O8: keeps its sink from being made known, from before the removal is committed", () =>
    Effect.gen(function* () {
      const { host, id, other, rows, sink, sql } = yield* setUp
      // A relay that begins now finds no sink, and would make one.
      yield* Context.get(host, OutboxOperations).forget(sink, "ada")
      const register = Context.get(other, Outbox).register(sink, "now")
      const registering = yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* Context.get(host, WebhookStore).remove(id, "ada")
          const registering = yield* Effect.forkDetach(register)
          yield* Effect.sleep(A_WHILE_MILLIS)
          assert.isUndefined(registering.pollUnsafe(), "it waits")
          return registering
        })
      )
      assert.isUndefined(yield* Fiber.join(registering))
      assert.deepStrictEqual(yield* rows, [0, 0, 0])
    }).pipe(Effect.scoped)
  )

  it.live("keeps its sink if the removal is taken back", () =>
    Effect.gen(function* () {
      const { host, id, other, rows, sink, sql } = yield* setUp
      const failing = Effect.andThen(Context.get(host, WebhookStore).remove(id, "ada"), Effect.fail("no" as const))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(sql.withTransaction(failing))))
      assert.isDefined(yield* Context.get(other, Outbox).register(sink, "now"))
      assert.deepStrictEqual(yield* rows, [1, 64, 64])
    }).pipe(Effect.scoped)
  )

  it.live("O8: takes a sink with it that is being made known", () =>
    Effect.gen(function* () {
      const { host, id, other, rows, sink, sql } = yield* setUp
      yield* Context.get(host, OutboxOperations).forget(sink, "ada")
      const removing = yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* Context.get(host, Outbox).register(sink, "beginning")
          const remove = Context.get(other, WebhookStore).remove(id, "ada")
          const removing = yield* Effect.forkDetach(remove)
          yield* Effect.sleep(A_WHILE_MILLIS)
          assert.isUndefined(removing.pollUnsafe(), "it waits")
          return removing
        })
      )
      yield* Fiber.join(removing)
      assert.deepStrictEqual(yield* rows, [0, 0, 0])
    }).pipe(Effect.scoped)
  )

  it.live("O8: leaves no sink, however many relays begin with it meanwhile", () =>
    Effect.gen(function* () {
      const { host, id, other, rows, sink } = yield* setUp
      const outboxes = [Context.get(host, Outbox), Context.get(other, Outbox)]
      for (let round = 0; round < 10; round++) {
        const webhook = round === 0 ? id : randomUUID()
        if (round > 0) yield* Context.get(host, WebhookStore).create(webhook, SETTINGS, "ada")
        const registering = Array.from({ length: 6 }, (_, n) =>
          outboxes[n % 2]!.register(sinkOf(webhook), "now").pipe(Effect.repeat({ times: 5 }))
        )
        const removing = Effect.delay(Context.get(other, WebhookStore).remove(webhook, "ada"), 5 * round)
        yield* Effect.all([...registering, removing], { concurrency: "unbounded", discard: true })
        assert.deepStrictEqual(yield* rows, [0, 0, 0], `round ${round} of ${sink}`)
      }
    }).pipe(Effect.scoped)
  )
})
