/**
 * What operators do while workers are at work, on a real server: nobody's row is overlooked because it is being replaced.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as OutboxRepair from "@turnout/adapters/postgres/outbox-repair"
import * as PostgresReplays from "@turnout/adapters/postgres/replays"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const services = Layer.mergeAll(
  Turnout.layer().pipe(Layer.provide(PostgresStore.layerFromClient())),
  PostgresAuditLog.layerFromClient(),
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient(),
  PostgresReplays.layerFromClient()
).pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 10 })))

const count = (from: string) =>
  Effect.map(
    SqlClient.SqlClient.use((sql) => sql.unsafe<{ count: number }>(`SELECT count(*)::integer AS count FROM ${from}`)),
    ([row]) => row!.count
  )

const claimAll = (sink: string) =>
  Outbox.use((outbox) => outbox.claim(sink, { owner: "worker", ttlMillis: 60_000, limit: 64 }))

/** Does something in a transaction that stays open until something else has begun, and has to wait. */
const during = <A, E, R, B, F, S>(work: Effect.Effect<A, E, R>, other: Effect.Effect<B, F, S>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const worked = yield* Deferred.make<void>()
    const over = yield* Deferred.make<void>()
    const open = yield* Effect.forkChild(
      sql.withTransaction(
        Effect.gen(function* () {
          yield* work
          yield* Deferred.succeed(worked, undefined)
          yield* Deferred.await(over)
        })
      )
    )
    yield* Deferred.await(worked)
    const waiting = yield* Effect.forkChild(other)
    yield* Effect.sleep(300)
    assert.isUndefined(waiting.pollUnsafe(), "it waits for the transaction")
    yield* Deferred.succeed(over, undefined)
    yield* Fiber.join(open)
    return yield* Fiber.join(waiting)
  })

describe("operators", () => {
  it.live("forget a sink with all that is of it, also what is being acknowledged at the moment", () =>
    Effect.gen(function* () {
      const sink = `sink ${randomUUID()}`
      const outbox = yield* Outbox
      yield* outbox.register(sink, "beginning")
      const claims = yield* claimAll(sink)
      const block = { version: 1, attempts: 1, error: "no", retryAfterMillis: null }
      const acknowledge = outbox.acknowledge(
        sink,
        claims.map((lease) => ({ ...lease, blocked: [{ ...block, stream: randomUUID() as never }] }))
      )
      yield* during(
        acknowledge,
        OutboxOperations.use((operations) => operations.forget(sink, "ada"))
      )
      for (const table of ["outbox_slots", "outbox_positions", "outbox_blocked"]) {
        assert.strictEqual(yield* count(`turnout.${table} WHERE sink = '${sink}'`), 0, table)
      }
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("L1: end every lease by a repair, also those that are being claimed at the moment", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const sql = yield* SqlClient.SqlClient
      yield* outbox.register("mail", "beginning")
      yield* sql.unsafe("UPDATE turnout.journal_origin SET system_identifier = 1")
      yield* during(claimAll("mail"), OutboxRepair.repair({ who: "ada" }))
      assert.strictEqual(yield* count("turnout.outbox_slots WHERE owner IS NOT NULL"), 0)
      const claims = yield* claimAll("mail")
      assert.isTrue(claims.every(({ epoch }) => epoch === 3))
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("prune nothing that a replay is still to send, and leave a note once something was pruned", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const operations = yield* OutboxOperations
      const replays = yield* Replays
      const sql = yield* SqlClient.SqlClient
      yield* outbox.register("mail", "beginning")
      for (let n = 0; n < 5; n++) yield* Given.publishedEvent()
      yield* sql.unsafe("UPDATE turnout.journal SET occurred_at = now() - interval '2 hours'")
      const claims = yield* claimAll("mail")
      const slices = yield* outbox.read("mail", claims, 100)
      const leaseOf = (slot: number) => claims.find((claim) => claim.slot === slot)!
      yield* outbox.acknowledge(
        "mail",
        slices.map(({ position, slot }) => ({ ...leaseOf(slot), position, blocked: [] }))
      )
      const before = new Date(Date.now() + 1_000)
      const prune = operations.prune(before, 1_000, "ada")
      const replay = yield* replays.start({ sink: "mail", selection: everything, perSecond: null, who: "ada" })
      assert.strictEqual(yield* prune, 0)
      yield* replays.cancel(replay.id, "ada")
      assert.strictEqual(yield* prune, 10)
      const entries = yield* AuditLog.use((log) => log.list({ limit: 10, after: null }))
      assert.deepStrictEqual(
        entries.map(({ action, who }) => [who, action]),
        [
          ["ada", "outbox.prune"],
          ["ada", "outbox.replay.cancel"],
          ["ada", "outbox.replay"]
        ]
      )
      const { details } = entries[0]!
      assert.deepStrictEqual([details["entries"], new Date(String(details["before"]))], [10, before])
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("are told that nobody knows, if the connection is lost while something is done that is done once", () =>
    Effect.gen(function* () {
      const operations = yield* OutboxOperations
      const outbox = yield* Outbox
      const sql = yield* SqlClient.SqlClient
      yield* outbox.register("mail", "beginning")
      const claims = yield* claimAll("mail")
      const stream = randomUUID() as never
      const block = { stream, version: 1, attempts: 1, error: "no", retryAfterMillis: null }
      yield* outbox.acknowledge(
        "mail",
        claims.slice(0, 1).map((lease) => ({ ...lease, blocked: [block] }))
      )
      yield* sql.unsafe(`CREATE FUNCTION turnout.cut() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'`)
      yield* sql.unsafe("CREATE TRIGGER cut BEFORE INSERT ON turnout.audit_log EXECUTE FUNCTION turnout.cut()")
      const asked = [operations.retry("mail", stream, "ada"), operations.forget("mail", "ada")]
      for (const one of asked) {
        const error = yield* Effect.flip(one as Effect.Effect<unknown, StoreError>)
        assert.strictEqual(error.reason._tag, "OutcomeUnknown")
      }
      assert.strictEqual(yield* count("turnout.sinks"), 1)
    }).pipe(Effect.provide(Layer.fresh(services)))
  )
})
