/**
 * A journal whose server has lost a part of its history, made by taking the marks away that were written in it: what rests on
 * them is certain nowhere any more. And positions that were stored before there were marks.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as PostgresJournalReader from "@turnout/adapters/postgres/journal-reader"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { type Claim, Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const servicesOn = (options: { readonly alone?: boolean } = {}) =>
  Turnout.layer().pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        PostgresJournalReader.layerFromClient(),
        PostgresOutbox.layerFromClient(),
        PostgresOutboxOperations.layerFromClient()
      )
    ),
    Layer.provideMerge(TestDatabase.layer({ ...options, poolSize: 10 })),
    Layer.provideMerge(Logger.layer([]))
  )

const services = servicesOn()

const sql = (text: string) => SqlClient.SqlClient.use((client) => client.unsafe<{ n: number }>(text))
/** The latest marks are gone, but for the first of the journal. */
const loseMarks = (count: number) =>
  sql(`DELETE FROM turnout.journal_marks WHERE tx IN (
    SELECT m.tx FROM turnout.journal_marks m WHERE m.tx > '3' ORDER BY m.tx DESC LIMIT ${count})`)
const marks = Effect.map(sql("SELECT count(*)::int AS n FROM turnout.journal_marks"), ([row]) => row!.n)

const claimAll = (sink: string) =>
  Outbox.use((outbox) => outbox.claim(sink, { owner: "worker", ttlMillis: 60_000, limit: 64 }))

/** An event, of whose entries there are two and one for each person. */
const stream = (people: number) =>
  Effect.gen(function* () {
    const { id } = yield* Given.publishedEvent({ capacity: 100 })
    for (let person = 1; person <= people; person++) yield* Given.register(id, person)
    return id
  })

/** Reads all of the slots to the end; gives the versions of an event, and the leases with their positions. */
const readAll = Effect.fnUntraced(function* (sink: string, claims: ReadonlyArray<Claim>, id: string) {
  const slices = yield* Outbox.use((outbox) => outbox.read(sink, claims, 100))
  const positions = new Map<number, Position>(slices.map(({ position, slot }) => [slot, position]))
  const versions = slices.flatMap(({ deliveries }) =>
    deliveries.filter(({ eventId }) => eventId === id).map(({ version }) => version)
  )
  return { slices, versions, leases: claims.map((claim) => ({ ...claim, position: positions.get(claim.slot)! })) }
})

