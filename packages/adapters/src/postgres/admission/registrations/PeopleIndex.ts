/**
 * The index of people by the beginnings of their names and addresses, for events with many registrations.
 *
 * An index of the table would cost every registration 7 percent or more, for words that are looked for at the door of few events.
 * So registering writes no keys. A search looks at the registrations one after the other; if there are many of them without keys,
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
 * next search. Both tables may be emptied at any time: their rows are deleted in one transaction, those of `people_keys_until`
 * first.
 */
import { monotonicMillis } from "@turnout/core/kernel/application/time/MonotonicTime"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Search from "@turnout/core/kernel/domain/text/Search"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Query } from "../../client/Query.ts"
import { plainArray, textArray } from "../../statements/ArrayLiteral.ts"

/** How many numbers of the order of entry may be without keys until a search has the keys written. */
const MANY = 5_000
/** The length of a step in the order of entry, so the most registrations of a step. */
const STEP = 2_000
/** The most keys that a search follows. More people are found sooner by looking at one after the other. */
const MOST = 2_000

/** Which people a search looks at by their keys: those whose keys are in a range. */
export interface Keys {
  readonly begin: string
  readonly end: string
}

/** The sequence up to which all registrations of an event have keys, as SQL. */
export const untilOf = (s: string, event: string): string =>
  `coalesce((SELECT sequence FROM ${s}.people_keys_until WHERE event_id = ${event}), 0)`

/** The first text, in the order of code points, after all those that begin with this one, which begins with a letter or a digit. */
export const afterAll = (beginning: string): string => {
  const points = Array.from(beginning, (character) => character.codePointAt(0)!)
  while (points.at(-1) === 0x10ffff) points.pop()
  const last = points.pop()!
  // Surrogates are no characters.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
}

/** The range of the longest term that has keys; `undefined` if none has. */
const rangeOf = (terms: Search.Terms): Keys | undefined => {
  const keys = terms.flatMap((term) => Search.keyOfTerm(term) ?? [])
  if (keys.length === 0) return undefined
  const begin = keys.reduce((one, other) => (other.length > one.length ? other : one))
  return { begin, end: afterAll(begin) }
}

const statements = (s: string) => ({
  /** $1: event, $2 and $3: the range of keys. */
  look: `SELECT ${untilOf(s, "$1::uuid")}::float8 AS until,
  coalesce((SELECT max(sequence) FROM ${s}.registrations WHERE event_id = $1::uuid), 0)::float8 AS last,
  (SELECT count(*) FROM (SELECT FROM ${s}.people_keys
   WHERE event_id = $1::uuid AND key >= $2::text AND key < $3::text LIMIT ${MOST + 1}) k)::integer AS found`,
  /** $1: event. */
  where: `SELECT ${untilOf(s, "$1::uuid")}::float8 AS until,
  coalesce((SELECT max(sequence) FROM ${s}.registrations WHERE event_id = $1::uuid), 0)::float8 AS last`,
  /** $1: event, $2 and $3: the bounds of the step. Reads no other rows, whatever the plan. */
  people: `SELECT sequence::float8 AS sequence, name, email FROM ${s}.registrations
WHERE event_id = $1::uuid AND sequence > $2::bigint AND sequence <= $3::bigint`,
  /**
   * $1: event, $2: until, $3: the last sequence of the step, $4 and $5: keys and sequences. If the row is gone or elsewhere by
   * now, nothing is written.
   */
  step: `WITH begun AS (
  INSERT INTO ${s}.people_keys_until SELECT $1::uuid, $3::bigint WHERE $2::bigint = 0 ON CONFLICT DO NOTHING RETURNING 1
), advanced AS (
  UPDATE ${s}.people_keys_until SET sequence = $3::bigint WHERE event_id = $1::uuid AND sequence = $2::bigint RETURNING 1
), moved AS (
  SELECT 1 FROM begun UNION ALL SELECT 1 FROM advanced
), written AS (
  INSERT INTO ${s}.people_keys SELECT $1::uuid, k.key, k.sequence
  FROM unnest($4::text[], $5::bigint[]) AS k(key, sequence) WHERE EXISTS (SELECT FROM moved)
  ON CONFLICT DO NOTHING
)
SELECT 1 FROM moved`
})

/** Up to which registration of an event there are keys, and the last registration. */
interface Progress {
  readonly until: number
  readonly last: number
}

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
  const { look, people, step, where } = statements(schema)
  const writing = new Set<EventId>()

  /** Takes the next step, and returns whether there is another one. */
  const take = Effect.fnUntraced(function* (eventId: EventId) {
    const [found] = yield* read<Progress>(where, [eventId])
    const { last, until } = found!
    const next = Math.min(until + STEP, last)
    if (next <= until) return false
    const rows = (yield* read<Person>(people, [eventId, until, next])).flatMap(({ email, name, sequence }) =>
      Search.keys(name, email).map((key) => ({ key, sequence }))
    )
    const moved = yield* read(step, [
      eventId,
      until,
      next,
      textArray(rows, ({ key }) => key),
      plainArray(rows, ({ sequence }) => sequence)
    ])
    return moved.length > 0 && next < last
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
      const [looked] = yield* read<Progress & { readonly found: number }>(look, [
        eventId,
        range?.begin ?? "",
        range?.end ?? ""
      ])
      const { found, last, until } = looked!
      if (last - until > MANY) yield* inBackground(write(eventId))
      return range === undefined || until === 0 || found > MOST ? undefined : range
    })
  }
}
