/**
 * The people of an organization among many of others: every page is the one that the store in memory gives, whichever of the two ways it is
 * read by, and an organization is not read again for everybody whom a search only seems to find. Checks A4 of the invariants.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as MemoryPeople from "@turnout/adapters/internal/memory/admission/MemoryPeople"
import * as PeopleReads from "@turnout/adapters/internal/postgres/admission/registrations/PeopleReads"
import * as Query from "@turnout/adapters/internal/postgres/client/Query"
import * as Pglite from "@turnout/adapters/pglite"
import type { AttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import type { RegisteredPerson } from "@turnout/core/admission/domain/model/RegisteredPerson"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Search from "@turnout/core/kernel/domain/text/Search"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as TestDatabase from "../support/TestDatabase.ts"

// --- who has registered for what ---

const ORGANIZATIONS = {
  /** Most of all registrations are for its events. */
  large: "01900000-0000-7000-8000-000000000001",
  /** Its people are between those of the large one. */
  middle: "01900000-0000-7000-8000-000000000002",
  /** It has a person in every few thousand. */
  sparse: "01900000-0000-7000-8000-000000000003",
  /** Its people have names that only the core can fold, and come after those of all others. */
  greek: "01900000-0000-7000-8000-000000000004",
  none: "01900000-0000-7000-8000-000000000005"
} as const
type Name = keyof typeof ORGANIZATIONS

interface Row {
  readonly id: string
  readonly event_id: string
  readonly attendee_id: string
  readonly name: string
  readonly email: string
  readonly state: "confirmed" | "cancelled"
  readonly sequence: number
  readonly registered_at: string
}

const uuid = (prefix: number, n: number): string =>
  `0190${String(prefix).padStart(4, "0")}-0000-7000-8000-${String(n).padStart(12, "0")}`

/** Numbers that look random, and are the same each time. */
const numbers = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const NAMES = [
  "Anna Bo",
  "Susanna Bo",
  "Anna-Lena",
  "Jo.ann",
  "O'Hara",
  "Größe Anna",
  "Mañana",
  "Hannah_Ann",
  "",
  "ANN"
]
/** Beginnings of ids. Those beyond the basic plane come after the private ones of it by code points, and before them in UTF-16. */
const BEGINNINGS = ["mailto:p", "z", "\u{1f3ab}", "\ufa0e", "\u{20000}", "é"]

const attendee = (n: number): string => {
  const beginning = BEGINNINGS[n % BEGINNINGS.length]!
  return `${beginning}${String(n).padStart(6, "0")}${beginning === BEGINNINGS[0] ? "@example.com" : ""}`
}

const EVENTS: Readonly<Record<Name, number>> = { large: 4, middle: 7, sparse: 2, greek: 3, none: 1 }
const eventId = (organization: Name, n: number): string =>
  uuid(Object.keys(ORGANIZATIONS).indexOf(organization) + 1, n % EVENTS[organization])

/** The same moments again and again, so that ids decide which registration is the latest. */
const MOMENTS = ["2030-01-01T00:00:00.000Z", "2030-01-01T00:00:00.001Z", "2030-02-01T00:00:00.000Z"]

const GREEK = 9_000
/** Longer than a window. */
const PAGE = 1_700