describe("a server that has lost a part of its history", () => {
  it.live("takes nothing for read of what rests on it, under a lease: it is claimed again at what is stored", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      yield* outbox.register("mail", "beginning")
      const id = yield* stream(2)
      const first = yield* readAll("mail", yield* claimAll("mail"), id)
      assert.deepStrictEqual(first.versions, [1, 2, 3, 4])
      // Their window is lost with the server, before it was acknowledged.
      yield* loseMarks(1)
      const acknowledgements = first.leases.map((lease) => ({ ...lease, blocked: [] }))
      assert.deepStrictEqual(yield* outbox.acknowledge("mail", acknowledgements), [])
      const again = yield* outbox.read("mail", first.leases, 100)
      assert.isTrue(
        again.length > 0 && again.every(({ deliveries, isSetBack }) => isSetBack && deliveries.length === 0)
      )
      assert.strictEqual((yield* outbox.release("mail", first.leases)).length, 64)
      const second = yield* readAll("mail", yield* claimAll("mail"), id)
      assert.deepStrictEqual(second.versions, [1, 2, 3, 4])
      const after = second.leases.map((lease) => ({ ...lease, blocked: [] }))
      assert.strictEqual((yield* outbox.acknowledge("mail", after)).length, 64)
      // An answer that was lost is asked for again.
      assert.strictEqual((yield* outbox.acknowledge("mail", after)).length, 64)
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("L1: renews, reads and acknowledges nothing for who knows another position than is stored", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      yield* outbox.register("mail", "beginning")
      const id = yield* stream(1)
      const { leases } = yield* readAll("mail", yield* claimAll("mail"), id)
      const lost = leases.map((lease) => ({ ...lease, acknowledged: lease.position, blocked: [] }))
      assert.deepStrictEqual(yield* outbox.renew("mail", lost, 60_000), [])
      yield* stream(1)
      const slices = yield* outbox.read("mail", lost, 100)
      assert.isTrue(slices.every(({ deliveries, isSetBack }) => isSetBack && deliveries.length === 0))
      const [one] = leases
      const wrong = { ...one!, acknowledged: "something else" as Position, blocked: [] }
      assert.deepStrictEqual(yield* outbox.acknowledge("mail", [wrong]), [])
      const stranger = leases.map((lease) => ({ ...lease, owner: "somebody else", blocked: [] }))
      assert.deepStrictEqual(yield* outbox.acknowledge("mail", stranger), [])
      assert.deepStrictEqual(yield* outbox.renew("mail", stranger, 60_000), [])
      assert.deepStrictEqual(yield* outbox.release("mail", stranger), [])
      assert.strictEqual((yield* outbox.renew("mail", leases, 60_000)).length, 64)
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("takes a cursor back to the last of its marks that is there, and gives again what comes behind it", () =>
    Effect.gen(function* () {
      const id = yield* stream(0)
      const page = (from: Subscription.SubscribeOptions["from"]) => Subscription.page({ from: from!, limit: 100 })
      let { cursor } = yield* page("beginning")
      for (let person = 1; person <= 5; person++) {
        yield* Given.register(id, person)
        const next = yield* page({ cursor })
        assert.deepStrictEqual(
          next.items.map(({ version }) => version),
          [person + 2]
        )
        cursor = next.cursor
      }
      // The last two windows are lost.
      yield* loseMarks(2)
      const again = yield* page({ cursor })
      const versions = again.items.map(({ version }) => version)
      // A cursor does not keep every mark of its way: how many entries come before what was lost depends on transaction ids.
      assert.isAtMost(versions[0]!, 6)
      assert.deepStrictEqual(
        versions,
        [1, 2, 3, 4, 5, 6, 7].filter((version) => version >= versions[0]!)
      )
      // All of them are.
      yield* loseMarks(100)
      const all = yield* page({ cursor })
      assert.deepStrictEqual(
        all.items.map(({ version }) => version),
        [1, 2, 3, 4, 5, 6, 7]
      )
      // A journal of another name does not know even the first.
      yield* sql("UPDATE turnout.journal_marks SET nonce = '000000000000'")
      const refused = yield* Effect.flip(page({ cursor }))
      assert.strictEqual(refused._tag, "InvalidInput")
    }).pipe(Effect.provide(Layer.fresh(services)))
  )

  it.live("keeps a sink that was forgotten on purpose forgotten, and registers one that was lost", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const operations = yield* OutboxOperations
      const first = yield* outbox.register("mail", "now")
      assert.strictEqual(yield* outbox.register("mail", "now"), first)
      yield* operations.forget("mail", "ada")
      assert.isUndefined(yield* outbox.register("mail", "now", first))
      assert.deepStrictEqual(yield* claimAll("mail"), [])
      const second = yield* outbox.register("mail", "now")
      assert.notStrictEqual(second, first)
      const id = yield* stream(1)
      yield* sql("DELETE FROM turnout.outbox_positions")
      yield* sql("DELETE FROM turnout.outbox_slots")
      yield* sql("DELETE FROM turnout.sinks")
      // Whatever it began with: what was between is not known any more.
      assert.isDefined(yield* outbox.register("mail", "now", second))
      const { versions } = yield* readAll("mail", yield* claimAll("mail"), id)
      assert.deepStrictEqual(versions, [1, 2, 3])
    }).pipe(Effect.provide(Layer.fresh(services)))
  )
})

