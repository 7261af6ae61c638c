/**
 * Reading the journal from some place on, for those who keep their place themselves.
 *
 * `read` gives entries in the order of their streams and skips none that has committed, or ever will: an entry whose
 * transaction commits late, after others that were read already, comes in a later slice. An open transaction holds up nobody.
 *
 * A store can lose what it has committed: a standby takes over that had not heard of everything, or a backup is put in its
 * place. A place that is kept may then lie ahead of the store, which will give the same places to other entries. Every
 * position says what history it rests on, and a store that has not got it takes nothing of it for read: the reader is *set
 * back*, and goes on at the last place on its way that the store still knows. Some entries are given again, none is left out.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import type * as Brand from "effect/Brand"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { StoredEntry } from "../domain/StoredEntry.ts"

/** A place in the log of a slot, as the store that gave it understands it. */
export type Position = Brand.Branded<string, "@turnout/OutboxPosition">

/** Where to read on in a slot. */
export interface ReadFrom {
  readonly slot: number
  readonly position: Position
}

/** Some entries of a slot, in the order of their streams. */
export interface Slice {
  readonly slot: number
  /** For a sink, without those of blocked streams. */
  readonly deliveries: ReadonlyArray<StoredEntry>
  /** Whether as many were looked at as may be: there may be more. */
  readonly isFull: boolean
  /**
   * Whether the store does not know the history that the position rested on. Nothing was read then. `position` is the place to
   * go on at; under a lease, there is none, and the slot is to be claimed again.
   */
  readonly isSetBack: boolean
  /** Behind the last of them. */
  readonly position: Position
  /** Behind one of them, by its index. */
  readonly positionAfter: (index: number) => Position
}

/** Where to begin: at the first entry there is, or after the last one. */
export type StartFrom = "beginning" | "now"

/**
 * Calls the listener whenever this process may have committed something to the journal, by any store of the same database,
 * until the function that it gives is called. A hint, not a promise: other processes commit as well, and what they commit is
 * found by asking now and then. The listener must not throw.
 */
export type OnCommit = (listener: () => void) => () => void

export class JournalReader extends Context.Service<
  JournalReader,
  {
    readonly onCommit: OnCommit
    /** Positions in all slots, for whoever keeps them. */
    readonly positions: (
      from: StartFrom
    ) => Effect.Effect<ReadonlyArray<{ readonly slot: number; readonly position: Position }>, StoreError>
    /** Whether texts are positions of this journal. Those that are ahead of the store are as well: they are set back. */
    readonly arePositions: (texts: ReadonlyArray<string>) => Effect.Effect<boolean, StoreError>
    /** The next entries after each position: at most `limit` of a slot. Slots without any may be left out. */
    readonly read: (
      positions: ReadonlyArray<ReadFrom>,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Slice>, StoreError>
  }
>()("@turnout/JournalReader") {}
