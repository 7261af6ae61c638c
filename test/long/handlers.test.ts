/**
 * Handlers that write to a server through the inbox, and what becomes of their messages: a queue in memory gives them, and
 * makes those dead letters that it has given as often as it may.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresInbox from "@turnout/adapters/postgres/inbox"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import { type Message, toJson } from "@turnout/core/delivery/domain/Message"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { Deferred, Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as TestDatabase from "../support/TestDatabase.ts"

const services = PostgresInbox.layerFromClient().pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 12 })))

/** The same on a database whose transactions are serializable. */
const serializable = PostgresInbox.layerFromClient().pipe(
  Layer.provideMerge(
    Layer.unwrap(
      Effect.gen(function* () {
        const url = yield* TestDatabase.make
        const set = `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_isolation = 'serializable'`
        yield* Effect.scoped(Effect.flatMap(TestDatabase.client(url), (client) => Effect.orDie(client.unsafe(set))))
        return Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ url })))
      })
    )
  )
)

const sql = <Row = Record<string, unknown>>(text: string) =>
  SqlClient.SqlClient.use((client) => client.unsafe(text) as unknown as Effect.Effect<ReadonlyArray<Row>, Error>)

const delivery = (n: number): StoredEntry => ({
  id: randomUUID(),
  eventId: `00000000-0000-7000-8000-${String(n).padStart(12, "0")}` as never,
  version: 1,
  type: "EventPublished",
  schemaVersion: 1,
  payload: "{}",
  metadata: { actor: "ada", correlationId: null, causationId: null },
  occurredAt: new Date(0)
})

const numberOf = ({ eventId }: Message): number => Number(eventId.slice(-12))

type Work = Effect.Effect<unknown, unknown, SqlClient.SqlClient>

/** Runs a consumer until a queue with `count` messages is empty, and gives the log and the number of dead letters. */
const consume = Effect.fnUntraced(function* (
  count: number,
  work: (n: number) => Work,
  {
    maxReceiveCount = 1,
    millis = 40_000,
    ...options
  }: Partial<Consumer.ConsumerOptions> & { readonly maxReceiveCount?: number; readonly millis?: number } = {}
) {
  const queue = yield* MemoryQueue.make({ maxReceiveCount, waitMillis: 100 })
  for (let n = 1; n <= count; n++) {
    const one = delivery(n)
    yield* queue.send(toJson(one), one.eventId)
  }
  const logged: Array<string> = []
  const logging = Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
  const consumer = yield* Effect.forkChild(
    Consumer.run(
      queue,
      { EventPublished: (_, message) => work(numberOf(message)) },
      {
        consumer: "test",
        retryPolicy: { firstPauseMillis: 50, longestPauseMillis: 200 },
        ...options
      }
    ).pipe(Effect.provide(logging))
  )
  const begun = performance.now()
  while (queue.size() > 0 && performance.now() - begun < millis) yield* Effect.sleep(50)
  consumer.interruptUnsafe()
  return { left: queue.size(), dead: yield* queue.deadLetters.count, logged, millis: performance.now() - begun }
})

