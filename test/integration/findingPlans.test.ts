/**
 * How Postgres finds events and registrations: the plans of the statements that the store sends, as its connection keeps them,
 * and the pages that a search reads among 40,000 registrations of one event, and among 20,000 events.
 */
import { afterAll } from "@turnout/adapters/internal/postgres/admission/registrations/PeopleIndex"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import { DEFAULT_ORGANIZATION, type OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { EventQuery, RegistrationQuery } from "@turnout/core/admission/application/Queries"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Search from "@turnout/core/kernel/domain/text/Search"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { assert, beforeAll, describe, it } from "vitest"
import { accesses, pages, type Plan, plans } from "../support/Plans.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const EVENT = "01900000-0000-7000-8000-000000000001"
const ORGANIZATION = "01900000-0000-7000-8000-00000000000f"
const PEOPLE = 40_000
/** The most pages that a list of 50 items may read. One that looks at everybody, or at all events that are over, reads more. */
const FEW_PAGES = 200

/** What is in the text of the statements that find people by keys, in the order of entry, and events that are not over. */
const KEYS = ") r\nORDER BY sequence LIMIT"
const NOT_OVER = "($9::timestamptz, $10::uuid)\nORDER BY"

const PEOPLE_OF_WINDOW = "attendee_id <= $3::text"
const PEOPLE_BY_EVENTS = ") r WHERE e.organization_id ="
const END_OF_WINDOW = "SELECT least("

const people = (of: string, search: string | null = null) =>
  AdmissionReads.use((reads) =>
    reads.people(of as OrganizationId, search === null ? null : Search.terms(search), { after: null, limit: 51 })
  )

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

/** 20,000 events, most of which are over, and one with 40,000 registrations. */
const fill = Effect.fnUntraced(function* (url: string) {
  // The store's own connections give up a statement that takes as long as these may.
  const sql = yield* TestDatabase.client(url)
  yield* sql.unsafe(`INSERT INTO turnout.events (id, title, description, location, organizer, starts_at, ends_at,
      time_zone, waitlist, capacity, status, version, confirmed, waitlisted, attended, no_show, created_at, updated_at)
    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Event ' || n, '', '', 'organizer ' || n % 50,
      now() + (n - 19000) * interval '1 hour', now() + (n - 18995) * interval '1 hour', 'UTC', 'open', 1000000,
      'published', 2, 0, 0, 0, 0, now(), now()
    FROM generate_series(1, 20000) n`)
  yield* sql.unsafe(`INSERT INTO turnout.organizations (id, slug, name) VALUES ('${ORGANIZATION}', 'one', 'One')`)
  yield* sql.unsafe(`UPDATE turnout.events SET organization_id = '${ORGANIZATION}' WHERE organizer = 'organizer 7'`)
  yield* sql.unsafe(`INSERT INTO turnout.registrations
    SELECT lpad(to_hex(n), 32, '0')::uuid, '${EVENT}', 'person-' || n || '@example.com',
      'First' || n % 1000 || ' Last' || n, 'person-' || n || '@example.com', '',
      CASE WHEN n % 10000 = 0 THEN 'cancelled' WHEN n % 10000 = 1 THEN 'noShow' ELSE 'confirmed' END, n, now(), now()
    FROM generate_series(1, ${PEOPLE}) n`)
  yield* sql.unsafe("ANALYZE")
})

/** Waits until everybody has keys. */
const untilKeyed = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.repeat(
    Effect.delay(
      sql<{ until: string }>`SELECT coalesce(max(sequence), 0)::text AS until FROM turnout.people_keys_until`,
      "50 millis"
    ),
    { until: ([row]) => row?.until === String(PEOPLE) }
  )
)

const LISTS: ReadonlyArray<typeof RegistrationQuery.Encoded> = [
  { state: "cancelled" },
  { state: ["attended", "noShow"], order: "newest" },
  { attendeeId: "person-7@example.com" },
  { order: "newest" },
  { search: "last32109" },
  { search: "last32109", order: "newest" }
]

