/**
 * Which events are to be listed or counted, and in which order.
 *
 * A filter is a value that every store reads in the same way: `includes` says what it means.
 */
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import * as Search from "../../kernel/domain/text/Search.ts"
import { type Event, type EventStatus, isPublic } from "../domain/model/Event.ts"

/** The conditions, all of which must hold; `null` is none. */
export interface EventFilter {
  /** The event has one of these statuses. */
  readonly statuses: ReadonlyArray<EventStatus> | null
  readonly organizationId: OrganizationId | null
  /** The event is public, or belongs to one of these organizations. */
  readonly visibleTo: ReadonlyArray<OrganizationId> | null
  readonly organizer: string | null
  /** The event overlaps with a span of time: it ends after `from`, and starts before `until`. */
  readonly from: Date | null
  readonly until: Date | null
  /** The start is within bounds: `startsFrom` ≤ startsAt < `startsUntil`. */
  readonly startsFrom: Date | null
  readonly startsUntil: Date | null
  /** The event is over at this moment: endsAt ≤ `overBy`. */
  readonly overBy: Date | null
  /** Each term is somewhere in the title or the location. */
  readonly search: Search.Terms | null
}

/** The filter that includes every event. */
export const everyEvent: EventFilter = {
  statuses: null,
  organizationId: null,
  visibleTo: null,
  organizer: null,
  from: null,
  until: null,
  startsFrom: null,
  startsUntil: null,
  overBy: null,
  search: null
}

/** Whether the text of an event is what the filter looks for. */
export const hasText = ({ search }: EventFilter, event: Pick<Event, "title" | "location">): boolean =>
  search === null || Search.contains(search, event.title, event.location)

export const includes = (filter: EventFilter, event: Event): boolean =>
  (filter.statuses === null || filter.statuses.includes(event.status)) &&
  (filter.organizationId === null || event.organizationId === filter.organizationId) &&
  (filter.visibleTo === null || isPublic(event) || filter.visibleTo.includes(event.organizationId)) &&
  (filter.organizer === null || event.organizer === filter.organizer) &&
  (filter.from === null || event.endsAt > filter.from) &&
  (filter.until === null || event.startsAt < filter.until) &&
  (filter.startsFrom === null || event.startsAt >= filter.startsFrom) &&
  (filter.startsUntil === null || event.startsAt < filter.startsUntil) &&
  (filter.overBy === null || event.endsAt <= filter.overBy) &&
  hasText(filter, event)