const rows: ReadonlyArray<Row> = (() => {
  const random = numbers(7)
  const made: Array<Row> = []
  const active = new Set<string>()
  const add = (organization: Name, attendee_id: string, name: string, email: string, isCancelled: boolean) => {
    const n = made.length + 1
    const event_id = eventId(organization, random(EVENTS[organization]))
    const key = `${event_id} ${attendee_id}`
    const state = isCancelled || active.has(key) ? ("cancelled" as const) : ("confirmed" as const)
    if (state === "confirmed") active.add(key)
    const registered_at = MOMENTS[random(MOMENTS.length)]!
    made.push({
      id: uuid(9_000 + random(900), n),
      event_id,
      attendee_id,
      name,
      email,
      state,
      sequence: n,
      registered_at
    })
  }
  for (let n = 0; n < 12_000; n++) {
    const person = random(9_000)
    const name = `${NAMES[random(NAMES.length)]!} ${person}`.trim()
    const email = random(40) === 0 ? `ann${person}@bücher.example` : `p${person}@example.com`
    add("large", attendee(person), name, email, random(10) === 0)
    if (n % 4 === 0) add("middle", attendee(random(9_000)), name, email, random(10) === 0)
    if (n % 400 === 0) add("sparse", attendee(random(9_000)), name, email, random(2) === 0)
  }
  // Somebody who has registered and cancelled more often than a window is long.
  for (let n = 0; n < 1_300; n++) add("middle", attendee(4_001), `Often ${n}`, "often@example.com", true)
  for (let n = 0; n < GREEK; n++) add("greek", `\u{1f9ff}${n}`, `Άννα ${n}`, `a${n}@example.com`, false)
  return made
})()

/** What the store in memory says of the same registrations. */
const expected = MemoryPeople.reads({
  events: new Map(
    Object.entries(ORGANIZATIONS).flatMap(([name, organizationId]) =>
      Array.from({ length: EVENTS[name as Name] }, (_, n) => [eventId(name as Name, n), { organizationId }] as const)
    )
  ),
  byEvent: new Map(
    [...Map.groupBy(rows, ({ event_id }) => event_id)].map(([event, own]) => [
      event,
      new Map(
        own.map((row) => [
          row.id,
          {
            id: row.id,
            attendee: { id: row.attendee_id, name: row.name, email: row.email },
            registeredAt: new Date(row.registered_at)
          } as unknown as Registration
        ])
      )
    ])
  )
} as never)

const fill = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const [name, id] of Object.entries(ORGANIZATIONS)) {
    yield* sql.unsafe("INSERT INTO turnout.organizations (id, slug, name) VALUES ($1::uuid, $2, $2)", [id, name])
    for (let n = 0; n < EVENTS[name as Name]; n++)
      yield* sql.unsafe(
        `INSERT INTO turnout.events (id, title, description, location, organizer, starts_at, ends_at, time_zone, waitlist, capacity,
           status, version, confirmed, waitlisted, attended, no_show, created_at, updated_at, organization_id)
         VALUES ($1::uuid, 'a', '', '', 'b', '2040-01-01', '2040-01-02', 'UTC', 'unlimited', 1000000, 'published', 1, 0, 0, 0, 0,
           now(), now(), $2::uuid)`,
        [eventId(name as Name, n), id]
      )
  }
  for (let from = 0; from < rows.length; from += 5_000)
    yield* sql.unsafe(
      `INSERT INTO turnout.registrations
         SELECT id, event_id, attendee_id, name, email, '', state, sequence, registered_at, registered_at
         FROM json_to_recordset($1::json) AS r(id uuid, event_id uuid, attendee_id text, name text, email text, state text,
           sequence bigint, registered_at timestamptz)`,
      [JSON.stringify(rows.slice(from, from + 5_000))]
    )
  yield* sql.unsafe("ANALYZE")
})

/** The reads, and the statements that they have sent. */
const reading = Effect.map(SqlClient.SqlClient, (sql) => {
  const sent: Array<string> = []
  const query = Query.make(sql)
  const read: typeof query = (text, parameters) => {
    sent.push(text)
    return query(text, parameters)
  }
  const count = (part: string) => sent.filter((text) => text.includes(part)).length
  return {
    people: PeopleReads.make(read, '"turnout"').people,
    byEvents: () => count("CROSS JOIN LATERAL"),
    windows: () => count("least("),
    forget: () => void (sent.length = 0)
  }
})

/** Shows the first difference of two long lists, and no other. */
const assertSame = (
  found: ReadonlyArray<RegisteredPerson>,
  expected: ReadonlyArray<RegisteredPerson>,
  message: string
): void => {
  const textsOf = (people: ReadonlyArray<RegisteredPerson>) => people.map((person) => JSON.stringify(person))
  const [ours, others] = [textsOf(found), textsOf(expected)]
  const at = Math.max(
    ours.findIndex((text, index) => text !== others[index]),
    others.findIndex((text, index) => text !== ours[index])
  )
  assert.deepStrictEqual([at, ours[at], ours.length], [-1, others[at], others.length], message)
}

