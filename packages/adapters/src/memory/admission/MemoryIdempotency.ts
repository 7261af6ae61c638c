/**
 * Idempotency records, as the store in memory holds them.
 */
import type { IdempotencyRecord } from "@turnout/core/admission/domain/state/Idempotency"
import type { Changes, Footprint, Loaded } from "@turnout/core/admission/domain/state/IdempotencyRows"

export interface State {
  /** The records by the ids of their scopes. */
  readonly idempotency: Map<string, IdempotencyRecord>
}

export const initial = (): State => ({ idempotency: new Map() })

export const load = (state: State, footprint: Footprint): Loaded => ({
  idempotency: footprint.idempotency.flatMap(({ id }) => state.idempotency.get(id) ?? [])
})

export const write = (state: State, changes: Changes): void => {
  for (const { record } of changes.idempotency) state.idempotency.set(record.scope.id, record)
}
