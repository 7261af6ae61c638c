/**
 * Registering and forgetting a sink, as parts of statements: a webhook is made and removed together with its sink.
 */
import { slots } from "@turnout/core/journal/domain/Slot"
import * as PostgresAuditLog from "../access/PostgresAuditLog.ts"
import { plainArray } from "../statements/ArrayLiteral.ts"

/** Every slot, as a parameter. */
export const SLOTS: string = plainArray(slots, (slot) => slot)

/** The parts of `making`: a query for the name, the parameter for `SLOTS`, and the parameter for the first position. */
interface Making {
  readonly names: string
  readonly slots: string
  readonly position: string
}

/** Registers a sink that is not registered; only then, the part `made` has a row. */
export const making = (s: string, { names, position, slots }: Making): string => `made AS (
  INSERT INTO ${s}.sinks (name) ${names} ON CONFLICT DO NOTHING RETURNING name
),
slots AS (
  INSERT INTO ${s}.outbox_slots (sink, slot) SELECT name, t.slot FROM made, unnest(${slots}::smallint[]) AS t(slot)
  RETURNING sink, slot
),
positions AS (
  INSERT INTO ${s}.outbox_positions (sink, slot, revision, position) SELECT sink, slot, 0, ${position} FROM slots
)`

/**
 * $1: sink, $2: the operator. Forgets a sink on purpose, and returns a row if it was registered. It comes after `quiet` in its
 * transaction, so that everything that relays have been writing is forgotten as well.
 */
export const forget = (
  s: string
): string => `WITH forgotten AS (DELETE FROM ${s}.sinks WHERE name = $1 RETURNING name, id),
remembered AS (INSERT INTO ${s}.forgotten_sinks (id) SELECT id FROM forgotten),
slots AS (DELETE FROM ${s}.outbox_slots WHERE sink = $1),
positions AS (DELETE FROM ${s}.outbox_positions WHERE sink = $1),
workers AS (DELETE FROM ${s}.outbox_workers WHERE sink = $1),
blocked AS (DELETE FROM ${s}.outbox_blocked WHERE sink = $1),
replays AS (DELETE FROM ${s}.replays WHERE sink = $1),
audited AS (
  ${PostgresAuditLog.entry(s, { by: "$2", action: "outbox.forget", details: { sink: "name" }, resource: ["sink", "name"], from: "forgotten" })}
)
SELECT name FROM forgotten`
