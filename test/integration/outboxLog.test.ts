/**
 * The log on a real server: transactions that commit late, stay open, roll back, or hold ids in another order than they
 * write. For each of the shortcuts that come to mind first, the history on which it goes wrong is played, with the shortcut
 * and with the outbox.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import { slotOf } from "@turnout/core/journal/domain/Slot"
import { type Claim, Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import { Effect, Layer, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { randomUUID } from "node:crypto"
import * as TestDatabase from "../support/TestDatabase.ts"

const services = PostgresOutbox.layerFromClient().pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 30 })))

/** An event id in slot 7. */
const newStream = () => `${randomUUID().slice(0, -2)}07`

/** A connection of one's own, which takes one statement after the other. */
const session = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const connection = yield* sql.reserve
  const run = (text: string) =>
    connection.execute(text, [], undefined) as Effect.Effect<ReadonlyArray<Record<string, unknown>>, unknown>
  const write = (stream: string, version: number) =>
    run(`INSERT INTO turnout.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
      VALUES ('${stream}', ${version}, '${randomUUID()}', 'EventPublished', 1, '{}', 'test', now())`)
  return { run, write }
})

type Session = Effect.Success<typeof session>

const newSink = Effect.gen(function* () {
  const outbox = yield* Outbox
  const sink = `sink ${randomUUID()}`
  yield* outbox.register(sink, "now")
  const claims = yield* outbox.claim(sink, { owner: "test", ttlMillis: 60_000, limit: 64 })
  const positions = new Map<number, Position>(claims.map(({ position, slot }: Claim) => [slot, position]))
  /** What comes next of slot 7, until there is nothing more. */
  const read = (limit = 100) =>
    Effect.gen(function* () {
      const given: Array<string> = []
      while (true) {
        const [slice] = yield* outbox.read(sink, [{ slot: 7, position: positions.get(7)! }], limit)
        if (slice !== undefined) positions.set(7, slice.position)
        if (slice === undefined || slice.deliveries.length === 0) return given
        given.push(...slice.deliveries.map(({ eventId, version }) => `${eventId} ${version}`))
      }
    })
  return { read }
})

/** A reader that remembers the last place in the order of some columns, and gives what is behind it. */
const shortcut = (columns: ReadonlyArray<string>, gate = "true") =>
  Effect.gen(function* () {
    const { run } = yield* session
    const place = `ARRAY[${columns.map((column) => `${column}::text`).join()}] AS place`
    const order = columns.join()
    const backwards = columns.map((column) => `${column} DESC`).join()
    const [now] = yield* run(`SELECT ${place} FROM turnout.journal ORDER BY ${backwards} LIMIT 1`)
    let last = now?.["place"] as ReadonlyArray<string> | undefined
    const read = Effect.gen(function* () {
      const behind = last === undefined ? "true" : `(${order}) > (${last.map((value) => `'${value}'`).join()})`
      const rows = yield* run(`SELECT event_id, version, ${place} FROM turnout.journal
        WHERE slot = 7 AND ${gate} AND ${behind} ORDER BY ${order}`)
      last = (rows.at(-1)?.["place"] as typeof last) ?? last
      return rows.map((row) => `${String(row["event_id"])} ${String(row["version"])}`)
    })
    return { read: () => read }
  })

const XMIN_GATE = "tx < pg_snapshot_xmin(pg_current_snapshot())"

interface Reader {
  readonly read: () => Effect.Effect<ReadonlyArray<string>, unknown>
}

type Needs = SqlClient.SqlClient | Outbox | Scope.Scope

/** What a reader is given while a history goes on: what is wrong with it, if anything. */
type History = (reader: Reader, sessions: ReadonlyArray<Session>) => Effect.Effect<string | undefined, unknown>

