/**
 * The plans of the store's statements, as its own connections have them: made while the tables are empty, kept for as long
 * as the connection lives, and good for any size of a table. They are read off the prepared statements of a connection
 * that has done some of everything, so whatever the store sends is what is looked at.
 */
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as PostgresStore from "@turnout/adapters/postgres"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { assert, beforeAll, describe, it } from "vitest"
import * as Given from "../support/Given.ts"
import { accesses, has, type Node, part, type Plan, plans, type Prepared, prepared } from "../support/Plans.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** The commands of a batch, without keys unless they are given. */
const batch = (commands: ReadonlyArray<Command>, key?: string) =>
  Turnout.Turnout.use((turnout) =>
    turnout.executeAll(
      commands.map((command, n) =>
        key === undefined ? { command } : { command, options: { idempotencyKey: `${key} ${n}` } }
      )
    )
  )

const registrations = (eventId: EventId, name: string, count: number): ReadonlyArray<Command> =>
  Array.from({ length: count }, (_, n) => ({
    _tag: "Register",
    eventId,
    attendee: fromInput({ email: `${name}-${n}@example.com` }),
    notes: "",
    registeredAt: null
  }))

/** Some of everything, alone and several at a time, so that every statement is prepared. */
const someOfEverything = Effect.gen(function* () {
  const turnout = yield* Turnout.Turnout
  const sql = yield* SqlClient.SqlClient
  const event = yield* Given.publishedEvent({ capacity: 1 })
  const key = { idempotencyKey: "key" }
  const { registration: first } = yield* turnout.register(event.id, Given.person(1), key)
  const second = yield* Given.register(event.id, 2)
  yield* turnout.listWaitlist(event.id)
  yield* turnout.waitlistPosition(event.id, second.id)
  yield* turnout.listAttendeeRegistrations(second.attendee.id)
  yield* turnout.listRegistrations(event.id)
  yield* turnout.listRegistrations(event.id, { state: "waitlisted" })
  yield* turnout.getRegistration(event.id, first.id)
  yield* turnout.listJournal(event.id)
  yield* turnout.listEvents()
  yield* turnout.listEvents({ status: "published" })
  yield* turnout.listEvents({ organizer: event.organizer })
  yield* turnout.listEvents({ status: "published", organizer: event.organizer })
  yield* turnout.cancelRegistration(event.id, first.id)
  yield* turnout.updateEvent(event.id, { title: "Another" })
  yield* sql`UPDATE turnout.idempotency SET created_at = 'epoch', expires_at = 'epoch'`
  yield* turnout.register(event.id, Given.person(3), key)

  const other = yield* Given.publishedEvent({ capacity: 4 })
  const events = [event.id, other.id]
  const reads = yield* AdmissionReads
  for (const read of [reads.eventsOf, reads.versionsOf]) yield* read(events)
  yield* batch(events.map((eventId) => ({ _tag: "UpdateEvent", eventId, changes: { title: "Yet another" } })))
  const people = yield* batch(registrations(other.id, "person", 4), "several")
  yield* sql`UPDATE turnout.idempotency SET created_at = 'epoch', expires_at = 'epoch'`
  yield* batch(registrations(other.id, "further", 4), "several")
  yield* batch(events.flatMap((eventId) => registrations(eventId, "both", 2)))
  yield* batch(
    people.flatMap(({ answer }) =>
      answer._tag === "Success" && "registration" in answer.success
        ? { _tag: "CancelRegistration", eventId: other.id, registrationId: answer.success.registration.id }
        : []
    )
  )
  const { capacity, endsAt, organizer, startsAt, timeZone, title } = other
  yield* batch(
    [1, 2].map((n) => {
      const id = `00000000-0000-7000-8000-00000000000${n}` as EventId
      return { _tag: "CreateEvent", event: { id, title, organizer, startsAt, endsAt, timeZone, capacity } }
    })
  )
  const drafts = [yield* Given.draftEvent(), yield* Given.draftEvent(), yield* Given.draftEvent()]
  yield* turnout.deleteEvent(drafts[0]!.id)
  yield* batch(drafts.slice(1).map(({ id }) => ({ _tag: "DeleteEvent", eventId: id })))
  yield* Effect.flip(turnout.createEvent(Given.eventInput({ id: drafts[0]!.id })))
  // Guesses, of one event and of two.
  for (const name of ["pair", "couple", "two"]) yield* batch(registrations(event.id, name, 2))
  for (const name of ["of each", "of both", "of two"]) {
    yield* batch(
      events.flatMap((eventId) => registrations(eventId, name.replace(" ", "-"), 2)),
      name
    )
  }
  return event.id
})

