/**
 * Migrations that were released stay as they are: each sample is what `turnout migrate up --dry-run` once printed for a new
 * database, and what made the databases of that time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresWebhooks from "@turnout/adapters/postgres/webhooks"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import { Email } from "@turnout/core/kernel/domain/text/EmailAddress"
import { Effect, Layer, Result, Schema } from "effect"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { SqlClient } from "effect/sql"
import { readdirSync, readFileSync } from "node:fs"
import * as TestDatabase from "../support/TestDatabase.ts"

const FOLDER = new URL("../samples/schema/", import.meta.url)

const samples = readdirSync(FOLDER).map((file) => {
  const sample = readFileSync(new URL(file, FOLDER), "utf8")
  const applied = [...sample.matchAll(/^-- (\d+) (\w+)$/gm)].map(([, id, name]) => ({ id: Number(id), name: name! }))
  return { file, sample, applied }
})

const onPostgres = Layer.unwrap(Effect.map(TestDatabase.make, (url) => PostgresStore.layerClient({ url })))

const CLIENTS = [
  ["Postgres", onPostgres],
  ["PGlite", Pglite.layerClient()]
] as const

const countOf = (file: string) => samples.find((one) => one.file === file)!.applied.length

/** Makes a database as it was after so many migrations. */
const make = Effect.fnUntraced(function* (count: number) {
  const sql = yield* SqlClient.SqlClient
  const statements = yield* Migrations.pendingSql()
  const end = statements.findIndex((statement) => Number(/^-- (\d+) /.exec(statement)?.[1]) > count)
  const made = end < 0 ? statements : statements.slice(0, end)
  for (const statement of made) if (!statement.startsWith("--")) yield* sql.unsafe(statement)
  return made
})

interface Row {
  readonly attendee_id: string
  readonly email: string
}

interface Given {
  readonly event: number
  readonly id: string
  readonly email: string
  readonly state?: string
}

/** Registrations as they were stored before migration 9. */
const insert = Effect.fnUntraced(function* (registrations: ReadonlyArray<Given>) {
  const sql = yield* SqlClient.SqlClient
  for (const [sequence, { email, event, id, state = "confirmed" }] of registrations.entries())
    yield* sql`INSERT INTO turnout.registrations VALUES (gen_random_uuid(),
  lpad(${String(event)}, 32, '0')::uuid, ${id}, '', ${email}, '', ${state}, ${sequence}, now(), now())`
})

const decodeEmail = Schema.decodeResult(Email)

/**
 * E-mail addresses as they were stored, and the ids with them if those were others: of addresses that are some today, of
 * addresses that are refused today, and with ids of hosts.
 */
const ADDRESSES: ReadonlyArray<readonly ["address" | "refused" | "host", email: string, id?: string]> = [
  ["address", "ada@example.com"],
  ["address", "ada@localhost"],
  ["address", "ada.o'brien+x`y@sub-domain.example.co.uk"],
  ["address", "ada@xn--mnchen-3ya.de"],
  ["address", `${"a".repeat(64)}@${"b".repeat(63)}.de`],
  ["address", "ada@münchen.de"],
  ["address", "zoë@example.com"],
  ["address", "zoë@straße.de", "zoë@strasse.de"],
  ["address", "straße@example.com", "strasse@example.com"],
  ["address", "οδυσσεύς@παράδειγμα.gr"],
  ["address", "用户@例え.テスト.jp"],
  ["address", "user@他们为什么不说中文.com"],
  ["address", "user@почемужеонинеговорятпорусски.ru"],
  ["address", "user@ünïcödé-domain.example.com"],
  ["address", "user@🎟.example"],
  ["refused", "'ada@example.com'"],
  ["refused", "ada'@example.com"],
  ["refused", "ada@exam_ple.com"],
  ["refused", "ada@-example.com"],
  ["refused", "ada@1.2.3.4"],
  ["refused", `${"a".repeat(65)}@example.com`],
  ["refused", `ada@${"b".repeat(64)}.de`],
  ["refused", "o’brien@example.com"],
  ["host", "ada@example.com", "u-1"],
  ["host", "ada@example.com", "bob@example.com"],
  ["host", "ada@example.com", "mailto:ada@example.org"],
  ["host", "ada@münchen.de", "u-2"],
  ["host", "ünï@example.com", "u-3"]
]

