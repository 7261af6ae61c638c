/**
 * How Postgres reads the audit trail: the plans of the statements that the store sends, as its connection keeps them, what is found in a
 * journal of 60,000 entries with gaps, and how much of it a page looks at; and for how long the origins of requests are kept.
 */
import * as PostgresAuditStore from "@turnout/adapters/postgres/audit-store"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as Audit from "@turnout/core/access/application/audit/Audit"
import type { AuditEntry } from "@turnout/core/access/domain/audit/AuditEntry"
import type { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import { AuditStore } from "@turnout/core/access/ports/AuditStore"
import { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { assert, beforeAll, describe, it } from "vitest"
import { accesses, type Plan, plans } from "../support/Plans.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const ORGANIZATION = OrganizationId.make("01900000-0000-7000-8000-00000000000f")
const ENTRIES = 60_000
const EVENT = "01900000-0000-7000-8000-000000000001"
/** Principals of few entries: one every so many of them. */
const RARELY = 12_345

/**
 * 60,000 entries of 300 events, two minutes apart, whose times are against their order by up to 20 seconds, with a gap of 50,000 numbers
 * in the middle, and none of the first 5,000, which were pruned. Every tenth event belongs to the organization.
 */
const FILL = [
  `INSERT INTO turnout.organizations (id, slug, name) VALUES ('${ORGANIZATION}', 'one', 'One')`,
  `INSERT INTO turnout.events (id, title, description, location, organizer, starts_at, ends_at, time_zone, waitlist, capacity, status,
     version, confirmed, waitlisted, attended, no_show, created_at, updated_at)
   SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Event ' || n, '', '', 'Ada', now(), now(), 'UTC', 'open', 5,
     'published', 1, 0, 0, 0, 0, now(), now() FROM generate_series(1, 300) n`,
  `UPDATE turnout.events SET organization_id = '${ORGANIZATION}' WHERE title LIKE '%7'`,
  ...["1 AND n <= 30000", "30001"].map(
    (from) => `INSERT INTO turnout.journal (event_id, version, id, type, schema_version, payload, actor, occurred_at)
   SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(1 + n % 300), 12, '0'))::uuid, 1 + n / 300, gen_random_uuid(),
     CASE WHEN n % 3 = 0 THEN 'EventUpdated' ELSE 'AttendeeRegistered' END, 1,
     CASE WHEN n % 3 = 0 THEN '{}' ELSE '{"registration":{"id":"' || lpad(to_hex(n % 1000), 32, '0')::uuid || '"}}' END::json,
     CASE WHEN n % ${RARELY} = 7 THEN 'key:rare' ELSE 'anonymous' END,
     now() - (${ENTRIES} - n) * interval '2 minutes' + (n * 7919 % 40 - 20) * interval '1 second'
   FROM generate_series(1, ${ENTRIES}) n WHERE n >= ${from} ORDER BY n`
  ),
  "DELETE FROM turnout.journal WHERE seq <= 5000",
  `INSERT INTO turnout.audit_log (at, who, action, details, resource, organization_id)
   SELECT date_trunc('milliseconds', now() - n * interval '1 minute'), CASE WHEN n % 5000 = 3 THEN 'key:rare' ELSE 'user:busy' END,
     CASE WHEN n % 2 = 0 THEN 'keys.create' ELSE 'members.add' END, '{}', 'key:' || n % 100,
     CASE WHEN n % 50 = 0 THEN '${ORGANIZATION}'::uuid END
   FROM generate_series(1, 20000) n`,
  `INSERT INTO turnout.audit_origins (request_id, who, address) SELECT 'r' || n, 'user:busy', '127.0.0.1' FROM generate_series(1, 20000) n`,
  "ANALYZE"
]

const readAll = Effect.fnUntraced(function* (query: typeof AuditQuery.Encoded, limit = 200) {
  const items: Array<AuditEntry> = []
  let [after, pages]: [string | null, number] = [null, 0]
  do {
    const page: Effect.Success<ReturnType<typeof Audit.list>> = yield* Audit.list(query, { after, limit })
    items.push(...page.items)
    after = page.next
    pages += 1
  } while (after !== null)
  return { items, pages }
})

/** The ids of the entries that a condition holds of, of each source in its order. */
const expected = Effect.fnUntraced(function* (ofJournal: string, ofLog: string) {
  const sql = yield* SqlClient.SqlClient
  const journal = yield* sql.unsafe<{ id: string }>(
    `SELECT id FROM turnout.journal j WHERE ${ofJournal} ORDER BY seq DESC`
  )
  const log = yield* sql.unsafe<{ id: string }>(
    `SELECT id::text AS id FROM turnout.audit_log j WHERE ${ofLog} ORDER BY at DESC, id DESC`
  )
  return { journal: journal.map(({ id }) => `journal:${id}`), log: log.map(({ id }) => `log:${id}`) }
})

const bySource = (items: ReadonlyArray<AuditEntry>) => ({
  journal: items.map(({ id }) => id).filter((id) => id.startsWith("journal:")),
  log: items.map(({ id }) => id).filter((id) => id.startsWith("log:"))
})

const DAY = 24 * 60 * 60 * 1_000
const AGO = (days: number) => new Date(Date.now() - days * DAY)
const span = (column: string, from: Date, until: Date) =>
  `${column} >= '${from.toISOString()}' AND ${column} < '${until.toISOString()}'`
const [EARLY, LATE] = [AGO(41.7), AGO(41.2)]
const OF_ORGANIZATION = `(SELECT organization_id FROM turnout.events e WHERE e.id = j.event_id) = '${ORGANIZATION}'`

/** Queries, and what they are to find. */
const QUERIES: ReadonlyArray<readonly [query: AuditQuery, ofJournal: string, ofLog: string, maxPages: number]> = [
  [{ principal: "key:rare" }, "actor = 'key:rare'", "who = 'key:rare'", 5],
  [{ principal: "key:nobody" }, "false", "false", 5],
  [{ action: "members.add", principal: "key:rare" }, "false", "who = 'key:rare' AND action = 'members.add'", 3],
  [{ from: EARLY, until: LATE }, span("occurred_at", EARLY, LATE), span("at", EARLY, LATE), 4],
  [
    { organizationId: ORGANIZATION, until: LATE, from: AGO(42.5) },
    `${span("occurred_at", AGO(42.5), LATE)} AND ${OF_ORGANIZATION}`,
    "false",
    5
  ],
  [{ resource: `event:${EVENT}` }, `event_id = '${EVENT}' AND type = 'EventUpdated'`, "false", 3],
  [{ resource: "key:7", action: "members.add" }, "false", "resource = 'key:7' AND action = 'members.add'", 3]
]

/** The text of a statement, and the indexes by which it is to find its rows, whatever is joined to them. */
const EXPECTED: ReadonlyArray<readonly [what: string, text: string, first: string]> = [
  ["a window of the journal", "FROM generate_series(0, 63) AS w(slot)", "journal_by_slot (slot, seq)"],
  ["a stream of the journal", 'FROM "turnout".journal j WHERE j.event_id', "journal_pkey (event_id, version)"],
  ["the last entries of a principal", "who = $1::text", "audit_log_by_who (who)"],
  ["the entries about a resource", "resource = $1::text", "audit_log_by_resource (resource)"]
]

describe("the audit trail on Postgres", () => {
  let all: ReadonlyArray<Plan> = []
  const found = new Map<AuditQuery, { readonly items: ReadonlyArray<AuditEntry>; readonly pages: number }>()
  const wanted = new Map<AuditQuery, { readonly journal: ReadonlyArray<string>; readonly log: ReadonlyArray<string> }>()
  let origins: ReadonlyArray<string> = []
  let looked = 0

  beforeAll(
    () =>
      Effect.gen(function* () {
        const url = yield* TestDatabase.make
        const client = PostgresStore.layerClient({ url, poolSize: 1 })
        yield* Migrations.up().pipe(Effect.provide(client))
        yield* Effect.gen(function* () {
          // Plans are made while the tables are empty.
          for (const [query] of QUERIES) yield* readAll(query)
          const sql = yield* TestDatabase.client(url)
          for (const [index, statement] of FILL.entries()) {
            yield* sql.unsafe(statement)
            if (index === 3)
              yield* sql.unsafe("SELECT setval('turnout.journal_seq', nextval('turnout.journal_seq') + 50000)")
          }
          for (const [query, ofJournal, ofLog] of QUERIES) {
            found.set(query, yield* readAll(query))
            wanted.set(query, yield* Effect.provideService(expected(ofJournal, ofLog), SqlClient.SqlClient, sql))
          }
          all = yield* plans
          const { forgetOrigins, journal } = yield* AuditStore
          const { looked: edge } = yield* journal({ principal: "key:nobody" }, null, 10)
          const [counted] = yield* sql.unsafe<{ count: number }>(
            `SELECT count(*)::integer AS count FROM turnout.journal WHERE seq >= ${edge!.place}`
          )
          looked = counted!.count
          yield* sql.unsafe("UPDATE turnout.audit_origins SET at = now() - interval '90 days' WHERE request_id <> 'r7'")
          yield* sql.unsafe(
            "UPDATE turnout.audit_origins SET at = now() - interval '89 days 23 hours' WHERE request_id = 'r8'"
          )
          yield* Effect.repeat(forgetOrigins, { until: ({ isThrough }) => isThrough })
          const left = yield* sql.unsafe<{ id: string }>(
            "SELECT request_id AS id FROM turnout.audit_origins ORDER BY 1"
          )
          origins = left.map(({ id }) => id)
        }).pipe(Effect.provide(PostgresAuditStore.layerFromClient().pipe(Layer.provideMerge(client))))
      }).pipe(Effect.scoped, Effect.runPromise),
    240_000
  )

  it.each(QUERIES)("finds all of %j, in a bounded number of pages", (query, _ofJournal, _ofLog, maxPages) => {
    const { items, pages } = found.get(query)!
    assert.deepStrictEqual(bySource(items), wanted.get(query))
    assert.isAtMost(pages, maxPages)
  })

  it("has found something of each kind", () => {
    const counts = QUERIES.map(([query]) => found.get(query)!.items.length)
    assert.deepStrictEqual(
      counts.map((count) => count > 0),
      [true, false, true, true, true, true, true]
    )
  })

  it("looks at some thousand entries at once, though nothing is found, and tells how far it has looked", () => {
    assert.isAbove(looked, 10_000)
    assert.isBelow(looked, 25_000)
  })

  it.each(EXPECTED)("finds by an index: %s", (_what, text, first) => {
    const nodes = all.filter(({ statement }) => statement.includes(text)).map(({ root }) => root)
    assert.isNotEmpty(nodes, "the statement was not sent")
    for (const node of nodes) {
      assert.include(accesses(node), first)
      assert.notMatch(accesses(node).join(), /Seq Scan on (?:journal|audit_log|audit_origins|events)/)
    }
  })

  it("forgets where requests came from after 90 days, and not before", () => {
    assert.deepStrictEqual(origins, ["r7", "r8"])
  })
})
