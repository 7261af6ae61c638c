/**
 * Everything that the store in memory holds, put together from nouns: what there is at first, what is loaded for a batch, what
 * is written of it, and what there is to read.
 */
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import type { Changes } from "@turnout/core/admission/domain/state/Changes"
import type { Footprint } from "@turnout/core/admission/domain/state/Footprint"
import type { Loaded } from "@turnout/core/admission/domain/state/WorkingSet"
import { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { Links } from "../access/MemoryAttendeeLinks.ts"
import * as MemoryEvents from "./MemoryEvents.ts"
import * as MemoryIdempotency from "./MemoryIdempotency.ts"
import * as MemoryPeople from "./MemoryPeople.ts"
import * as MemoryRegistrations from "./MemoryRegistrations.ts"

export interface MemoryState
  extends
    // By noun.
    MemoryEvents.State,
    MemoryRegistrations.State,
    MemoryIdempotency.State {
  /** The attendee links by the ids of their registrations. */
  readonly links: Links["Service"]
}

export const initial = (organizations: MemoryState["organizations"], links: MemoryState["links"]): MemoryState => ({
  links,
  ...MemoryEvents.initial(organizations),
  ...MemoryRegistrations.initial(),
  ...MemoryIdempotency.initial()
})

export const load = (state: MemoryState, footprint: Footprint): Loaded => ({
  ...MemoryEvents.load(state, footprint),
  ...MemoryRegistrations.load(state, footprint),
  ...MemoryIdempotency.load(state, footprint)
})

/** Writes changes, and the entries of their journal as they are stored. */
export const write = (state: MemoryState, changes: Changes, journal: ReadonlyArray<StoredJournalEntry>): void => {
  MemoryEvents.write(state, changes, journal)
  MemoryRegistrations.write(state, changes)
  for (const { digest, eventId, registrationId } of changes.links) state.links.set(registrationId, { eventId, digest })
  MemoryIdempotency.write(state, changes)
}

export const reads = (state: MemoryState): AdmissionReads["Service"] =>
  AdmissionReads.of({
    ...MemoryEvents.reads(state),
    ...MemoryRegistrations.reads(state),
    ...MemoryPeople.reads(state)
  })