const migrated = Effect.map(Migrations.status(), (all) =>
  all.filter(({ appliedAt }) => appliedAt !== null).map(({ id, name }) => ({ id, name }))
)

describe("the schema", { timeout: 120_000 }, () => {
  it("has a sample", () => {
    assert.deepInclude(
      samples.map(({ applied, file }) => [file, applied.length]),
      ["upTo0006.sql", 6]
    )
  })

  for (const { applied, file, sample } of samples)
    for (const [name, client] of CLIENTS)
      it.live(`of ${file} is made in the same way today, and taken for what it is: ${name}`, () =>
        Effect.gen(function* () {
          const made = yield* make(applied.length)
          assert.strictEqual(`${made.join("\n")}\n`, sample)
          assert.deepStrictEqual(yield* migrated, applied)
          const since = Migrations.migrations.slice(applied.length).map(({ id, name }) => ({ id, name }))
          assert.deepStrictEqual(yield* Migrations.up(), since)
          assert.deepStrictEqual(yield* migrated, [...applied, ...since])
          assert.deepStrictEqual([yield* Migrations.pendingSql(), yield* Migrations.up()], [[], []])
        }).pipe(Effect.provide(Layer.fresh(Layer.orDie(client))))
      )

  for (const [name, client] of CLIENTS)
    it.live(`takes everything to be seen by those who have seen an event from before as it was: ${name}`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* make(8)
        const id = "01890000-0000-7000-8000-000000000001"
        yield* sql.unsafe(`INSERT INTO turnout.events (id, title, description, location, organizer, starts_at, ends_at,
  time_zone, waitlist, capacity, status, version, confirmed, waitlisted, attended, no_show, created_at, updated_at)
VALUES ('${id}', 'Gala', '', '', 'Ada', '2099-01-01Z', '2099-01-02Z', 'UTC', 'open', 9, 'published', 7, 5, 0, 0, 0, now(), now())`)
        yield* Migrations.up()
        yield* Effect.gen(function* () {
          const turnout = yield* Turnout.Turnout
          const save = (expectedVersion: number) => turnout.updateEvent(id, { title: "Ball" }, { expectedVersion })
          assert.deepInclude(yield* turnout.getEvent(id), { version: 7, revision: 7 })
          assert.deepInclude(yield* Effect.flip(save(6)), { _tag: "VersionConflict", version: 7 } as object)
          assert.deepInclude(yield* save(7), { title: "Ball", version: 8, revision: 8 })
        }).pipe(Effect.provide(Turnout.layer().pipe(Layer.provide(PostgresStore.layerFromClient()))))
      }).pipe(Effect.provide(Layer.fresh(Layer.orDie(client))))
    )

  for (const [name, client] of CLIENTS)
    it.live(`lets the secrets of webhooks from before sign for as long as they were promised to: ${name}`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* make(countOf("upTo0006.sql"))
        const webhook = (id: number, previous: string) =>
          sql.unsafe(`INSERT INTO turnout.webhooks
  (id, url, description, secret, previous_secret, previous_until)
VALUES ('01890000-0000-7000-8000-00000000000${id}', 'https://example.com', '', 'whsec_now', ${previous})`)
        yield* webhook(1, "'whsec_before', clock_timestamp() + interval '1 hour'")
        yield* webhook(2, "'whsec_over', clock_timestamp() - interval '1 hour'")
        yield* webhook(3, "NULL, NULL")
        yield* Migrations.up()
        const targets = yield* Effect.provide(
          WebhookStore.use((store) => store.targets),
          PostgresWebhooks.layerFromClient()
        )
        assert.deepStrictEqual(
          targets.map(({ secrets }) => secrets),
          [["whsec_now", "whsec_before"], ["whsec_now"], ["whsec_now"]]
        )
      }).pipe(Effect.provide(Layer.fresh(Layer.orDie(client))))
    )

  for (const [name, client] of CLIENTS)
    it.live(`gives registrations by address the ids that those addresses have today: ${name}`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* make(8)
        const texts = ADDRESSES.map(([, given, before = given]) => [before, given] as const)
        yield* insert(texts.map(([id, email], n) => ({ event: n, id, email })))
        yield* Migrations.up()
        const rows = yield* sql<Row>`SELECT attendee_id, email FROM turnout.registrations ORDER BY sequence`
        const expected = ADDRESSES.map(([what, given, before = given]): Row => {
          const email = what === "refused" ? given : Result.getOrElse(decodeEmail(given), () => given)
          return { attendee_id: what === "address" ? fromInput({ email }).id : before, email }
        })
        assert.deepStrictEqual([...rows], expected)
      }).pipe(Effect.provide(Layer.fresh(Layer.orDie(client))))
    )

  for (const [name, client] of CLIENTS)
    it.live(`makes nobody of two one: ${name}`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* make(8)
        const registrations = [
          { event: 1, id: "ada@xn--mnchen-3ya.de", email: "ada@xn--mnchen-3ya.de" },
          { event: 1, id: "ada@münchen.de", email: "ada@münchen.de" },
          { event: 1, id: "ada@münchen.de", email: "ada@münchen.de", state: "cancelled" },
          { event: 2, id: "ada@münchen.de", email: "ada@münchen.de" },
          { event: 2, id: "mailto:bob@example.com", email: "bob@example.com" },
          { event: 2, id: "bob@example.com", email: "bob@example.com" },
          { event: 2, id: "bob@example.com", email: "bob@example.com", state: "cancelled" },
          { event: 3, id: "zoë@strasse.de", email: "zoë@straße.de" },
          { event: 4, id: "zoë@strasse.de", email: "zoë@strasse.de" }
        ]
        yield* insert(registrations)
        yield* Migrations.up()
        const rows = yield* sql<Row>`SELECT attendee_id, email FROM turnout.registrations ORDER BY sequence`
        assert.deepStrictEqual(
          rows.map(({ attendee_id }) => attendee_id),
          [
            "mailto:ada@xn--mnchen-3ya.de",
            "ada@münchen.de",
            "mailto:ada@xn--mnchen-3ya.de",
            "mailto:ada@xn--mnchen-3ya.de",
            "mailto:bob@example.com",
            "bob@example.com",
            "mailto:bob@example.com",
            "mailto:zoë@xn--strae-oqa.de",
            "mailto:zoë@strasse.de"
          ]
        )
        const left = yield* sql`SELECT 1 FROM pg_proc WHERE proname IN ('to_punycode', 'with_ascii_domain')`
        assert.deepStrictEqual(left, [])
      }).pipe(Effect.provide(Layer.fresh(Layer.orDie(client))))
    )

  it.live("gives the statements of a migration longer than those of others", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const clientOf = (options: object) => Layer.fresh(Layer.orDie(PostgresStore.layerClient({ url, ...options })))
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* make(8)
        yield* insert([{ event: 1, id: "ada@example.com", email: "ada@example.com" }])
        yield* sql`CREATE TABLE turnout.seen (timeout text)`
        yield* sql`CREATE FUNCTION turnout.be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_sleep(2);
  INSERT INTO turnout.seen VALUES (current_setting('statement_timeout'));
  RETURN NEW;
END $$`
        yield* sql`CREATE TRIGGER slow BEFORE UPDATE ON turnout.registrations FOR EACH ROW EXECUTE FUNCTION turnout.be_slow()`
      }).pipe(Effect.provide(clientOf({})))
      yield* Effect.provide(Migrations.up(), clientOf({ attemptTimeoutMillis: 1_000 }))
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const rows = yield* sql`SELECT r.attendee_id, s.timeout FROM turnout.registrations r, turnout.seen s`
        assert.deepStrictEqual([...rows], [{ attendee_id: "mailto:ada@example.com", timeout: "1h" }])
      }).pipe(Effect.provide(clientOf({})))
    }).pipe(Effect.scoped)
  )
})
