/**
 * What a contestant is asked to do in one turn, and what it tells.
 */
import type { Speed } from "../support/Callers.ts"

export interface Turn {
  readonly url: string
  /** Registrations go to so many events, one after the other. */
  readonly events: number
  readonly callers: number
  readonly warmUpSeconds: number
  readonly seconds: number
  /** Rows in a transaction, for the contestant who is told. */
  readonly batch: number
  /** Makes the people of this turn different from those of others at the same time. */
  readonly tag: string
}

export interface Told extends Speed {
  /** Registrations in a transaction, on average. */
  readonly batch: number
  /** By how much the heap grew at most, for the contestant whose heap is looked at. */
  readonly heapGrowthMiB?: number
}

export const NAME = "Ada Lovelace"
export const email = (tag: string, n: number): string => `person-${tag}-${n}@example.com`
