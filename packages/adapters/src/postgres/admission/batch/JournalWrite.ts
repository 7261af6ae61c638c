/**
 * Writing the journal.
 */
import {
  type JournalEntry,
  JournalEventType,
  payloadJson,
  schemaVersionOf
} from "@turnout/core/journal/domain/JournalEvent"
import { json, nullable, plain, quoted } from "../../statements/RowSource.ts"
import { id, type Part, time } from "./WriteParts.ts"

const laterVersions = JournalEventType.literals.filter((type) => schemaVersionOf(type) > 1)
/** The schema version of a row: a constant, as long as every type is in its first. */
const SCHEMA_VERSION =
  laterVersions.length === 0
    ? "1"
    : `CASE t.type ${laterVersions.map((type) => `WHEN '${type}' THEN ${schemaVersionOf(type)}`).join(" ")} ELSE 1 END`

export const journalled: Part<JournalEntry> = {
  name: "journalled",
  columns: [
    plain("version", "bigint", ({ version }) => version),
    plain("event", "integer", ({ eventId }, _, { ids }) => ids.numberOf(eventId)),
    plain("id", "uuid", (_, index, { messageIds }) => messageIds[index]!),
    plain("type", "text", ({ event }) => event._tag),
    quoted("actor", ({ metadata }) => metadata.actor),
    nullable(quoted("correlation_id", ({ metadata }) => metadata.correlationId)),
    nullable(quoted("causation_id", ({ metadata }) => metadata.causationId)),
    nullable(plain("trace_parent", "text", ({ metadata }) => metadata.traceParent ?? null)),
    plain("occurred_at", "integer", ({ occurredAt }, _, { times }) => times.numberOf(occurredAt)),
    json("payload", ({ event }) => payloadJson(event))
  ],
  sql: (s, rows) => `INSERT INTO ${s}.journal (event_id, version, id, type, schema_version, actor, correlation_id,
    causation_id, trace_parent, occurred_at, payload)
  SELECT ${id("t.event")}, t.version, t.id, t.type, ${SCHEMA_VERSION}, t.actor, t.correlation_id, t.causation_id,
    t.trace_parent, ${time("t.occurred_at")}, t.payload::json
  FROM ${rows}`
}