describe("marks", () => {
  it.live("are written only if there may be something new, and pruned behind all positions but for the latest", () =>
    Effect.gen(function* () {
      const outbox = yield* Outbox
      yield* outbox.register("mail", "beginning")
      const id = yield* stream(1)
      const { leases } = yield* readAll("mail", yield* claimAll("mail"), id)
      const read = outbox.read("mail", leases, 100)
      yield* read
      const before = yield* marks
      for (let times = 0; times < 5; times++) yield* read
      assert.strictEqual(yield* marks, before, "nothing was written since")
      yield* outbox.acknowledge(
        "mail",
        leases.map((lease) => ({ ...lease, blocked: [] }))
      )
      yield* sql("UPDATE turnout.journal SET occurred_at = now() - interval '2 hours'")
      yield* sql(`INSERT INTO turnout.journal_marks (tx, floor, snapshot, at)
        SELECT n::text::xid8, 0, '3:3:', now() - interval '2 hours' FROM generate_series(4, 503) AS n`)
      const prune = OutboxOperations.use(({ prune }) => prune(new Date(), 1_000, "ada"))
      yield* prune
      assert.strictEqual(yield* marks, before + 500, "so many are kept in any case")
      yield* sql(`INSERT INTO turnout.journal_marks (tx, floor, snapshot)
        SELECT (1000000000 + n)::text::xid8, 0, '3:3:' FROM generate_series(1, 1000) AS n`)
      yield* prune
      assert.strictEqual(yield* marks, before + 1_000, "those that nobody rests on are gone")
      const claims = yield* Effect.andThen(outbox.release("mail", leases), claimAll("mail"))
      const another = yield* stream(0)
      assert.deepStrictEqual((yield* readAll("mail", claims, another)).versions, [1, 2])
    }).pipe(Effect.provide(Layer.fresh(servicesOn({ alone: true }))))
  )

  it.live("are given to positions that were stored before there were any", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const client = PostgresStore.layerClient({ url })
      yield* Effect.gen(function* () {
        const all = yield* Migrations.pendingSql()
        const end = all.findIndex((statement) => statement.startsWith("-- 6 "))
        for (const statement of all.slice(0, end)) if (!statement.startsWith("--")) yield* sql(statement)
        yield* sql("INSERT INTO turnout.sinks (name) VALUES ('mail')")
        yield* sql("INSERT INTO turnout.outbox_slots (sink, slot) SELECT 'mail', n FROM generate_series(0, 63) AS n")
        yield* sql(`INSERT INTO turnout.outbox_positions (sink, slot, revision, position)
          SELECT 'mail', n, 0, CASE WHEN n % 2 = 0 THEN '{"passed":"3:3:","floor":0}'
            ELSE '{"passed":"3:3:","floor":0,"until":"3:3:","untilFloor":0,"position":0}' END
          FROM generate_series(0, 63) AS n`)
        yield* Migrations.up()
      }).pipe(Effect.provide(client))
      yield* Effect.gen(function* () {
        const streams = yield* Effect.forEach([1, 2, 3, 4], () => stream(1))
        const outbox = yield* Outbox
        let claims = yield* claimAll("mail")
        for (const id of streams) {
          const given: Array<number> = []
          for (let round = 0; round < 2; round++) {
            const { leases, versions } = yield* readAll("mail", claims, id)
            given.push(...versions)
            claims = leases.map((lease, index) => ({ ...lease, position: lease.position ?? claims[index]!.position }))
          }
          assert.deepStrictEqual(id === streams[0] ? given : [1, 2, 3], [1, 2, 3])
        }
        const done = claims.map((lease) => ({ ...lease, blocked: [] }))
        assert.strictEqual((yield* outbox.acknowledge("mail", done)).length, 64)
      }).pipe(
        Effect.provide(
          Turnout.layer().pipe(
            Layer.provideMerge(PostgresOutbox.layerFromClient()),
            Layer.provideMerge(Layer.orDie(PostgresStore.layer({ url })))
          )
        )
      )
    }).pipe(Effect.scoped)
  )
})
