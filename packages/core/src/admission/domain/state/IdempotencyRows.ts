/**
 * Idempotency records, as a part of the working set. No journal event changes one: a batch remembers its answers itself.
 */
import type { IdempotencyRecord, IdempotencyScope } from "./Idempotency.ts"
import type { PendingRequest } from "./Request.ts"

export interface Footprint {
  readonly idempotency: ReadonlyArray<IdempotencyScope>
}

export interface Loaded {
  readonly idempotency: ReadonlyArray<IdempotencyRecord>
}

export interface WorkingSet {
  /** The records by the ids of their scopes. */
  readonly idempotency: Map<string, IdempotencyRecord>
}

export interface Changes {
  /** New records, and those that take the place of an expired one. */
  readonly idempotency: ReadonlyArray<{ readonly record: IdempotencyRecord; readonly renews: boolean }>
}

/** The records of a batch. */
export type Touched = Array<{ record: IdempotencyRecord; readonly renews: boolean }>

export const footprint = (requests: ReadonlyArray<PendingRequest>): Footprint["idempotency"] => {
  const idempotency = new Map<string, IdempotencyScope>()
  for (const request of requests) {
    if (request.idempotency !== null) {
      idempotency.set(request.idempotency.scope.id, request.idempotency.scope)
    }
  }
  return [...idempotency.values()]
}

export const make = (loaded: Loaded): WorkingSet["idempotency"] => {
  const idempotency = new Map<string, IdempotencyRecord>()
  for (const record of loaded.idempotency) idempotency.set(record.scope.id, record)
  return idempotency
}

export const untouched = (): Touched => []

/** Remembers an answer, in the place of the expired record that is `known` under its key, if there is one. */
export const remember = (
  remembered: Touched,
  set: WorkingSet,
  record: IdempotencyRecord,
  known: IdempotencyRecord | undefined
): void => {
  set.idempotency.set(record.scope.id, record)
  if (known === undefined) remembered.push({ record, renews: false })
  else replace(remembered, record, known)
}

const replace = (remembered: Touched, record: IdempotencyRecord, known: IdempotencyRecord): void => {
  // If this batch wrote the expired record itself, the store has no record to renew.
  const own = remembered.find((other) => other.record === known)
  if (own === undefined) remembered.push({ record, renews: true })
  else own.record = record
}
