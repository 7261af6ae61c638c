/**
 * The index of people of a large event: a search finds the same before its keys are there, while they are written and afterwards,
 * whoever comes or is corrected meanwhile.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** So many people that they get keys, and a name of which there are more than a search follows by its key. */
const PEOPLE = 6_500

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

const sql = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (client) => client.unsafe(statement))

/** An event with many people, and without keys. */
const crowded = Effect.gen(function* () {
  const { id, version } = yield* Given.publishedEvent({ capacity: 1_000_000 })
  yield* sql(`INSERT INTO turnout.registrations
    SELECT gen_random_uuid(), '${id}', 'person-' || n || '@example.com', CASE n % 3 WHEN 0 THEN 'Größe' ELSE 'Common' END ||
      ' Name' || n, 'person-' || n || '@example.com', '', 'confirmed', ${version} + n, now(), now()
    FROM generate_series(1, ${PEOPLE}) n`)
  yield* sql(`UPDATE turnout.events SET version = version + ${PEOPLE}, confirmed = ${PEOPLE} WHERE id = '${id}'`)
  return { id, last: version + PEOPLE }
})

const names = (eventId: string, search: string, order: "entry" | "newest" = "entry") =>
  Effect.map(
    use((turnout) => turnout.listRegistrations(eventId, { search, order, limit: 5, total: true })),
    ({ items, total }) => [items.map(({ attendee }) => attendee.name), total] as const
  )

/** Up to which registration there are keys. */
const until = (eventId: string) =>
  Effect.map(
    sql(
      `SELECT coalesce(max(sequence), 0)::integer AS until FROM turnout.people_keys_until WHERE event_id = '${eventId}'`
    ),
    ([row]) => (row as { readonly until: number }).until
  )

const untilKeyed = (eventId: string, last: number) =>
  Effect.repeat(Effect.delay(until(eventId), "20 millis"), { until: (found) => found >= last })

const SEARCHES = [
  [
    ["name4711", "entry"],
    [["Common Name4711"], 1]
  ],
  [
    ["com name47 common", "newest"],
    [["Common Name4799", "Common Name4798", "Common Name4796", "Common Name4795", "Common Name4793"], 75]
  ],
  [
    ["gro", "entry"],
    [["Größe Name3", "Größe Name6", "Größe Name9", "Größe Name12", "Größe Name15"], 2_166]
  ],
  [
    ["PERSON-6500", "entry"],
    [["Common Name6500"], 1]
  ],
  [
    ["nobody", "entry"],
    [[], 0]
  ]
] as const

const suite = (name: string, store: Layer.Layer<AdmissionStore | AdmissionReads | SqlClient.SqlClient>) => {
  const layer = Turnout.layer().pipe(Layer.provideMerge(store))
  describe(`the index of people on ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("finds the same before there are keys, and afterwards", () =>
        Effect.gen(function* () {
          const { id, last } = yield* crowded
          for (const [[search, order], expected] of SEARCHES) {
            assert.deepStrictEqual(yield* names(id, search, order), expected as never, search)
          }
          yield* untilKeyed(id, last)
          for (const [[search, order], expected] of SEARCHES) {
            assert.deepStrictEqual(yield* names(id, search, order), expected as never, search)
          }
        })
      )

      it.effect("finds those who came after the keys, and those who were corrected, by their new names only", () =>
        Effect.gen(function* () {
          const { id, last } = yield* crowded
          yield* names(id, "anybody")
          yield* untilKeyed(id, last)
          const attendee = { name: "Late Name", email: "late@example.com" }
          yield* use((turnout) => turnout.register(id, { attendee }))
          assert.deepStrictEqual(yield* names(id, "late"), [["Late Name"], 1])
          yield* sql(`UPDATE turnout.registrations SET name = 'Źdźbło Corrected', email = 'new@example.com'
            WHERE event_id = '${id}' AND name IN ('Common Name4711', 'Late Name')`)
          assert.deepStrictEqual(yield* names(id, "zdz"), [["Źdźbło Corrected", "Źdźbło Corrected"], 2])
          assert.deepStrictEqual(yield* names(id, "zdz", "newest"), [["Źdźbło Corrected", "Źdźbło Corrected"], 2])
          assert.deepStrictEqual(yield* names(id, "new@"), [["Źdźbło Corrected", "Źdźbło Corrected"], 2])
          assert.deepStrictEqual(yield* names(id, "name4711"), [[], 0])
          assert.deepStrictEqual(yield* names(id, "late"), [[], 0])
        })
      )

      it.effect("finds everybody when the keys are taken away, also while they are written", () =>
        Effect.gen(function* () {
          const { id, last } = yield* crowded
          const client = yield* SqlClient.SqlClient
          const empty = client.withTransaction(
            Effect.andThen(sql("DELETE FROM turnout.people_keys_until"), sql("DELETE FROM turnout.people_keys"))
          )
          for (let n = 0; n < 4; n++) {
            assert.deepStrictEqual(yield* names(id, "name4711"), [["Common Name4711"], 1])
            yield* Effect.sleep("10 millis")
            yield* empty
          }
          assert.deepStrictEqual(yield* names(id, "name2"), [
            ["Common Name2", "Common Name20", "Größe Name21", "Common Name22", "Common Name23"],
            1_111
          ])
          yield* untilKeyed(id, last)
          yield* empty
          assert.deepStrictEqual(yield* names(id, "name4711"), [["Common Name4711"], 1])
        })
      )

      it.effect("writes no keys for a search in a transaction of the host, nor for a small event", () =>
        Effect.gen(function* () {
          const { id, last } = yield* crowded
          const { id: small } = yield* Given.publishedEvent()
          yield* Given.register(small, 1)
          const client = yield* SqlClient.SqlClient
          assert.deepStrictEqual(yield* client.withTransaction(names(id, "name4711")), [["Common Name4711"], 1])
          assert.deepStrictEqual(yield* names(small, "person"), [["Person 1"], 1])
          yield* Effect.sleep("200 millis")
          assert.deepStrictEqual([yield* until(id), yield* until(small)], [0, 0])
          yield* names(id, "name4711")
          yield* untilKeyed(id, last)
        })
      )
    })
  })
}

suite("Postgres", TestDatabase.layer())
suite("PGlite", Layer.orDie(TestDatabase.migrated(Pglite.layer())))

withLayer(TestDatabase.layer(), { timeout: "60 seconds", excludeTestServices: true })("two processes", (it) => {
  it.effect("write the keys of an event together, each key once", () =>
    Effect.gen(function* () {
      const other = Turnout.layer().pipe(Layer.provide(Layer.fresh(PostgresStore.layerFromClient())))
      const { id, last } = yield* crowded.pipe(Effect.provide(other))
      const search = Effect.andThen(names(id, "name4711"), untilKeyed(id, last)).pipe(Effect.provide(other))
      yield* Effect.all([search, search, search], { concurrency: "unbounded" })
      const [counted] = yield* sql(`SELECT count(*)::integer AS keys FROM turnout.people_keys WHERE event_id = '${id}'`)
      assert.deepStrictEqual(counted, { keys: PEOPLE * 3 })
    })
  )
})
