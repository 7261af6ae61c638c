/**
 * The index of people by the beginnings of their names and addresses, for events with many registrations.
 *
 * An index of the table would cost every registration 5 percent, for words that are looked for at the door of few events. So
 * registering writes no keys. A search looks at the registrations one after the other; if there are many of them without keys,
 * it begins to write their keys in the background, in steps. Later searches find people by their keys, and look one after the
 * other only at the registrations that came after the last step.
 *
 * ```text
 * registrations of an event, in the order of entry
 * ├── found by their keys ──────────────┤├── looked at one after the other ──┤
 * 1                                  until                                last
 * ```
 *
 * Guarantees: a search finds the same with keys as without, since keys only tell where to look, and `Search` decides about every
 * row. The registrations of an event commit in the order of `sequence`, so none can come later below the step that passed it.
 * Each step is one statement, and of two processes that take the same step one writes nothing. A step that fails is left to the
 * next search. Both tables may be emptied at any time, in one transaction.
 */
import { monotonicMillis } from "@turnout/core/kernel/application/MonotonicTime"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Search from "@turnout/core/kernel/domain/Search"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Query } from "../../client/Query.ts"
import { plainArray, textArray } from "../../statements/ArrayLiteral.ts"

/** The number of registrations without keys from which on a search has their keys written. */
const MANY = 5_000
/** The number of registrations of a step. */
const STEP = 2_000
/** The most keys that a search follows. More people are found sooner by looking at one after the other. */
const MOST = 2_000

/** Which people a search looks at by their keys: those whose keys are in a range, up to a registration. */
export interface Keys {
  readonly begin: string
  readonly end: string
  /** The sequence up to which all registrations have keys. */
  readonly until: number
}

/** The first text, in the order of code points, after all those that begin with this one, which begins with a letter or a digit. */
export const afterAll = (beginning: string): string => {
  const points = Array.from(beginning, (character) => character.codePointAt(0)!)
  while (points.at(-1) === 0x10ffff) points.pop()
  const last = points.pop()!
  // Surrogates are no characters.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
}

/** The range of the longest term that has keys; `undefined` if none has. */
const rangeOf = (terms: Search.Terms): { readonly begin: string; readonly end: string } | undefined => {
  const keys = terms.flatMap((term) => Search.keyOfTerm(term) ?? [])
  if (keys.length === 0) return undefined
  const begin = keys.reduce((one, other) => (other.length > one.length ? other : one))
  return { begin, end: afterAll(begin) }
}

const statements = (s: string) => ({
  /** $1: event, $2 and $3: the range of keys. */
  look: `SELECT coalesce((SELECT sequence FROM ${s}.people_keys_until WHERE event_id = $1::uuid), 0)::float8 AS until,
  coalesce((SELECT max(sequence) FROM ${s}.registrations WHERE event_id = $1::uuid), 0)::float8 AS last,
  (SELECT count(*) FROM (SELECT FROM ${s}.people_keys
   WHERE event_id = $1::uuid AND key >= $2::text AND key < $3::text LIMIT ${MOST + 1}) k)::integer AS found`,
  /** $1: event. */
  until: `SELECT sequence::float8 AS until FROM ${s}.people_keys_until WHERE event_id = $1::uuid`,
  /** $1: event, $2: until. */
  next: `SELECT sequence::float8 AS sequence, name, email FROM ${s}.registrations
WHERE event_id = $1::uuid AND sequence > $2::bigint ORDER BY sequence LIMIT ${STEP}`,
  /** $1: event, $2: until, $3: the last sequence of the step, $4 and $5: keys and sequences. */
  step: `WITH moved AS (
  INSERT INTO ${s}.people_keys_until AS u VALUES ($1::uuid, $3::bigint)
  ON CONFLICT (event_id) DO UPDATE SET sequence = excluded.sequence WHERE u.sequence = $2::bigint
  RETURNING 1
), written AS (
  INSERT INTO ${s}.people_keys SELECT $1::uuid, k.key, k.sequence
  FROM unnest($4::text[], $5::bigint[]) AS k(key, sequence) WHERE EXISTS (SELECT FROM moved)
  ON CONFLICT DO NOTHING
)
SELECT 1 FROM moved`
})

interface Person {
  readonly sequence: number
  readonly name: string
  readonly email: string
}

export interface PeopleIndex {
  /**
   * The keys by which a search finds people; `undefined` if it has to look at them one after the other. If there are many
   * registrations without keys, they get them in the background.
   */
  readonly keys: (eventId: EventId, terms: Search.Terms) => Effect.Effect<Keys | undefined, StoreError>
}

/** The index of a schema, given as a quoted identifier. `inBackground` runs work that may be given up at any time. */
export const make = (
  read: Query,
  schema: string,
  inBackground: (work: Effect.Effect<void, StoreError>) => Effect.Effect<void>
): PeopleIndex => {
  const { look, next, step, until } = statements(schema)
  const writing = new Set<EventId>()

  /** Takes the next step, and returns whether there may be another one. */
  const take = Effect.fnUntraced(function* (eventId: EventId) {
    const [before] = yield* read<{ until: number }>(until, [eventId])
    const people = yield* read<Person>(next, [eventId, before?.until ?? 0])
    const last = people.at(-1)
    if (last === undefined) return false
    const rows = people.flatMap(({ email, name, sequence }) =>
      Search.keys(name, email).map((key) => ({ key, sequence }))
    )
    const moved = yield* read(step, [
      eventId,
      before?.until ?? 0,
      last.sequence,
      textArray(rows, ({ key }) => key),
      plainArray(rows, ({ sequence }) => sequence)
    ])
    return moved.length > 0 && people.length === STEP
  })

  /** Writes the keys of an event, half of the time, so that registrations go on beside it. */
  const write = Effect.fnUntraced(function* (eventId: EventId) {
    if (writing.has(eventId)) return
    writing.add(eventId)
    const steps = Effect.gen(function* () {
      const clock = yield* Clock.Clock
      for (;;) {
        const since = monotonicMillis(clock)
        if (!(yield* take(eventId))) return
        yield* Effect.sleep(monotonicMillis(clock) - since)
      }
    })
    yield* Effect.ensuring(
      steps,
      Effect.sync(() => void writing.delete(eventId))
    )
  })

  return {
    keys: Effect.fnUntraced(function* (eventId, terms) {
      const range = rangeOf(terms)
      const [looked] = yield* read<{ until: number; last: number; found: number }>(look, [
        eventId,
        range?.begin ?? "",
        range?.end ?? ""
      ])
      const { found, last, until } = looked!
      if (last - until > MANY) yield* inBackground(write(eventId))
      return range === undefined || until === 0 || found > MOST ? undefined : { ...range, until }
    })
  }
}