const NOW = new Date()
const EVENTS: ReadonlyArray<typeof EventQuery.Encoded> = [
  { from: NOW },
  { overBy: NOW, order: "latest" },
  { from: NOW, organizer: "organizer 7" },
  { from: NOW, organizationId: ORGANIZATION },
  { from: NOW, search: "event 19500" }
]

/** The text of a statement, and how it is to find its rows. */
const EXPECTED: ReadonlyArray<{ readonly what: string; readonly text: string; readonly uses: ReadonlyArray<string> }> =
  [
    {
      what: "those who have cancelled",
      text: "state = 'cancelled'\nORDER BY sequence LIMIT",
      uses: ["registrations_ended (event_id, state, sequence)"]
    },
    {
      what: "those who came or did not come, the newest first",
      text: "state = 'noShow'\nORDER BY sequence DESC LIMIT",
      uses: ["registrations_ended (event_id, state, sequence)", "registrations_ended (event_id, state, sequence)"]
    },
    {
      what: "those of an attendee",
      text: "attendee_id = $4::text AND state <> 'cancelled'",
      uses: ["registrations_active (attendee_id)", "registrations_cancelled (attendee_id)"]
    },
    {
      what: "the newest",
      text: "sequence < $2::bigint\nORDER BY",
      uses: ["registrations_by_entry (event_id, sequence)"]
    },
    {
      what: "those whose names begin with a text",
      text: "AS place",
      uses: [
        "people_keys_until_pkey (event_id)",
        "people_keys_pkey (event_id, key, sequence)",
        "people_keys_pkey (event_id, key, sequence)",
        "registrations_by_entry (event_id, sequence)",
        "people_keys_until_pkey (event_id)",
        "registrations_by_entry (event_id, sequence)"
      ]
    },
    {
      what: "events that are not over",
      text: NOT_OVER,
      uses: ["events_by_span ()", "events_by_start (starts_at, id)"]
    },
    {
      what: "events that are over, the latest first",
      text: "AND coalesce(ends_at <= $6::timestamptz, false)\nORDER BY starts_at DESC",
      uses: ["events_by_start (starts_at, id)"]
    },
    {
      what: "events of an organizer that are not over",
      text: "AND organizer = $12::text",
      uses: ["events_by_span ()", "events_by_organizer (organizer, starts_at, id)"]
    },
    {
      what: "events of an organization that are not over",
      text: "AND organization_id = $12::uuid",
      uses: ["events_by_span ()", "events_by_organization (organization_id, starts_at, id)"]
    },
    {
      what: "whose some events are, or were",
      text: "AS organization_id FROM unnest",
      uses: ["events_pkey (id)", "journal_pkey (event_id)"]
    },
    {
      what: "events that are not over, and that somebody may see",
      text: "OR organization_id = ANY($12::uuid[]), false)",
      uses: ["events_by_span ()", "events_by_start (starts_at, id)"]
    },
    {
      what: "where a window of people ends",
      text: END_OF_WINDOW,
      uses: ["registrations_active (attendee_id)", "registrations_cancelled (attendee_id)"]
    },
    {
      what: "the people of a window",
      text: PEOPLE_OF_WINDOW,
      uses: ["registrations_active (attendee_id)", "events_pkey (id)", "registrations_cancelled (attendee_id)"]
    },
    {
      what: "the people of an organization, by its events",
      text: PEOPLE_BY_EVENTS,
      uses: ["events_by_organization (organization_id)", "registrations_by_entry (event_id)"]
    }
  ]

