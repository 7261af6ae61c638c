/**
 * The working set: the part of the state that a batch of requests can see and change.
 *
 * A waitlist may hold a million people, so decisions are made on a part: `Footprint` says which rows a batch needs, the store
 * loads them under the lock of the events, and `evolve` keeps the set up to date while the batch is decided. It is put together
 * from kinds of rows, and each kind has a file that says all of this about it: `EventRows`, `RegistrationRows`,
 * `IdempotencyRows`.
 *
 * A working set belongs to one batch: `evolve` changes it in place and returns it, since copying it for each of a thousand
 * requests would cost more than deciding them.
 */
import type { AdmissionEntry } from "../model/AdmissionEvent.ts"
import * as EventRows from "./EventRows.ts"
import * as IdempotencyRows from "./IdempotencyRows.ts"
import * as RegistrationRows from "./RegistrationRows.ts"

export interface WorkingSet
  extends
    // By noun.
    EventRows.WorkingSet,
    RegistrationRows.WorkingSet,
    IdempotencyRows.WorkingSet {}

/** The rows that a store loaded for a footprint. */
export interface Loaded
  extends
    // By noun.
    EventRows.Loaded,
    RegistrationRows.Loaded,
    IdempotencyRows.Loaded {}

/** No rows, for literals that name some of them only. */
export const nothing: Loaded = {
  events: [],
  deleted: [],
  organizations: [],
  registrations: [],
  waiting: [],
  ending: [],
  returning: [],
  idempotency: []
}

export const make = (loaded: Loaded): WorkingSet => ({
  ...EventRows.make(loaded),
  ...RegistrationRows.make(loaded),
  idempotency: IdempotencyRows.make(loaded)
})

/** The working set after a journal entry, changed in place. */
export const evolve = (set: WorkingSet, entry: AdmissionEntry): WorkingSet => {
  const event = EventRows.evolve(set, entry)
  RegistrationRows.evolve(set, event, entry)
  return set
}
