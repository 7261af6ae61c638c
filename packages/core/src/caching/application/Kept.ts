/**
 * What is kept of a read: its value, and for how long. Times are monotonic, in milliseconds.
 */
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"

/** The state under which a value is kept. */
export interface State {
  /** Names the state. */
  readonly text: string
  /** The generation of the cache that processes share, if the state is known to all of them. */
  readonly generation?: string
}

/** Reads a value from the store. */
export type Load<A> = Effect.Effect<A | undefined, StoreError>

/** What stands for a value in a state of its scope, with the way to read it. */
export class Key<A> {
  readonly name: string
  readonly state: State
  readonly load: Load<A>
  /** Whether the value was looked up for the one who asks with this key, and not found in the memory of the process. */
  isLookedUp = false
  private readonly hash: number
  constructor(name: string, state: State, load: Load<A>) {
    this.name = `${name} ${state.text}`
    this.state = state
    this.load = load
    this.hash = Hash.string(this.name)
  }
  [Hash.symbol](): number {
    return this.hash
  }
  [Equal.symbol](that: unknown): boolean {
    return that instanceof Key && that.name === this.name
  }
}

export interface Kept<A> {
  /** The value; `undefined` if there was nothing. */
  readonly value: A | undefined
  readonly readAt: number
  /** When it is to be read again, ahead of time. */
  readonly earlyAt: number
  /** When it may not be used any more. */
  readonly tooOldAt: number
  /** Whether this process reads it again just now. */
  isBeingRead: boolean
}

/** How long it is kept that there is nothing. */
const NOTHING_MILLIS = 5_000
/** The share of its age after which a value is read again ahead of time. Each copy draws its own from these. */
const EARLY = { least: 0.7, most: 0.9 } as const

/** A value that was read at a moment, and may be kept for an age. `random` is at least 0 and less than 1. */
export const make = <A>(value: A | undefined, readAt: number, maxAgeMillis: number, random: number): Kept<A> => ({
  value,
  readAt,
  earlyAt: readAt + (EARLY.least + random * (EARLY.most - EARLY.least)) * maxAgeMillis,
  tooOldAt: readAt + (value === undefined ? Math.min(NOTHING_MILLIS, maxAgeMillis) : maxAgeMillis),
  isBeingRead: false
})