/** One writes first and commits last. */
const lateCommit: History = (reader, [one, other]) =>
  Effect.gen(function* () {
    const [late, early] = [newStream(), newStream()]
    yield* one!.run("BEGIN")
    yield* one!.write(late, 1)
    yield* other!.write(early, 1)
    const first = yield* reader.read()
    yield* one!.run("COMMIT")
    const second = yield* reader.read()
    const given = [...first, ...second]
    if (!given.includes(`${late} 1`)) return "lost"
    return given.length === 2 ? undefined : "twice"
  })

/** A transaction that has nothing to do with the journal stays open. */
const heldOpen: History = (reader, [one, other]) =>
  Effect.gen(function* () {
    yield* one!.run("BEGIN")
    yield* one!.run("SELECT pg_current_xact_id()::text")
    const stream = newStream()
    yield* other!.write(stream, 1)
    const given = yield* reader.read()
    yield* one!.run("ROLLBACK")
    return given.includes(`${stream} 1`) ? undefined : "held up"
  })

/** Who has the lower id waits for the one with the higher id, and writes behind it. */
const inverted: History = (reader, [low, high]) =>
  Effect.gen(function* () {
    const stream = newStream()
    yield* low!.run("BEGIN")
    yield* low!.run("SELECT pg_current_xact_id()::text")
    yield* high!.write(stream, 1)
    yield* low!.write(stream, 2)
    yield* low!.run("COMMIT")
    const given = yield* reader.read()
    return given.join() === `${stream} 1,${stream} 2` ? undefined : `in the order ${given.join()}`
  })

const play = (history: History, makeReader: Effect.Effect<Reader, unknown, Needs>) =>
  Effect.gen(function* () {
    const sessions = [yield* session, yield* session]
    return yield* history(yield* makeReader, sessions)
  }).pipe(Effect.scoped)

