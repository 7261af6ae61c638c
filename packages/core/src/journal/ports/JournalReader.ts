/**
 * Reading the journal from a given place on, for readers that keep their place themselves.
 *
 * `read` gives the entries of each stream in order and leaves out none: an entry whose transaction commits late, after others
 * were read already, comes in a later slice. An open transaction holds up no reader.
 *
 * A store can lose what it has committed: a standby takes over that had not received everything, or the store is restored from
 * a backup. A position that a reader keeps may then be ahead of the store, which will give the same places to other entries. So
 * every position names the history that it rests on. A store that does not have this history *sets the reader back*: the reader
 * goes on at the last place of that history that the store still knows. It is given some entries again, and no entry is left
 * out.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import type * as Brand from "effect/Brand"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { StoredEntry } from "../domain/StoredEntry.ts"

/** A place in a slot. Only the store that gave it can read it. */
export type Position = Brand.Branded<string, "@turnout/OutboxPosition">

/** A slot, and the position to read on from. */
export interface ReadFrom {
  readonly slot: number
  readonly position: Position
}

/** Some entries of a slot, those of each stream in order. */
export interface Slice {
  readonly slot: number
  /** The entries; for a sink, without those of blocked streams. */
  readonly deliveries: ReadonlyArray<StoredEntry>
  /** Whether the store looked at as many entries as it may at once, so that there may be more. */
  readonly isFull: boolean
  /**
   * Whether the store does not know the history that the position rests on. Nothing was read then. A reader without a lease
   * goes on at `position`; under a lease, there is none, and the slot is to be claimed again.
   */
  readonly isSetBack: boolean
  /** The position after everything that was looked at. */
  readonly position: Position
  /** The position after the delivery with this index. */
  readonly positionAfter: (index: number) => Position
}

/** Where to begin: before the first entry of the journal, or after the last one. */
export type StartFrom = "beginning" | "now"

/**
 * Calls the listener whenever this process may have committed something to the journal, through any store of the same database,
 * until the returned function is called. The listener must not throw. It does not hear of commits of other processes: a reader
 * finds those by asking again from time to time.
 */
export type OnCommit = (listener: () => void) => () => void

export class JournalReader extends Context.Service<
  JournalReader,
  {
    readonly onCommit: OnCommit
    /** The positions of all slots at this place, for readers that keep them. */
    readonly positions: (
      from: StartFrom
    ) => Effect.Effect<ReadonlyArray<{ readonly slot: number; readonly position: Position }>, StoreError>
    /** Whether all texts are positions of this journal. Positions that are ahead of the store are: their reader is set back. */
    readonly arePositions: (texts: ReadonlyArray<string>) => Effect.Effect<boolean, StoreError>
    /** Returns the next entries after each position: at most `limit` of a slot. Slots without any may be left out. */
    readonly read: (
      positions: ReadonlyArray<ReadFrom>,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Slice>, StoreError>
  }
>()("@turnout/JournalReader") {}
