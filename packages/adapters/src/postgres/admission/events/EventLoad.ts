/**
 * Loading what a batch needs to know of events besides the locked ones: which ids are those of events that were deleted, and which
 * organizations are there. The journal of a deleted event stays, and ends with its deletion.
 */
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
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

const organization: Part<OrganizationId> = {
  name: "organization",
  columns: [plain("organization", "uuid", (id) => id)],
  sql: (s, rows) => `SELECT 'organization' AS kind, ${REGISTRATION}, to_jsonb(t.organization) AS record
FROM ${rows}
CROSS JOIN LATERAL (SELECT FROM ${s}.organizations o WHERE o.id = t.organization OFFSET 0) o
LEFT JOIN ${s}.registrations r ON false`
}

export const choose = (chosen: Chosen<undefined>, footprint: Footprint): void => {
  chosen.add(gone, footprint.named)
  chosen.add(organization, footprint.organizations)
}

export const read = (found: Found): Pick<Loaded, "deleted" | "organizations"> => ({
  deleted: found.of<{ readonly record: EventId }>(gone).map(({ record }) => record),
  organizations: found.of<{ readonly record: OrganizationId }>(organization).map(({ record }) => record)
})
