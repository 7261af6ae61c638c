/**
 * The changes of a batch: everything that a store has to write of it, put together from kinds of rows as the working set is.
 */
import type { AdmissionEntry } from "../model/AdmissionEvent.ts"
import * as EventRows from "./EventRows.ts"
import * as IdempotencyRows from "./IdempotencyRows.ts"
import * as RegistrationRows from "./RegistrationRows.ts"
import { make, nothing as nothingLoaded, type WorkingSet } from "./WorkingSet.ts"

/** The changes of a batch: all of them are written, or none. */
export interface Changes
  extends
    // By noun.
    EventRows.Changes,
    RegistrationRows.Changes,
    IdempotencyRows.Changes {
  /** In the order of decision; the versions of each event have no gaps. */
  readonly journal: ReadonlyArray<AdmissionEntry>
}

/** What a batch keeps of its changes while it is decided: what `changes` makes the lists of. */
export interface Touched {
  readonly journal: Array<AdmissionEntry>
  readonly events: EventRows.Touched
  readonly registrations: RegistrationRows.Touched
  readonly idempotency: IdempotencyRows.Touched
}

export const untouched = (): Touched => ({
  journal: [],
  events: EventRows.untouched(),
  registrations: RegistrationRows.untouched(),
  idempotency: IdempotencyRows.untouched()
})

/** Notes an entry, and the rows that it changes, before it is applied to the working set. */
export const touch = (touched: Touched, set: WorkingSet, entry: AdmissionEntry): void => {
  touched.journal.push(entry)
  const versionBefore = EventRows.touch(touched.events, entry)
  RegistrationRows.touch(touched.registrations, set, entry, versionBefore)
}

/** The changes of a batch that has been decided. */
export const changes = (touched: Touched, set: WorkingSet): Changes => ({
  journal: touched.journal,
  ...EventRows.changes(touched.events, set),
  registrations: RegistrationRows.changes(touched.registrations, set),
  links: touched.registrations.links,
  idempotency: touched.idempotency
})

/** No changes, for literals that name some of them only. */
export const nothing: Changes = changes(untouched(), make(nothingLoaded))

/** Whether a batch leaves everything as it was, so that nothing needs to be written. */
export const isEmpty = (changes: Changes): boolean => changes.journal.length === 0 && changes.idempotency.length === 0