const termsOf = (search: string | null) => (search === null ? null : Search.terms(search))
const organizationOf = (name: Name) => OrganizationId.make(ORGANIZATIONS[name])

const SEARCHES = [null, "ann", "anna", "bo 1", "o'h", "gro anna", "an", "ann1", "often", "ä", "'", "nobody"]

const suite = (name: string, layer: Layer.Layer<SqlClient.SqlClient>, searches: typeof SEARCHES = SEARCHES) => {
  const filled = Layer.effectDiscard(Effect.orDie(fill)).pipe(Layer.provideMerge(layer))
  describe(`the people of an organization among ${rows.length} registrations on ${name}`, () => {
    withLayer(filled, { timeout: "180 seconds", excludeTestServices: true })((it) => {
      it.effect.each(Object.keys(ORGANIZATIONS) as ReadonlyArray<Name>)(
        "are those whom the store in memory has, in its order, whatever is looked for: %s",
        (organization) =>
          Effect.gen(function* () {
            const { people } = yield* reading
            for (const search of searches) {
              const all = yield* expected.people(organizationOf(organization), termsOf(search), {
                after: null,
                limit: 1_000_000
              })
              const found: Array<RegisteredPerson> = []
              let after: AttendeeId | null = null
              // The last page may be empty.
              for (;;) {
                const page: ReadonlyArray<RegisteredPerson> = yield* people(
                  organizationOf(organization),
                  termsOf(search),
                  { after, limit: PAGE }
                )
                found.push(...page)
                if (page.length < PAGE) break
                after = page.at(-1)!.id
              }
              assertSame(found, all, `${organization} ${search}`)
            }
          })
      )

      it.effect("come in pages of any length, from any place", () =>
        Effect.gen(function* () {
          const { people } = yield* reading
          const random = numbers(11)
          for (let n = 0; n < 60; n++) {
            const organization = (["large", "middle", "sparse"] as const)[n % 3]!
            const asked = { after: attendee(random(9_000)) as AttendeeId, limit: 1 + random(40) }
            const search = termsOf(SEARCHES[random(SEARCHES.length)]!)
            assert.deepStrictEqual(
              yield* people(organizationOf(organization), search, asked),
              yield* expected.people(organizationOf(organization), search, asked),
              JSON.stringify([organization, search, asked])
            )
          }
        })
      )

      it.effect("are read in windows if they are many, and by events if they are few, each once", () =>
        Effect.gen(function* () {
          const { byEvents, forget, people, windows } = yield* reading
          const waysOf = Effect.fnUntraced(function* (organization: Name, search: string | null, limit = 51) {
            forget()
            const page = yield* people(organizationOf(organization), termsOf(search), { after: null, limit })
            return [page.length, windows(), byEvents()]
          })
          assert.deepStrictEqual(yield* waysOf("large", null), [51, 1, 0])
          assert.deepStrictEqual(yield* waysOf("sparse", null), [30, 5, 1])
          assert.deepStrictEqual(yield* waysOf("none", null), [0, 5, 1])
          // SQL decides about everybody in ASCII, also about those in whom the text stands elsewhere than at a beginning.
          assert.deepStrictEqual(yield* waysOf("large", "nobody"), [0, 5, 2])
          assert.deepStrictEqual(yield* waysOf("greek", null), [51, 5, 1])
          assert.deepStrictEqual(yield* waysOf("greek", "αννα 8999"), [1, 5, 3])
          assert.deepStrictEqual(yield* waysOf("greek", "nobody"), [0, 5, 3])
        })
      )
    })
  })
}

suite("Postgres", TestDatabase.layer())
suite("PGlite", Layer.orDie(TestDatabase.migrated(Pglite.layerClient())), [null, "anna", "gro anna", "ä"])
