/**
 * Loading what a batch needs to know of events besides the locked ones: which ids are those of events that were deleted. The
 * journal of such an event stays, and ends with its deletion.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Footprint, Loaded } from "@turnout/core/admission/domain/state/EventRows"
import type { Chosen, Found, Part } from "../../statements/Parts.ts"
import { plain } from "../../statements/RowSource.ts"
import { REGISTRATION } from "../Rows.ts"

const gone: Part<EventId> = {
  name: "gone",
  columns: [plain("event", "uuid", (eventId) => eventId)],
  sql: (s, rows) => `SELECT 'gone' AS kind, ${REGISTRATION}, to_jsonb(t.event) AS record
FROM ${rows}
CROSS JOIN LATERAL (
  SELECT j.type FROM ${s}.journal j WHERE j.event_id = t.event ORDER BY j.version DESC LIMIT 1
) j
LEFT JOIN ${s}.registrations r ON false
WHERE j.type = 'EventDeleted'`
}

export const choose = (chosen: Chosen<undefined>, footprint: Footprint): void => chosen.add(gone, footprint.named)

export const read = (found: Found): Pick<Loaded, "deleted"> => ({
  deleted: found.of<{ readonly record: EventId }>(gone).map(({ record }) => record)
})
