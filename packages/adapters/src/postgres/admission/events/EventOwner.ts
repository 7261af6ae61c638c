/**
 * The organization that an event belongs to, also when the event was deleted.
 */
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"

/**
 * SQL for the organization of the event with this id, which is SQL too; null if the schema knows nothing of the event. Of a deleted event,
 * pruning leaves at least the last entry of its stream.
 */
export const ownerOf = (s: string, id: string): string => `coalesce(
  (SELECT owned.organization_id FROM ${s}.events owned WHERE owned.id = ${id}),
  (
    SELECT coalesce((said.payload ->> 'organizationId')::uuid, '${DEFAULT_ORGANIZATION}') FROM ${s}.journal said
    WHERE said.event_id = ${id} AND said.type IN ('EventCreated', 'EventDeleted') ORDER BY said.version LIMIT 1
  )
)`