describe("the log of a server", () => {
  it.live("O2, O3, O5: is read without losing, holding up or misplacing anything, where shortcuts would", () =>
    Effect.gen(function* () {
      const histories = { lateCommit, heldOpen, inverted }
      for (const [name, history] of Object.entries(histories)) {
        assert.isUndefined(yield* play(history, newSink), name)
      }
      assert.strictEqual(yield* play(lateCommit, shortcut(["seq"])), "lost")
      assert.strictEqual(yield* play(heldOpen, shortcut(["seq"], XMIN_GATE)), "held up")
      assert.include((yield* play(inverted, shortcut(["tx", "seq"]))) ?? "", "in the order")
    }).pipe(Effect.provide(services))
  )

  it.live("O4: never gives what was rolled back, whole or to a savepoint", () =>
    Effect.gen(function* () {
      const reader = yield* newSink
      const one = yield* session
      const [gone, kept] = [newStream(), newStream()]
      yield* one.run("BEGIN")
      yield* one.write(gone, 1)
      yield* one.run("ROLLBACK")
      yield* one.run("BEGIN")
      yield* one.write(kept, 1)
      yield* one.run("SAVEPOINT s")
      yield* one.write(gone, 1)
      yield* one.run("ROLLBACK TO s")
      yield* one.write(kept, 2)
      assert.deepStrictEqual(yield* reader.read(), [])
      yield* one.run("COMMIT")
      assert.deepStrictEqual(yield* reader.read(), [`${kept} 1`, `${kept} 2`])
    }).pipe(Effect.scoped, Effect.provide(services))
  )

  it.live("O2: gives what a transaction wrote that had been open for long, and what others wrote meanwhile, once", () =>
    Effect.gen(function* () {
      const reader = yield* newSink
      const [slow, quick] = [yield* session, yield* session]
      const [late, stream] = [newStream(), newStream()]
      yield* slow.run("BEGIN")
      yield* slow.write(late, 1)
      const given: Array<string> = []
      for (let version = 1; version <= 30; version++) {
        yield* quick.write(stream, version)
        if (version === 15) yield* slow.write(late, 2)
        given.push(...(yield* reader.read(1 + (version % 3))))
      }
      assert.deepStrictEqual(
        given,
        Array.from({ length: 30 }, (_, index) => `${stream} ${index + 1}`)
      )
      yield* slow.run("COMMIT")
      assert.deepStrictEqual(yield* reader.read(1), [`${late} 1`, `${late} 2`])
      assert.deepStrictEqual(yield* reader.read(), [])
    }).pipe(Effect.scoped, Effect.provide(services))
  )

  it.live("counts on a transaction having its id before it draws a number, and drawing them one by one", () =>
    Effect.gen(function* () {
      // Defaults are worked out in the order of the columns; an entry may be the first thing that a transaction writes.
      const one = yield* session
      const [column] = yield* one.run(`SELECT
        (SELECT attnum FROM pg_attribute WHERE attrelid = 'turnout.journal'::regclass AND attname = 'tx') <
        (SELECT attnum FROM pg_attribute WHERE attrelid = 'turnout.journal'::regclass AND attname = 'seq') AS "isBefore",
        (SELECT seqcache FROM pg_sequence WHERE seqrelid = 'turnout.journal_seq'::regclass)::int AS cached`)
      assert.deepStrictEqual(column, { isBefore: true, cached: 1 })
    }).pipe(Effect.scoped, Effect.provide(services))
  )

  it.live("O2, O3, O4: gives all that many writers commit, once and in order, whatever they do meanwhile", () =>
    Effect.gen(function* () {
      const reader = yield* newSink
      const streams = Array.from({ length: 6 }, newStream)
      assert.isTrue(streams.every((stream) => slotOf(stream as never) === 7))
      const setUp = yield* session
      yield* setUp.run("CREATE TABLE IF NOT EXISTS locks (stream uuid PRIMARY KEY, version int NOT NULL)")
      for (const stream of streams) yield* setUp.run(`INSERT INTO locks VALUES ('${stream}', 0)`)
      const state = { isOver: false }
      const dice = (sides: number) => Math.floor(Math.random() * sides)
      const writer = Effect.gen(function* () {
        const { run, write } = yield* session
        for (let round = 0; round < 60; round++) {
          yield* run("BEGIN")
          if (dice(3) === 0) yield* run("SELECT pg_current_xact_id()::text")
          if (dice(4) === 0) yield* Effect.sleep(dice(20))
          const chosen = streams.filter(() => dice(4) === 0).toSorted()
          for (const stream of chosen) {
            const [row] = yield* run(
              `UPDATE locks SET version = version + 2 WHERE stream = '${stream}' RETURNING version`
            )
            const version = Number(row!["version"])
            yield* write(stream, version - 1)
            if (dice(3) === 0) yield* Effect.sleep(dice(10))
            yield* write(stream, version)
          }
          if (dice(6) === 0) yield* Effect.sleep(dice(40))
          yield* run(dice(5) === 0 ? "ROLLBACK" : "COMMIT")
        }
      }).pipe(Effect.scoped)
      const given: Array<string> = []
      const reading = Effect.gen(function* () {
        while (!state.isOver) given.push(...(yield* reader.read(1 + dice(20))))
      })
      yield* Effect.all(
        [
          reading,
          Effect.all(
            Array.from({ length: 8 }, () => writer),
            { concurrency: "unbounded" }
          ).pipe(Effect.andThen(Effect.sync(() => (state.isOver = true))))
        ],
        { concurrency: "unbounded" }
      )
      given.push(...(yield* reader.read()))
      const committed = yield* setUp.run("SELECT stream, version FROM locks")
      for (const { stream, version } of committed) {
        const own = given.filter((entry) => entry.startsWith(String(stream)))
        assert.deepStrictEqual(
          own,
          Array.from({ length: Number(version) }, (_, index) => `${String(stream)} ${index + 1}`)
        )
      }
      assert.isAbove(given.length, 300)
    }).pipe(Effect.scoped, Effect.provide(services))
  )
})
