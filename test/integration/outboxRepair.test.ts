/**
 * A journal that was dumped and restored into another cluster, by `pg_dump` and `psql`: from one whose transaction ids are
 * far ahead, and into it. Nothing is delivered from it until it is repaired, and nothing is missing afterwards.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresAuditLog from "@turnout/adapters/postgres/audit-log"
import * as PostgresJournalReader from "@turnout/adapters/postgres/journal-reader"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as OutboxRepair from "@turnout/adapters/postgres/outbox-repair"
import { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Position } from "@turnout/core/journal/ports/JournalReader"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import * as Given from "../support/Given.ts"
import * as PostgresServer from "../support/PostgresServer.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const services = (url: string) =>
  Layer.mergeAll(
    Turnout.layer().pipe(Layer.provideMerge(PostgresStore.layer({ url }))),
    Layer.mergeAll(
      PostgresJournalReader.layerFromClient(),
      PostgresOutbox.layerFromClient(),
      PostgresAuditLog.layerFromClient()
    ).pipe(Layer.provide(PostgresStore.layerClient({ url })))
  ).pipe(Layer.orDie)

/** What a sink is given next, acknowledged as far as `wanted` says. */
const drain = Effect.fnUntraced(function* (sink: string, wanted: (slot: number) => boolean = () => true) {
  const outbox = yield* Outbox
  const claims = yield* outbox.claim(sink, { owner: "test", ttlMillis: 60_000, limit: 64 })
  const given: Array<string> = []
  const positions = new Map<number, Position>(claims.map(({ position, slot }) => [slot, position]))
  while (true) {
    const asked = Array.from(positions, ([slot, position]) => ({ slot, position }))
    const slices = (yield* outbox.read(sink, asked, 7)).filter(({ deliveries }) => deliveries.length > 0)
    if (slices.length === 0) break
    for (const { deliveries, position, slot } of slices) {
      positions.set(slot, position)
      given.push(...deliveries.map(({ eventId, version }) => `${eventId} ${version}`))
    }
  }
  const kept = claims.filter(({ slot }) => wanted(slot))
  yield* outbox.acknowledge(
    sink,
    kept.map((lease) => ({ ...lease, position: positions.get(lease.slot)!, blocked: [] }))
  )
  yield* outbox.release(sink, claims)
  return given
})

const history = Effect.fnUntraced(function* (streams: number) {
  return yield* Effect.forEach(Array.from({ length: streams }), () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent()
      yield* Given.register(event.id, 1)
      return event.id
    })
  )
})

const entries = (streams: ReadonlyArray<EventId>, last: number) =>
  streams.flatMap((stream) => Array.from({ length: last }, (_, index) => `${stream} ${index + 1}`)).toSorted()

const database = TestDatabase.makeAlone

/** One whose transaction ids are far ahead of those of a server that has only just begun. */
const old = Effect.tap(database, (url) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe("DO $$ BEGIN FOR i IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$")
  ).pipe(Effect.provide(PostgresStore.layerClient({ url })))
)

const binary = (name: string) => join(PostgresServer.findBinaries()!, name)

const copy = (from: string, to: string) => {
  const dump = execFileSync(binary("pg_dump"), ["--dbname", from], { maxBuffer: 2 ** 28 })
  execFileSync(binary("psql"), ["--dbname", to, "--quiet", "--set", "ON_ERROR_STOP=1"], { input: dump, stdio: "pipe" })
}

const restored = (from: string, to: string) =>
  Effect.gen(function* () {
    const [streams, before, positions] = yield* Effect.gen(function* () {
      yield* Migrations.up()
      const outbox = yield* Outbox
      const journal = yield* JournalReader
      for (const sink of ["half", "none", "all"]) yield* outbox.register(sink, "beginning")
      const streams = yield* history(40)
      const half = yield* drain("half", (slot) => slot % 2 === 0)
      yield* drain("all")
      const positions = (yield* journal.positions("now")).map(({ position }) => position)
      assert.isTrue(yield* journal.arePositions(positions))
      return [streams, half, positions] as const
    }).pipe(Effect.provide(Layer.provideMerge(services(from), PostgresStore.layerClient({ url: from }))))
    assert.deepStrictEqual(before.toSorted(), entries(streams, 3))

    copy(from, to)
    yield* Effect.gen(function* () {
      const outbox = yield* Outbox
      const journal = yield* JournalReader
      const refused = yield* Effect.flip(outbox.register("half", "beginning"))
      assert.strictEqual(refused.reason._tag, "LogRestored")
      const unknown = yield* Effect.flip(journal.arePositions(positions))
      assert.strictEqual(unknown.reason._tag, "LogRestored")

      // Registering goes on as soon as the database is there.
      for (const stream of streams) yield* Given.register(stream, 2)
      const repaired = yield* OutboxRepair.repair({ who: "ada" })
      assert.strictEqual(repaired?.positions, 3 * 64)
      assert.isNull(yield* OutboxRepair.repair({ who: "ada" }))
      assert.isTrue(yield* journal.arePositions(positions), "places in the journal, from which it begins anew")
      const [entry] = yield* AuditLog.use((log) => log.list({ limit: 1, after: null }))
      assert.deepInclude(entry, { who: "ada", action: "outbox.repair", details: { ...repaired } })

      yield* outbox.register("half", "beginning")
      for (const stream of streams) yield* Given.register(stream, 3)
      const odd = yield* drain("half")
      const none = yield* drain("none")
      const all = yield* drain("all")
      assert.deepStrictEqual(none.toSorted(), entries(streams, 5))
      const news = streams.flatMap((stream) => [`${stream} 4`, `${stream} 5`]).toSorted()
      assert.deepStrictEqual(all.toSorted(), news)
      assert.includeMembers(odd, all)
      // Of the slots that had not been acknowledged, everything; of the others, only what is new.
      assert.isBelow(odd.length, none.length)
      const known = new Set(odd)
      const missing = entries(streams, 5).filter((one) => !known.has(one))
      assert.isAbove(missing.length, 0)
      for (const one of missing) assert.strictEqual(Number.parseInt(one.split(" ")[0]!.slice(-2), 16) % 2, 0)
      for (const given of [odd, none, all]) {
        for (const stream of streams) {
          const versions = given.filter((one) => one.startsWith(stream)).map((one) => Number(one.split(" ")[1]))
          assert.deepStrictEqual(
            versions,
            versions.toSorted((a, b) => a - b)
          )
        }
      }
    }).pipe(Effect.provide(Layer.provideMerge(services(to), PostgresStore.layerClient({ url: to }))))
  })

describe("a journal that was restored into another cluster", { timeout: 120_000 }, () => {
  const databases = Effect.all([old, database], { concurrency: "unbounded" })

  it.live("O2, O3: whose transaction ids are behind: is refused, repaired, and then delivered without a gap", () =>
    Effect.flatMap(databases, ([old, young]) => restored(old, young)).pipe(Effect.scoped)
  )

  it.live("O2, O3: whose transaction ids are ahead: is refused, repaired, and then delivered without a gap", () =>
    Effect.flatMap(databases, ([old, young]) => restored(young, old)).pipe(Effect.scoped)
  )
})
