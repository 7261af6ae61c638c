/**
 * The task of a contestant in one turn, and its report.
 */
import type { Speed } from "../support/Callers.ts"

export interface Turn {
  readonly url: string
  /** The number of events. Registrations go to one after the other. */
  readonly events: number
  readonly callers: number
  readonly warmUpSeconds: number
  readonly seconds: number
  /** The number of registrations in a transaction, for the ceiling. */
  readonly batch: number
  /** Makes the people of this turn different from those of others at the same time. */
  readonly tag: string
}

export interface Told extends Speed {
  /** The number of registrations in a transaction, on average. */
  readonly batch: number
  /** The largest growth of the heap, for the contestant whose heap is measured. */
  readonly heapGrowthMiB?: number
}

export const NAME = "Ada Lovelace"
export const email = (tag: string, n: number): string => `person-${tag}-${n}@example.com`
