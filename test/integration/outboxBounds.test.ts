/**
 * Where the outbox on Postgres ends what it does at once, and what it forgets: the log that a replay looks through in parts,
 * entries that are pruned, workers that are gone.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresReplays from "@turnout/adapters/postgres/replays"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { everything, type Selection } from "@turnout/core/delivery/domain/Replay"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import { type Claim, Outbox } from "@turnout/core/delivery/ports/Outbox"
import { MAX_COUNTED, OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const services = Layer.mergeAll(
  Turnout.layer().pipe(Layer.provide(PostgresStore.layerFromClient())),
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient(),
  PostgresReplays.layerFromClient()
).pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 10 })))

const SINK = "mail"

const sql = <Row>(text: string) =>
  SqlClient.SqlClient.use((client) => client.unsafe<Row & object>(text) as Effect.Effect<ReadonlyArray<Row>, unknown>)

const count = (from: string) =>
  Effect.map(sql<{ count: number }>(`SELECT count(*)::integer AS count FROM turnout.${from}`), ([row]) => row!.count)

const idInSlot = (slot: number) => `00000000-0000-4000-8000-0000000000${slot.toString(16).padStart(2, "0")}` as EventId

/** Entries of a stream in a slot, as many as that, the last of them of another type. */
const write = (slot: number, entries: number, first = 1) =>
  sql(`INSERT INTO turnout.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
SELECT '${idInSlot(slot)}', n, gen_random_uuid(),
  CASE WHEN n = ${first + entries - 1} THEN 'EventCancelled' ELSE 'EventPublished' END, 1, '{}', 'ada', now() - interval '2 hours'
FROM generate_series(${first}, ${first + entries - 1}) AS n ORDER BY n`)

const claimAll = Outbox.use((outbox) => outbox.claim(SINK, { owner: "worker", ttlMillis: 600_000, limit: SLOTS }))

/**
 * Has the sink given everything that there is, but for what is in some slots; of the stream of a slot, what is from a version
 * on is blocked.
 */
const deliverAll = Effect.fnUntraced(function* (
  blocked: ReadonlyMap<number, number> = new Map(),
  without: ReadonlyArray<number> = []
) {
  const outbox = yield* Outbox
  const claims: ReadonlyArray<Claim> = yield* claimAll
  for (const claim of claims) {
    const { position: start, slot } = claim
    if (without.includes(slot)) continue
    let position = start
    while (true) {
      const [slice] = yield* outbox.read(SINK, [{ slot, position }], 10_000)
      if (slice === undefined) break
      position = slice.position
    }
    const version = blocked.get(slot)
    const block = { stream: idInSlot(slot), attempts: 1, error: "no", retryAfterMillis: null }
    const own = version === undefined ? [] : [{ ...block, version }]
    yield* outbox.acknowledge(SINK, [{ ...claim, position, blocked: own }])
  }
})

const prune = (limit = 100_000) =>
  OutboxOperations.use((operations) => operations.prune(new Date(Date.now() + 1_000), limit, "ada"))

/** The versions of a stream that are left, in a slot. */
const left = (slot: number) =>
  Effect.map(
    sql<{ version: number }>(
      `SELECT version::integer FROM turnout.journal WHERE event_id = '${idInSlot(slot)}' ORDER BY version`
    ),
    (rows) => rows.map(({ version }) => version)
  )

/** How many rows of the log a replay looks at in one statement. */
const SCANNED = 5_000

describe("a replay", { timeout: 120_000 }, () => {
  /** All that a replay gives, from its beginning to its end. */
  const replayed = Effect.fnUntraced(function* (selection: Partial<Selection>, limit: number) {
    const replays = yield* Replays
    const { id } = yield* replays.start({
      sink: SINK,
      selection: { ...everything, ...selection },
      perSecond: null,
      who: "ada"
    })
    const { place: start, replay } = (yield* replays.claim(SINK, "worker", 600_000))!
    let place = start
    const given: Array<readonly [slot: number, version: number]> = []
    while (true) {
      const slice = yield* replays.read(replay, place, limit)
      given.push(...slice.entries.map(({ delivery, slot }) => [slot, delivery.version] as const))
      place = slice.place
      if (slice.isLast) break
    }
    yield* replays.cancel(id, "ada")
    assert.strictEqual(given.length, replay.total)
    return given
  })

  it.live.each([SCANNED - 1, SCANNED, SCANNED + 1, 2 * SCANNED])(
    "finds the last entry of a log of %i, though it looks at so many at once",
    (entries) =>
      Effect.gen(function* () {
        yield* Outbox.use((outbox) => outbox.register(SINK, "now"))
        // The slot that is read last has the lower numbers.
        yield* write(40, 10)
        yield* write(3, entries - 10)
        const last = [
          [3, entries - 10],
          [40, 10]
        ] as const
        assert.deepStrictEqual(yield* replayed({ types: ["EventCancelled"] }, 1), [...last])
        assert.deepStrictEqual(yield* replayed({ types: ["EventCancelled"] }, 100), [...last])
        assert.deepStrictEqual(yield* replayed({ types: ["EventCancelled"], stream: idInSlot(3) }, 100), [last[0]])
        assert.strictEqual((yield* replayed({}, 700)).length, entries)
        assert.strictEqual((yield* replayed({ stream: idInSlot(3) }, SCANNED)).length, entries - 10)
      }).pipe(Effect.provide(Layer.fresh(services)))
  )
})

