/**
 * Sweeps on a real server: what a step reads, what it leaves alone, and what a transaction meets with that is under way meanwhile.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresReplays from "@turnout/adapters/postgres/replays"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Inbox } from "@turnout/core/consumer/ports/Inbox"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import type { Swept } from "@turnout/core/kernel/ports/Swept"
import { Context, Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const onDatabase = (poolSize: number) =>
  Layer.mergeAll(
    Turnout.layer().pipe(Layer.provideMerge(PostgresStore.layerFromClient())),
    PostgresInbox.layerFromClient(),
    PostgresOutbox.layerFromClient(),
    PostgresReplays.layerFromClient()
  ).pipe(Layer.provideMerge(TestDatabase.layer({ poolSize })))
const services = onDatabase(10)
/** One connection for transactions, and one for everything else. */
const onOneConnection = onDatabase(2)

const sql = <Row = object>(text: string) =>
  SqlClient.SqlClient.use((client) => client.unsafe(text) as unknown as Effect.Effect<ReadonlyArray<Row>>)

const countOf = (from: string) =>
  Effect.map(sql<{ count: number }>(`SELECT count(*)::integer AS count FROM turnout.${from}`), ([row]) => row!.count)

/** The pages of a table that have been read or found in memory since the server was started. */
const pagesRead = (table: string) =>
  Effect.map(
    sql<{ pages: number }>(
      `SELECT (heap_blks_read + heap_blks_hit)::integer AS pages FROM pg_statio_user_tables WHERE relname = '${table}'`
    ),
    ([row]) => row!.pages
  )

/** Records of keys, of which every second one has expired. */
const records = (count: number, first = 1) =>
  sql(`INSERT INTO turnout.idempotency (key, operation, principal, fingerprint, request_id, answer, created_at, expires_at)
SELECT 'key ' || n, 'Register', 'ada', repeat('x', 43), gen_random_uuid(), '{}', now() - interval '1 day',
  now() + CASE WHEN n % 2 = 0 THEN interval '1 day' ELSE interval '-2 hours' END FROM generate_series(${first}, ${first + count - 1}) n`)

const forgetExpired = AdmissionStore.use((store) => store.forgetExpired(60_000))

/** The steps of a sweep through all rows. */
const steps = Effect.fnUntraced(function* <R>(step: Effect.Effect<Swept, unknown, R>) {
  const all: Array<Swept> = []
  while (all.at(-1)?.isThrough !== true) all.push(yield* step)
  return all
})

const deletedBy = (all: ReadonlyArray<Swept>) => all.reduce((sum, { deleted }) => sum + deleted, 0)

