/**
 * The plans of the outbox's statements, made while the tables are empty and kept for as long as the connection lives: by an
 * index, and in its order, with nothing in the journal as with a million entries.
 */
import { PgConnection } from "@effect/sql-pg"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresStore from "@turnout/adapters/postgres"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { assert, beforeAll, describe, it } from "vitest"
import { accesses, has, pages, type Plan, plans, prepared } from "../support/Plans.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const STREAM = "00000000-0000-7000-8000-000000000007" as EventId

/** Everything that a worker does, so that every statement is prepared. */
const everything = Effect.gen(function* () {
  const outbox = yield* Outbox
  const sql = yield* SqlClient.SqlClient
  yield* outbox.register("sink", "beginning")
  yield* outbox.announce("sink", "worker", 60_000)
  const claims = yield* outbox.claim("sink", { owner: "worker", ttlMillis: 60_000, limit: 64 })
  yield* sql.unsafe(`INSERT INTO turnout.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
    VALUES ('${STREAM}', 1, gen_random_uuid(), 'EventPublished', 1, '{}', 'test', now())`)
  yield* outbox.renew("sink", claims, 60_000)
  yield* outbox.read("sink", claims, 500)
  const blocked = [{ stream: STREAM, version: 1, attempts: 1, error: "no", retryAfterMillis: 0 }]
  yield* outbox.acknowledge(
    "sink",
    claims.map((claim) => ({ ...claim, blocked: claim.slot === 7 ? blocked : [] }))
  )
  yield* outbox.due("sink", claims, { limit: 10, depth: 10 })
  const lease = claims.find(({ slot }) => slot === 7)!
  yield* outbox.settle("sink", [{ ...lease, stream: STREAM, version: 1, block: null }])
  yield* outbox.release("sink", claims)
  yield* outbox.depart("sink", "worker")
})

const A_MILLION = `INSERT INTO turnout.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
  SELECT md5((n % 20000)::text)::uuid, 1 + n / 20000, gen_random_uuid(), 'EventPublished', 1, '{}', 'test', now()
  FROM generate_series(1, 1000000) AS n`

interface Expected {
  readonly what: string
  /** Only this statement has it. */
  readonly text: string
  readonly uses: ReadonlyArray<string>
}

/** A sink has 64 of them: whether one is found among all of its, or by itself, does not matter. */
const SLOTS = "outbox_slots_pkey"
const STREAM_ENTRY = "journal_pkey (event_id, version)"
const LATEST = "outbox_positions_pkey (sink, slot, revision)"
const MARK = "journal_marks_pkey (tx)"

const EXPECTED: ReadonlyArray<Expected> = [
  { what: "whether a sink is known", text: "SELECT id::text AS id FROM", uses: ["sinks_pkey (name)"] },
  {
    what: "claiming",
    text: "SKIP LOCKED",
    uses: [SLOTS, "Tid Scan on outbox_slots", "Tid Scan on outbox_slots", LATEST]
  },
  {
    what: "acknowledging",
    text: "revision + 1",
    uses: [SLOTS, MARK, LATEST, "outbox_blocked_pkey (conflict)", "Tid Scan on outbox_positions"]
  },
  { what: "renewing", text: "outbox_slots o SET until =", uses: [SLOTS, LATEST, SLOTS] },
  {
    what: "looking whether there is anything new",
    text: "AS is_certain, pg_current_snapshot()",
    uses: [MARK, "Seq Scan on journal_seq"]
  },
  { what: "giving back", text: "SET owner = NULL", uses: [SLOTS, SLOTS] },
  {
    what: "reading",
    text: "AS is_blocked",
    uses: [MARK, LATEST, "journal_by_slot (slot, seq)", "outbox_blocked_pkey (sink, stream)"]
  },
  {
    what: "looking for blocked streams",
    text: "AS first",
    uses: ["outbox_blocked_due (sink, slot, retry_at)", STREAM_ENTRY, STREAM_ENTRY]
  }
]