/** Two thousand events with a hundred registrations each. */
const fill = Effect.fnUntraced(function* (url: string) {
  // The store's own connections give up a statement that takes as long as these may.
  const sql = yield* TestDatabase.client(url)
  const id = (number: string) => `lpad(to_hex(${number}), 32, '0')::uuid`
  yield* sql.unsafe(`INSERT INTO turnout.events (id, title, description, location, organizer, starts_at, ends_at,
      time_zone, waitlist, capacity, status, version, confirmed, waitlisted, attended, no_show, created_at, updated_at)
    SELECT ${id("n")}, '', '', '', 'organizer ' || n % 50, now() + n * interval '1 minute', now() + '1 year', 'UTC',
      'open', 50, 'published', 102, 50, 30, 0, 0, now(), now()
    FROM generate_series(1, 2000) n`)
  yield* sql.unsafe(`INSERT INTO turnout.registrations
    SELECT ${id("e * 1000 + n")}, ${id("e")}, 'person-' || n * 7 || '@example.com', '', '', '',
      CASE WHEN n % 5 = 0 THEN 'cancelled' WHEN n <= 60 THEN 'confirmed' ELSE 'waitlisted' END, n + 2, now(), now()
    FROM generate_series(1, 2000) e, generate_series(1, 100) n`)
  yield* sql.unsafe(`INSERT INTO turnout.waitlist_blocks
    SELECT ${id("e")}, level, 0, 32 FROM generate_series(1, 2000) e, generate_series(1, 3) level`)
  yield* sql.unsafe(`INSERT INTO turnout.journal
      (event_id, version, id, type, schema_version, payload, actor, correlation_id, causation_id, occurred_at)
    SELECT ${id("e")}, n, gen_random_uuid(), 'EventPublished', 1, '{}', 'nobody', NULL, NULL, now()
    FROM generate_series(1, 2000) e, generate_series(1, 20) n`)
  yield* sql.unsafe(`INSERT INTO turnout.idempotency
    SELECT 'key ' || n, 'Register', 'anonymous', '', gen_random_uuid(), NULL, '{}', now(), now() + '1 day'
    FROM generate_series(1, 40000) n`)
  yield* sql.unsafe("ANALYZE")
})

/** What is looked for in the text of a statement, and how that statement, or a part of it, is to find its rows. */
const EXPECTED: ReadonlyArray<{
  readonly what: string
  readonly text: string
  readonly part?: string
  readonly uses: ReadonlyArray<string>
  /** Whether it is made of parts, each of which uses some of these. */
  readonly inParts?: boolean
  /** Whether it is a page of a list, which must not cost a look at the whole list. */
  readonly inOrder?: boolean
}> = [
  { what: "locking", text: "FOR UPDATE", uses: ["events_pkey (id)"] },
  {
    what: "loading",
    text: "AS kind",
    inParts: true,
    uses: [
      "registrations_active (attendee_id, event_id)",
      "registrations_pkey (id)",
      "registrations_waiting (event_id)",
      "registrations_by_entry (event_id)",
      "journal_pkey (event_id)",
      "idempotency_pkey (key, operation, principal)"
    ]
  },
  ...[
    { part: "created", uses: [] },
    { part: "revised", uses: ["events_pkey (id)", "Tid Scan on events"] },
    { part: "deleted", uses: ["events_pkey (id)", "Tid Scan on events"] },
    { part: "moved", uses: ["events_pkey (id)", "Tid Scan on events"] },
    { part: "followed", uses: ["events_pkey (id)", "Tid Scan on events", "journal_pkey (event_id, version)"] },
    { part: "registered", uses: [] },
    { part: "changed", uses: ["registrations_pkey (id)", "Tid Scan on registrations"] },
    { part: "counted", uses: ["waitlist_blocks_pkey (conflict)"] },
    { part: "journalled", uses: [] },
    { part: "remembered", uses: [] },
    { part: "renewed", uses: ["idempotency_pkey (conflict)"] }
  ].map(({ part, uses }) => ({ what: `writing what is ${part}`, text: `${part} AS (`, part, uses })),
  {
    what: "a page of the waitlist",
    text: "row_number()",
    inOrder: true,
    uses: [
      "waitlist_blocks_pkey (event_id, level, block)",
      "waitlist_blocks_pkey (event_id, level, block)",
      "waitlist_blocks_pkey (event_id, level, block)",
      "waitlist_blocks_pkey (event_id, level, block)",
      "registrations_waiting (event_id, sequence)",
      "registrations_waiting (event_id, sequence)"
    ]
  },
  {
    what: "a place in the waitlist",
    text: "AS length",
    uses: [
      "registrations_pkey (id)",
      "events_pkey (id)",
      "waitlist_blocks_pkey (event_id, level, block)",
      "waitlist_blocks_pkey (event_id, level, block)",
      "waitlist_blocks_pkey (event_id, level, block)",
      "waitlist_blocks_pkey (event_id, level, block)",
      "registrations_waiting (event_id, sequence)"
    ]
  },
  {
    what: "the registrations of an attendee",
    text: "attendee_id = $1",
    uses: ["registrations_active (attendee_id)", "events_pkey (id)", "registrations_cancelled (attendee_id)"]
  },
  {
    what: "a page of the registrations of an event",
    text: "registrations WHERE event_id = $1::uuid AND sequence > $2::bigint\nORDER BY",
    inOrder: true,
    uses: ["registrations_by_entry (event_id, sequence)"]
  },
  {
    what: "a page of those in a state",
    text: "sequence > $2::bigint AND state = 'waitlisted'\nORDER BY",
    inOrder: true,
    uses: ["registrations_waiting (event_id, sequence)"]
  },
  {
    what: "a page of the journal",
    text: "journal WHERE event_id = $1",
    inOrder: true,
    uses: ["journal_pkey (event_id, version)"]
  },
  {
    what: "a page of events",
    text: "$5::uuid)\nORDER BY",
    inOrder: true,
    uses: ["events_by_start (starts_at, id)"]
  },
  {
    what: "a page of events in a status",
    text: "(status = ANY($6::text[]), false)\nORDER BY",
    inOrder: true,
    uses: ["events_by_start (starts_at, id)"]
  },
  {
    what: "a page of the events of an organizer",
    text: "$5::uuid) AND organizer = $6::text\nORDER BY",
    inOrder: true,
    uses: ["events_by_organizer (organizer, starts_at, id)"]
  },
  {
    what: "a page of the events of an organizer in a status",
    text: "(status = ANY($6::text[]), false) AND organizer = $7::text\nORDER BY",
    inOrder: true,
    uses: ["events_by_organizer (organizer, starts_at, id)"]
  },
  {
    what: "one registration",
    text: "WHERE id = $2::uuid OFFSET 0) r\nWHERE event_id = $1",
    uses: ["registrations_pkey (id)"]
  },
  { what: "one event", text: "events WHERE id = $1", uses: ["events_pkey (id)"] },
  { what: "several events", text: "events WHERE id = ANY($1::uuid[])", uses: ["events_pkey (id)"] },
  { what: "the versions of events", text: "'.' || xmin", uses: ["events_pkey (id)"] },
  // It has one row.
  { what: "the generation of caches", text: "cache_generation", uses: ["Seq Scan on cache_generation"] },
  { what: "events with steps due", text: "WHERE steps_due", uses: ["events_steps_due ()"] }
]