describe("pruning", { timeout: 120_000 }, () => {
  it.live("keeps what a blocked stream waits for, and nothing else", () =>
    Effect.gen(function* () {
      yield* Outbox.use((outbox) => outbox.register(SINK, "beginning"))
      for (const slot of [1, 2, 3]) yield* write(slot, 6)
      yield* deliverAll(
        new Map([
          [1, 4],
          [2, 6]
        ])
      )
      assert.strictEqual(yield* prune(), 3 + 5 + 6)
      assert.deepStrictEqual([yield* left(1), yield* left(2), yield* left(3)], [[4, 5, 6], [6], []])
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("keeps what a sink has not been given, slot by slot", () =>
    Effect.gen(function* () {
      yield* Outbox.use((outbox) => outbox.register(SINK, "beginning"))
      for (const slot of [1, 2]) yield* write(slot, 4)
      yield* deliverAll()
      yield* write(2, 3, 5)
      assert.strictEqual(yield* prune(), 8)
      assert.deepStrictEqual([yield* left(1), yield* left(2)], [[], [5, 6, 7]])
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("keeps the last entry of an event that was deleted", () =>
    Effect.gen(function* () {
      yield* Outbox.use((outbox) => outbox.register(SINK, "beginning"))
      yield* write(1, 4)
      yield* write(2, 4)
      yield* sql(
        `UPDATE turnout.journal SET type = 'EventDeleted' WHERE event_id = '${idInSlot(1)}' AND version = 4 RETURNING version`
      )
      yield* deliverAll()
      assert.strictEqual(yield* prune(), 3 + 4)
      assert.deepStrictEqual([yield* left(1), yield* left(2)], [[4], []])
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("is held up by a slot of which nothing has been given in that slot only", () =>
    Effect.gen(function* () {
      yield* Outbox.use((outbox) => outbox.register(SINK, "beginning"))
      for (const slot of [1, 2, 3]) yield* write(slot, 4)
      yield* deliverAll(new Map(), [2])
      assert.strictEqual(yield* prune(), 8)
      assert.deepStrictEqual([yield* left(1), yield* left(2), yield* left(3)], [[], [1, 2, 3, 4], []])
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("keeps what a replay is still to send, running or stopped, by its place in each slot", () =>
    Effect.gen(function* () {
      const replays = yield* Replays
      yield* Outbox.use((outbox) => outbox.register(SINK, "beginning"))
      // Numbers of a slot that comes later are lower than those of one that comes before.
      yield* write(9, 4)
      yield* write(5, 4)
      yield* write(7, 4)
      yield* deliverAll()
      const replay = yield* replays.start({ sink: SINK, selection: everything, perSecond: null, who: "ada" })
      const held = (yield* replays.claim(SINK, "worker", 600_000))!
      // All of slot 5, and two of slot 7.
      const { entries } = yield* replays.read(replay, held.place, 6)
      const { place } = entries.at(-1)!
      const advance = { ...held, id: replay.id, place, sent: 6, error: "no" } as const
      yield* replays.advance({ ...advance, state: "stopped" }, 600_000)
      // Written since: no part of it.
      yield* write(9, 2, 5)
      yield* sql("UPDATE turnout.outbox_slots SET owner = NULL, until = NULL")
      yield* deliverAll()
      assert.strictEqual(yield* prune(), 4 + 2 + 2)
      assert.deepStrictEqual([yield* left(5), yield* left(7), yield* left(9)], [[], [3, 4], [1, 2, 3, 4]])
      yield* replays.cancel(replay.id, "ada")
      assert.strictEqual(yield* prune(), 6)
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("deletes as many as it may of all slots together, and the rest the next time", () =>
    Effect.gen(function* () {
      yield* Outbox.use((outbox) => outbox.register(SINK, "beginning"))
      for (const slot of [1, 2, 3]) yield* write(slot, 4)
      yield* deliverAll()
      const deleted: Array<number> = []
      for (let time = 0; time < 4; time++) deleted.push(yield* prune(5))
      assert.deepStrictEqual(deleted, [5, 5, 2, 0])
      assert.strictEqual(yield* count("journal"), 0)
    }).pipe(Effect.provide(Layer.fresh(services)))
  )
})

describe("the status", { timeout: 120_000 }, () => {
  it.live("says that there is more than it has counted, if there is in any slot", () =>
    Effect.gen(function* () {
      yield* Outbox.use((outbox) => outbox.register(SINK, "beginning"))
      const status = OutboxOperations.use((operations) => Effect.map(operations.status, ({ sinks }) => sinks[0]!))
      yield* write(1, MAX_COUNTED - 1)
      yield* write(2, 1)
      const { backlog, isBacklogLarger } = yield* status
      assert.deepStrictEqual([backlog, isBacklogLarger], [MAX_COUNTED, false])
      yield* write(1, 2, MAX_COUNTED)
      const more = yield* status
      assert.deepStrictEqual([more.backlog, more.isBacklogLarger], [MAX_COUNTED + 1, true])
    }).pipe(Effect.provide(Layer.fresh(services)))
  )
})

describe("relays that are there", () => {
  it.live("that have been gone for a minute are forgotten, those of the sink", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      yield* outbox.register(SINK, "now")
      yield* Given.draftEvent()
      for (const owner of ["long gone", "just gone", "here"]) yield* outbox.announce(SINK, owner, 60_000)
      yield* sql("UPDATE turnout.outbox_workers SET until = now() - interval '61 seconds' WHERE owner = 'long gone'")
      yield* sql("UPDATE turnout.outbox_workers SET until = now() - interval '50 seconds' WHERE owner = 'just gone'")
      assert.strictEqual(yield* outbox.announce(SINK, "here", 60_000), 1)
      const owners = yield* sql<{ owner: string }>("SELECT owner FROM turnout.outbox_workers ORDER BY owner")
      assert.deepStrictEqual(
        owners.map(({ owner }) => owner),
        ["here", "just gone"]
      )
    }).pipe(Effect.provide(Layer.fresh(services)))
  )
})
