/**
 * A sink: somewhere that journal events are delivered to.
 *
 * A sink is given events at least once, those of a stream in order. What it must do for that: never deliver an entry
 * before the ones ahead of it in the same stream have arrived, and report for each whether it has.
 *
 * What a sink has accepted of a consignment counts, whatever becomes of the rest. A sink that is given a consignment in
 * several requests says of each delivery what has become of it as soon as it knows (`settled`), and may then fail: what it
 * has said stands, and the rest is given again, without anything being blocked.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import type { DeliveryOutcome } from "../domain/DeliveryOutcome.ts"

/**
 * The sink as a whole cannot be reached: it is nobody's entry's fault. Nothing is blocked; everything that was not settled
 * before is tried again.
 */
export class SinkUnavailable extends Schema.TaggedError<SinkUnavailable>()("SinkUnavailable", {
  cause: Schema.Defect()
}) {
  override get message(): string {
    const { cause } = this
    return `The sink cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/** Entries of one slot that go to a sink together: sent by a relay, or once more by a replay. */
export type Consignment = Entries & (ByRelay | ByReplay)

interface Entries {
  readonly slot: number
  readonly deliveries: ReadonlyArray<StoredEntry>
  /**
   * Hears what has become of a delivery, by its index, as soon as that is known. It counts even if delivering fails then, or
   * is interrupted. What the sink gives in the end counts in its stead.
   */
  readonly settled?: (index: number, outcome: DeliveryOutcome) => void
}

interface ByRelay {
  /** The epoch of the lease of the slot: of two deliveries of an entry by relays, the one with the lower epoch is stale. */
  readonly epoch: number
  readonly replay?: never
}

interface ByReplay {
  /** The id of the replay. An operator has sent the entries again on purpose, so no delivery of them is stale: there is no epoch. */
  readonly replay: string
  readonly epoch?: never
}

export interface Sink {
  /** Unique, and the same across restarts: the position in the journal is kept by it. */
  readonly name: string
  /** What it leads to, such as the URL of a queue: two sinks that say the same here are one. */
  readonly leadsTo?: string
  /** Gives one outcome for each delivery, in the same order. May be interrupted when the lease runs out. */
  readonly deliver: (consignment: Consignment) => Effect.Effect<ReadonlyArray<DeliveryOutcome>, SinkUnavailable>
}