describe("finding on Postgres", () => {
  let all: ReadonlyArray<Plan> = []
  let read: Readonly<Record<string, number>> = {}
  let found: ReadonlyArray<ReadonlyArray<string>> = []

  beforeAll(
    () =>
      Effect.gen(function* () {
        const url = yield* TestDatabase.make
        // One connection, and nothing but the store has spoken on it.
        const client = PostgresStore.layerClient({ url, poolSize: 1 })
        yield* Migrations.up().pipe(Effect.provide(client))
        yield* Effect.gen(function* () {
          // Plans are made while the tables are empty.
          for (const query of EVENTS) yield* use((turnout) => turnout.listEvents(query))
          yield* use((turnout) => turnout.listEvents({ from: NOW }, [ORGANIZATION as OrganizationId]))
          yield* people(ORGANIZATION)
          const whose = AdmissionReads.use((reads) => reads.organizationsOf([EVENT as EventId]))
          yield* whose
          yield* fill(url)
          yield* whose
          const list = (query: typeof RegistrationQuery.Encoded) =>
            Effect.map(
              use((turnout) => turnout.listRegistrations(EVENT, query)),
              ({ items }) => items.map(({ attendee }) => attendee.name)
            )
          const before = yield* list({ search: "last32109" })
          yield* untilKeyed
          const after: Array<ReadonlyArray<string>> = []
          for (const query of LISTS) after.push(yield* list(query))
          found = [before, ...after]
          for (const query of EVENTS) yield* use((turnout) => turnout.listEvents(query))
          for (const of of [DEFAULT_ORGANIZATION, ORGANIZATION]) {
            yield* people(of)
            yield* people(of, "last32109")
          }
          all = yield* plans
          const key = `'${Search.keyOfTerm("last32109")}'`
          const places = [`'${EVENT}'`, "0", "51"]
          const range = [
            "'-infinity'",
            "'00000000-0000-0000-0000-000000000000'",
            "'infinity'",
            "'00000000-0000-0000-0000-000000000000'"
          ]
          read = {
            keys: yield* pages(KEYS, [...places, key, key, `'${afterAll("last32109")}'`]),
            cancelled: yield* pages("$2::bigint AND state = 'cancelled'\nORDER BY sequence LIMIT", places),
            "the end of a window": yield* pages(END_OF_WINDOW, ["'person-2'"]),
            "not over": yield* pages(NOT_OVER, ["51", "now()", ...range, "now()", ...range.slice(1)])
          }
        }).pipe(
          Effect.provide(
            Turnout.layer().pipe(Layer.provideMerge(PostgresStore.layerFromClient()), Layer.provideMerge(client))
          )
        )
      }).pipe(Effect.scoped, Effect.runPromise),
    180_000
  )

  it.each(EXPECTED)("finds by an index: $what", ({ text, uses }) => {
    const nodes = all.filter(({ statement }) => statement.includes(text)).map(({ root }) => root)
    assert.isNotEmpty(nodes, "the statement was not sent")
    for (const node of nodes) assert.deepStrictEqual(accesses(node), uses)
  })

  it("writes keys from the registrations of one step, and no others", () => {
    const step = all.find(({ statement }) => statement.includes("sequence > $2::bigint AND sequence <= $3::bigint"))
    assert.deepStrictEqual(accesses(step!.root), ["registrations_by_entry (event_id, sequence)"])
  })

  it("finds the same with keys as without, in both orders", () => {
    const [before, cancelled, ended, ofAttendee, newest, entry, latest] = found
    assert.deepStrictEqual(before, ["First109 Last32109"])
    assert.deepStrictEqual([entry, latest], [before, before])
    assert.deepStrictEqual([cancelled!.length, ended!.length, ofAttendee!.length, newest!.length], [4, 4, 1, 50])
  })

  it.each(["keys", "cancelled", "not over"])("reads few pages, though there are many rows: %s", (what) => {
    assert.isBelow(read[what]!, FEW_PAGES)
    assert.isAbove(read[what]!, 0)
  })

  it("looks for the end of a window of people in the rows of the window, and in no others", () => {
    assert.isBelow(read["the end of a window"]!, 1_000)
  })
})