describe("the plan of a statement", () => {
  let whenEmpty: ReadonlyArray<Plan> = []
  let whenSmall: ReadonlyArray<Plan> = []
  let whenFull: ReadonlyArray<Plan> = []
  let statements: ReadonlyArray<Prepared> = []
  let afterLargeBatches: ReadonlyArray<Prepared> = []

  beforeAll(() =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      // One connection, and nothing but the store has spoken on it.
      const client = PostgresStore.layerClient({ url, poolSize: 1 })
      yield* Migrations.up().pipe(Effect.provide(client))
      yield* Effect.gen(function* () {
        const eventId = yield* someOfEverything
        statements = yield* prepared
        whenEmpty = yield* plans
        yield* batch(registrations(eventId, "crowd", 500))
        afterLargeBatches = yield* prepared
        // A plan that is made now will be there for as long as the connection, unless the server takes another look.
        yield* SqlClient.SqlClient.use((sql) => sql`ANALYZE`)
        whenSmall = yield* plans
        yield* fill(url)
        whenFull = yield* plans
      }).pipe(
        Effect.provide(
          Turnout.layer().pipe(Layer.provideMerge(PostgresStore.layerFromClient()), Layer.provideMerge(client))
        )
      )
    }).pipe(Effect.scoped, Effect.runPromise)
  )

  const found = (
    all: ReadonlyArray<Plan>,
    { part: name, text }: { readonly part?: string; readonly text: string }
  ): ReadonlyArray<Node> =>
    all
      .filter(({ statement }) => statement.includes(text))
      .map(({ root }) => (name === undefined ? root : (part(root, name) ?? assert.fail(`there is no part ${name}`))))

  it.each(EXPECTED)("finds its rows by an index, in empty tables, small ones and full ones: $what", (expected) => {
    for (const [tables, all] of [
      ["empty", whenEmpty],
      ["small", whenSmall],
      ["full", whenFull]
    ] as const) {
      const nodes = found(all, expected)
      assert.isNotEmpty(nodes, "the statement was not sent")
      if (expected.inParts === true) {
        assert.sameMembers([...new Set(nodes.flatMap(accesses))], [...expected.uses], `in ${tables} tables`)
      } else {
        for (const node of nodes) assert.deepStrictEqual(accesses(node), expected.uses, `in ${tables} tables`)
      }
    }
  })

  it.each(EXPECTED.filter(({ inOrder }) => inOrder))("takes its rows in order, without sorting: $what", (expected) => {
    for (const [tables, all] of [
      ["empty", whenEmpty],
      ["small", whenSmall],
      ["full", whenFull]
    ] as const) {
      for (const node of found(all, expected)) {
        assert.isFalse(has(node, "Sort") || has(node, "Incremental Sort"), `in ${tables} tables`)
      }
    }
  })

  it("is among those that are checked here", () => {
    const unknown = statements.filter(({ statement }) => !EXPECTED.some(({ text }) => statement.includes(text)))
    assert.deepStrictEqual(unknown, [])
  })

  it("is made once, whatever the parameters, for batches of two and of five hundred", () => {
    assert.deepStrictEqual(
      statements.map(({ custom }) => custom),
      statements.map(() => 0)
    )
    assert.deepStrictEqual(
      afterLargeBatches.map(({ statement }) => statement),
      statements.map(({ statement }) => statement)
    )
  })
})