describe("the plan of a statement of the outbox", () => {
  let whenEmpty: ReadonlyArray<Plan> = []
  let whenFull: ReadonlyArray<Plan> = []
  let custom: ReadonlyArray<number> = []

  beforeAll(
    () =>
      Effect.gen(function* () {
        const url = yield* TestDatabase.make
        const client = PostgresStore.layerClient({ url, poolSize: 1 })
        yield* Migrations.up().pipe(Effect.provide(client))
        yield* Effect.gen(function* () {
          yield* everything
          whenEmpty = yield* plans
          // The store's own connections give up a statement that takes as long as this may.
          const sql = yield* TestDatabase.client(url)
          yield* sql.unsafe(A_MILLION)
          yield* sql.unsafe("ANALYZE")
          whenFull = yield* plans
          custom = (yield* prepared).map(({ custom }) => custom)
        }).pipe(Effect.provide(PostgresOutbox.layerFromClient().pipe(Layer.provideMerge(client))))
      }).pipe(Effect.scoped, Effect.runPromise),
    300_000
  )

  it.each(EXPECTED)("finds its rows by an index, without sorting them, whatever is there: $what", ({ text, uses }) => {
    for (const [tables, all] of [
      ["empty", whenEmpty],
      ["full", whenFull]
    ] as const) {
      const found = all.filter(({ statement }) => statement.includes(text))
      assert.isNotEmpty(found, "the statement was not sent")
      for (const { root } of found) {
        const used = accesses(root).map((access) => (access.startsWith(SLOTS) ? SLOTS : access))
        assert.deepStrictEqual(used, uses, `in ${tables} tables`)
      }
    }
  })

  it("never scans a table", () => {
    for (const { root, statement } of [...whenEmpty, ...whenFull]) {
      // The sequence and the migrations are a row each.
      if (statement.includes("journal_seq") || statement.includes("journal_origin")) continue
      assert.isFalse(has(root, "Seq Scan"), statement)
    }
  })

  it("is made once, whatever the parameters", () => {
    assert.isTrue(custom.every((count) => count === 0))
  })
})

describe("while another session holds a transaction open", () => {
  const HOLD = [
    "BEGIN ISOLATION LEVEL REPEATABLE READ",
    "SELECT pg_current_xact_id()::text, count(*) FROM turnout.outbox_slots"
  ]

  it("claiming looks at as much as before, however often slots have been claimed and acknowledged", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const client = PostgresStore.layerClient({ url, poolSize: 1 })
      yield* Migrations.up().pipe(Effect.provide(client))
      const holder = yield* PgConnection.make({ url: Redacted.make(url) })
      yield* Effect.gen(function* () {
        const outbox = yield* Outbox
        yield* outbox.register("sink", "beginning")
        const claim = outbox.claim("sink", { owner: "worker", ttlMillis: 60_000, limit: 64 })
        const once = Effect.gen(function* () {
          const claims = yield* claim
          yield* outbox.acknowledge(
            "sink",
            claims.map((lease) => ({ ...lease, blocked: [] }))
          )
          yield* outbox.release("sink", claims)
        })
        yield* once
        for (const statement of HOLD) yield* holder.query(statement, [])
        const looked = pages("SKIP LOCKED", ["'sink'", "'worker'", "60000", "64"])
        // All are free; then all are taken.
        const before = [yield* looked, yield* looked]
        const sql = yield* SqlClient.SqlClient
        yield* sql.unsafe("UPDATE turnout.outbox_slots SET owner = NULL, until = NULL")
        for (let times = 0; times < 100; times++) yield* once
        const after = [yield* looked, yield* looked]
        for (const index of [0, 1])
          assert.isAtMost(after[index]! / before[index]!, 2, `${before.join()}; ${after.join()}`)
      }).pipe(Effect.provide(PostgresOutbox.layerFromClient().pipe(Layer.provideMerge(client))))
    }).pipe(Effect.scoped, Effect.runPromise))
})