const done = Effect.map(sql<{ n: number }>("SELECT n FROM done ORDER BY n"), (rows) => rows.map(({ n }) => n))
const note = (n: number) => sql(`INSERT INTO done VALUES (${n})`)
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe("handlers on a server", () => {
  it.live("N1: one that works for twelve seconds outside of the database does so once", () =>
    Effect.gen(function* () {
      yield* sql("CREATE TABLE done (n integer)")
      let mails = 0
      const mail = Effect.andThen(
        Effect.sync(() => mails++),
        Effect.sleep("12 seconds")
      )
      const { dead, left } = yield* consume(1, (n) => Effect.andThen(mail, note(n)), { maxReceiveCount: 5 })
      assert.deepStrictEqual({ dead, left, mails, done: yield* done }, { dead: 0, left: 0, mails: 1, done: [1] })
    }).pipe(Effect.provide(services))
  )

  it.live("N1: one that waits for a lock for longer than the connections of the stores do gets it", () =>
    Effect.gen(function* () {
      yield* sql("CREATE TABLE done (n integer)")
      const locked = Effect.andThen(sql("LOCK TABLE done IN EXCLUSIVE MODE"), Effect.sleep("7 seconds"))
      const { dead, left } = yield* consume(2, (n) => Effect.andThen(locked, note(n)), { concurrency: 2 })
      assert.deepStrictEqual({ dead, left, done: yield* done }, { dead: 0, left: 0, done: [1, 2] })
    }).pipe(Effect.provide(services))
  )

  it.live("N3, N5: those that never return do not hold their places for ever, and leave no connection behind", () =>
    Effect.gen(function* () {
      yield* sql("CREATE TABLE done (n integer)")
      const endless: ReadonlyArray<Work> = [
        Effect.never,
        Effect.promise(() => new Promise(() => {})),
        Effect.uninterruptible(Effect.never),
        sql("SELECT pg_sleep(60)"),
        Effect.uninterruptible(sql("SELECT pg_sleep(60)"))
      ]
      const work = (n: number) => Effect.andThen(note(n), n <= 10 ? endless[n % 5]! : Effect.void)
      const { dead, left, logged } = yield* consume(20, work, { concurrency: 2, handlerTimeoutMillis: 300 })
      assert.deepStrictEqual({ dead, left }, { dead: 10, left: 0 })
      assert.deepStrictEqual(
        yield* done,
        upTo(20).filter((n) => n > 10)
      )
      assert.include(logged.join("\n"), "(SELECT pg_sleep(60))")
      const [open] = yield* sql<{ count: number }>(
        "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
      )
      assert.strictEqual(open!.count, 0)
    }).pipe(Effect.provide(services))
  )

  it.live("N3: a message whose COMMIT is refused becomes a dead letter, and with one place the others go on", () =>
    Effect.gen(function* () {
      yield* sql("CREATE TABLE done (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED)")
      yield* note(1)
      const { dead, left, logged, millis } = yield* consume(20, note, { concurrency: 1, maxReceiveCount: 3 })
      assert.deepStrictEqual({ dead, left, done: yield* done }, { dead: 1, left: 0, done: upTo(20) })
      assert.isBelow(millis, 15_000)
      const failed = logged.filter((line) => line.includes("could not be dealt with (SQLSTATE 23505: COMMIT)"))
      assert.strictEqual(failed.length, 3)
      assert.isFalse(logged.some((line) => line.includes("wait for their store")))
    }).pipe(Effect.provide(services))
  )

  /** What a server may answer one message with, again and again, that sounds as if it were away. */
  const AWAY: Readonly<Record<string, Work>> = {
    "ends its own session": sql("SELECT pg_terminate_backend(pg_backend_pid())"),
    "may not do what it does": Effect.andThen(sql("SET LOCAL ROLE pg_monitor"), sql("INSERT INTO done VALUES (0)")),
    "fills the disk": sql("DO $$ BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END $$"),
    "is refused by a trigger while committing": sql("INSERT INTO trap VALUES (1)"),
    "is always in the way of others": sql("DO $$ BEGIN RAISE 'deadlock detected' USING ERRCODE = '40P01'; END $$")
  }
  it.live.each(Object.keys(AWAY))(
    "N3: a message whose handler %s becomes a dead letter, and the others go on",
    (what) =>
      Effect.gen(function* () {
        yield* sql("CREATE TABLE done (n integer)")
        yield* sql("CREATE TABLE trap (n integer)")
        yield* sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE 'cannot connect now' USING ERRCODE = '57P03'; END $$`)
        yield* sql(`CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON trap DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse()`)
        const work = (n: number) => Effect.andThen(note(n), n === 1 ? AWAY[what]! : Effect.void)
        const { dead, left } = yield* consume(20, work, { concurrency: 1, maxReceiveCount: 2 })
        assert.deepStrictEqual({ dead, left }, { dead: 1, left: 0 })
        assert.deepStrictEqual(yield* done, upTo(20).slice(1))
      }).pipe(Effect.provide(services))
  )

  it.live("N1: two that lock each other out are both handled, at their first reception", () =>
    Effect.gen(function* () {
      yield* sql("CREATE TABLE done (n integer)")
      yield* sql("CREATE TABLE seats (seat integer PRIMARY KEY, taken integer DEFAULT 0)")
      yield* sql("INSERT INTO seats VALUES (1), (2)")
      const both = yield* Deferred.make<void>()
      let begun = 0
      const take = (seat: number) => sql(`UPDATE seats SET taken = taken + 1 WHERE seat = ${seat}`)
      const work = (n: number): Work =>
        take(n).pipe(
          Effect.andThen(Effect.suspend(() => (++begun === 2 ? Deferred.succeed(both, undefined) : Effect.void))),
          Effect.andThen(Deferred.await(both)),
          Effect.andThen(take(3 - n)),
          Effect.andThen(note(n))
        )
      const { dead, left } = yield* consume(2, work, { concurrency: 2 })
      assert.deepStrictEqual({ dead, left, done: yield* done }, { dead: 0, left: 0, done: [1, 2] })
      assert.isAbove(begun, 2, "one of them was given up")
      assert.deepStrictEqual(
        (yield* sql<{ taken: number }>("SELECT taken FROM seats")).map(({ taken }) => taken),
        [2, 2]
      )
    }).pipe(Effect.provide(services))
  )

  it.live("N1: those that cannot be put in an order are handled one after the other, at their first reception", () =>
    Effect.gen(function* () {
      yield* sql("CREATE TABLE done (n integer)")
      const work = (n: number): Work =>
        Effect.andThen(Effect.andThen(sql("SELECT count(*) FROM done"), Effect.sleep(100)), note(n))
      const { dead, left, logged } = yield* consume(3, work, { concurrency: 3 })
      assert.deepStrictEqual({ dead, left, done: yield* done }, { dead: 0, left: 0, done: [1, 2, 3] })
      assert.include(logged.join("\n"), "40001")
    }).pipe(Effect.provide(serializable))
  )

  it.live("N1: one that loses its session runs again, and no reception is counted", () =>
    Effect.gen(function* () {
      yield* sql("CREATE TABLE done (n integer)")
      let runs = 0
      const lose = Effect.suspend((): Work =>
        ++runs > 2 ? Effect.void : sql("SELECT pg_terminate_backend(pg_backend_pid())")
      )
      const { dead, left } = yield* consume(1, (n) => Effect.andThen(note(n), lose))
      assert.deepStrictEqual({ dead, left, runs, done: yield* done }, { dead: 0, left: 0, runs: 3, done: [1] })
    }).pipe(Effect.provide(services))
  )
})