describe("a sweep on a server", { timeout: 120_000 }, () => {
  it.live("deletes what has expired, a bounded number of pages in a step, whatever the size of the table", () =>
    Effect.gen(function* () {
      yield* records(60_000)
      const [table] = yield* sql<{ pages: number }>(
        "SELECT (pg_relation_size('turnout.idempotency') / 8192)::integer AS pages"
      )
      const all = yield* steps(forgetExpired)
      assert.strictEqual(all.length, Math.ceil(table!.pages / 128))
      assert.isAbove(all.length, 5)
      assert.strictEqual(deletedBy(all), 30_000)
      for (const { deleted } of all) assert.isBelow(deleted, 10_000)
      assert.strictEqual(yield* countOf("idempotency WHERE expires_at < now()"), 0)
      assert.strictEqual(yield* countOf("idempotency"), 30_000)
      assert.strictEqual(deletedBy(yield* steps(forgetExpired)), 0)
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("reads no other page of a large table", () =>
    Effect.gen(function* () {
      yield* records(20)
      yield* steps(forgetExpired)
      yield* records(60_000, 100)
      yield* sql("UPDATE turnout.idempotency SET expires_at = now() + interval '1 day'")
      yield* sql("SELECT pg_stat_force_next_flush()")
      const before = yield* pagesRead("idempotency")
      yield* forgetExpired
      yield* sql("SELECT pg_stat_force_next_flush()")
      const read = (yield* pagesRead("idempotency")) - before
      const [table] = yield* sql<{ pages: number }>(
        "SELECT (pg_relation_size('turnout.idempotency') / 8192)::integer AS pages"
      )
      assert.isAbove(table!.pages, 1_000)
      assert.isAtLeast(read, 100)
      assert.isAtMost(read, 128)
    }).pipe(Effect.provide(Layer.fresh(onOneConnection)))
  )

  it.live("leaves out what another transaction is writing, and waits for nobody", () =>
    Effect.gen(function* () {
      yield* records(10)
      const client = yield* SqlClient.SqlClient
      const [held, over] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const holding = yield* Effect.forkChild(
        client.withTransaction(
          Effect.gen(function* () {
            yield* sql("UPDATE turnout.idempotency SET expires_at = now() + interval '1 day' WHERE key = 'key 1'")
            yield* Deferred.succeed(held, undefined)
            yield* Deferred.await(over)
          })
        )
      )
      yield* Deferred.await(held)
      const swept = yield* Effect.timeout(forgetExpired, "3 seconds")
      assert.strictEqual(swept.deleted, 4)
      yield* Deferred.succeed(over, undefined)
      yield* Fiber.join(holding)
      assert.strictEqual((yield* forgetExpired).deleted, 0)
      assert.strictEqual(yield* countOf("idempotency WHERE key = 'key 1'"), 1)
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("by several processes at once deletes each row once", () =>
    Effect.gen(function* () {
      yield* records(20_000)
      const store = Effect.map(Layer.build(Layer.fresh(PostgresStore.layerFromClient())), Context.get(AdmissionStore))
      const all = yield* Effect.replicateEffect(store, 4)
      const swept = yield* Effect.forEach(all, ({ forgetExpired }) => steps(forgetExpired(60_000)), {
        concurrency: "unbounded"
      })
      assert.strictEqual(deletedBy(swept.flat()), 10_000)
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(services)))
  )

  for (const within of ["a transaction of its own", "a transaction of the host"] as const)
    it.live(`I1: a key is decided anew in ${within}, though its expired record is deleted at that moment`, () =>
      Effect.gen(function* () {
        const client = yield* SqlClient.SqlClient
        const event = yield* Given.publishedEvent({ capacity: 10 })
        const idempotencyKey = randomUUID()
        const send = (n: number) =>
          Turnout.Turnout.use((turnout) => turnout.register(event.id, Given.person(n), { idempotencyKey }))
        yield* send(1)
        yield* sql("UPDATE turnout.idempotency SET created_at = 'epoch', expires_at = 'epoch'")
        const [locked, over] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const sweeping = yield* Effect.forkChild(
          client.withTransaction(
            Effect.gen(function* () {
              yield* sql("SELECT FROM turnout.idempotency FOR UPDATE SKIP LOCKED")
              yield* Deferred.succeed(locked, undefined)
              yield* Deferred.await(over)
              yield* sql("DELETE FROM turnout.idempotency")
            })
          )
        )
        yield* Deferred.await(locked)
        const deciding = yield* Effect.forkChild(
          within === "a transaction of its own" ? send(2) : client.withTransaction(send(2))
        )
        yield* Effect.sleep(300)
        assert.isUndefined(deciding.pollUnsafe(), "it waits for the record")
        yield* Deferred.succeed(over, undefined)
        yield* Fiber.join(sweeping)
        const second = yield* Fiber.join(deciding)
        assert.strictEqual(second.registration.attendee.name, "Person 2")
        assert.deepStrictEqual((yield* send(2)).registration, second.registration)
        assert.strictEqual(yield* countOf("registrations"), 2)
      }).pipe(Effect.provide(Layer.fresh(services)))
    )
})

describe("a sweep of the inbox", { timeout: 120_000 }, () => {
  const once = (key: string) => Inbox.use((inbox) => inbox.once("mail", key, Effect.void))
  const forget = Inbox.use((inbox) => inbox.forget("mail", 0))

  it.live("is bounded as well", () =>
    Effect.gen(function* () {
      yield* sql(
        "INSERT INTO turnout.inbox (consumer, key, at) SELECT 'mail', gen_random_uuid()::text, now() - interval '1 day' FROM generate_series(1, 40000)"
      )
      const all = yield* steps(Inbox.use((inbox) => inbox.forget("mail", 3_600_000)))
      assert.strictEqual(deletedBy(all), 40_000)
      for (const { deleted } of all) assert.isBelow(deleted, 20_000)
      assert.isAbove(all.length, 2)
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("N1: keeps the messages of a replay for as long as it may send them again", () =>
    Effect.gen(function* () {
      const replays = yield* Replays
      yield* Outbox.use((outbox) => outbox.register("mail", "beginning"))
      const start = replays.start({ sink: "mail", selection: everything, perSecond: null, who: "ada" })
      const [running, stopped, finished] = [yield* start, yield* start, yield* start]
      yield* sql(`UPDATE turnout.replays SET state = 'stopped' WHERE id = '${stopped.id}'`)
      yield* sql(`UPDATE turnout.replays SET state = 'finished' WHERE id = '${finished.id}'`)
      const message = randomUUID()
      const keys = [message, ...[running, stopped, finished].map(({ id }) => `${message} ${id}`)]
      for (const key of keys) yield* once(key)
      assert.deepStrictEqual(yield* forget, { deleted: 2, isThrough: true })
      const ran = yield* Effect.forEach(keys, once)
      assert.deepStrictEqual(ran, [true, false, false, true])
      yield* replays.cancel(running.id, "ada")
      yield* replays.cancel(stopped.id, "ada")
      assert.strictEqual((yield* forget).deleted, 4)
    }).pipe(Effect.provide(Layer.fresh(services)))
  )
})
