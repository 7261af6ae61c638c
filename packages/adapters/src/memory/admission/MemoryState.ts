/**
 * Events, registrations and their journals, as the stores in memory hold them.
 */
import type { AttendeeId } from "@turnout/core/admission/domain/model/Attendee"
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { IdempotencyRecord } from "@turnout/core/admission/domain/state/Idempotency"
import type { Registration, RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import type { WaitingList } from "./WaitingList.ts"

export interface MemoryState {
  readonly events: Map<EventId, Event>
  readonly registrations: Map<RegistrationId, Registration>
  /** The registrations of an event in the order of entry, which is the order of insertion. */
  readonly byEvent: Map<EventId, Map<RegistrationId, Registration>>
  /** The waitlist of each event. */
  readonly waiting: Map<EventId, WaitingList>
  readonly active: Map<EventId, Map<AttendeeId, RegistrationId>>
  readonly idempotency: Map<string, IdempotencyRecord>
  readonly journal: Map<EventId, Array<StoredJournalEntry>>
}

export const initial = (): MemoryState => ({
  events: new Map(),
  registrations: new Map(),
  byEvent: new Map(),
  waiting: new Map(),
  active: new Map(),
  idempotency: new Map(),
  journal: new Map()
})

/** The first `limit` of some values. */
export const take = <A>(values: Iterable<A>, limit: number): Array<A> => {
  const taken: Array<A> = []
  for (const value of values) {
    if (taken.length === limit) break
    taken.push(value)
  }
  return taken
}
