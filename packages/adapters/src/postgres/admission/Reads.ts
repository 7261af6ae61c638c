/**
 * The statements of the store itself: the lock, the search for an earlier commit, the events with due steps, and whether
 * the database takes writes. The statements of `AdmissionReads` are beside their nouns.
 *
 * Every statement of the hot path takes all of its rows as array parameters, so that its text, and with it the prepared plan,
 * is the same for a batch of one and a batch of a thousand. `CROSS JOIN LATERAL (… OFFSET 0)` keeps the planner from turning
 * the probes into a scan when the plan is made while the tables are still empty.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { MAX_EVENTS_WITH_STEPS } from "@turnout/core/admission/ports/AdmissionStore"
import { plainArray } from "../statements/ArrayLiteral.ts"
import { CLOCK } from "../statements/ServerTime.ts"
import type { Statement } from "../client/Session.ts"
import { EVENT } from "./Rows.ts"

export interface Reads {
  /** $1: event ids. Locks the events in ascending order, and tells the time. */
  readonly lock: string
  /** $1, $2, $3: event ids, versions and message ids. Returns one row for each entry that is in the journal. */
  readonly probe: string
  /** The events that have a step to make. */
  readonly stepsDue: string
  /** The version of the tables, and the time. */
  readonly ready: string
  /**
   * Writes nothing to any table, but fails if the server refuses writes for a reason that depends on neither a row nor the
   * disk.
   */
  readonly writable: string
}

/** The tables that batches write, each with a column of a new row, and one that changes in an old row, if any does. */
const tables: ReadonlyArray<{ readonly name: string; readonly made: string; readonly changed: string | null }> = [
  { name: "events", made: "id", changed: "version" },
  { name: "registrations", made: "id", changed: "state" },
  { name: "waitlist_blocks", made: "event_id", changed: "waiting" },
  { name: "journal", made: "event_id", changed: null },
  { name: "idempotency", made: "key", changed: "answer" }
]

const writable = (s: string): string => {
  const writes = tables.flatMap(({ changed, made, name }) => [
    `new_${name} AS (INSERT INTO ${s}.${name} (${made}) SELECT ${made} FROM ${s}.${name} WHERE false)`,
    ...(changed === null ? [] : [`changed_${name} AS (UPDATE ${s}.${name} SET ${changed} = ${changed} WHERE false)`])
  ])
  return `WITH ${writes.join(",\n")}\nSELECT 1`
}

/** The statements for a schema, given as a quoted identifier. */
export const make = (s: string): Reads => ({
  lock: `SELECT ${EVENT}, ${CLOCK} FROM ${s}.events WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`,
  probe: `SELECT j.id FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) AS k(event, version, id)
CROSS JOIN LATERAL (
  SELECT j.id FROM ${s}.journal j WHERE j.event_id = k.event AND j.version = k.version AND j.id = k.id OFFSET 0
) j`,
  stepsDue: `SELECT id FROM ${s}.events WHERE steps_due AND (ends_at > clock_timestamp() OR status <> 'published')
LIMIT ${MAX_EVENTS_WITH_STEPS}`,
  ready: `SELECT max(migration_id) AS version, ${CLOCK} FROM ${s}.migrations`,
  writable: writable(s)
})

/** Locks events, in ascending order, and returns them. */
export const lock = (reads: Reads, events: ReadonlyArray<EventId>): Statement => ({
  text: reads.lock,
  parameters: [plainArray(events, (id) => id)]
})

/** A journal entry, by its place and its message id. */
export interface JournalMark {
  readonly eventId: string
  readonly version: number
  readonly messageId: string
}

/** Looks for journal entries. */
export const probe = (reads: Reads, entries: ReadonlyArray<{ readonly mark: JournalMark }>): Statement => ({
  text: reads.probe,
  parameters: [
    plainArray(entries, ({ mark }) => mark.eventId),
    plainArray(entries, ({ mark }) => mark.version),
    plainArray(entries, ({ mark }) => mark.messageId)
  ]
})
