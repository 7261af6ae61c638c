/**
 * A sink: a place that the journal is delivered to.
 *
 * A sink is given entries at least once, those of a stream in order. It must never deliver an entry before the earlier ones of
 * the same stream have arrived, and must report for each entry whether it has arrived.
 *
 * An entry that a sink has accepted counts, even if the rest of its consignment fails. A sink that delivers a consignment in
 * several requests reports the outcome of each delivery as soon as it knows it (`settled`), and may fail afterwards: the
 * reported outcomes stand, and the rest is given again, without blocking a stream.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import type { DeliveryOutcome } from "../domain/DeliveryOutcome.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

/**
 * The sink as a whole cannot be reached, through no fault of an entry. No stream is blocked; everything that was not settled
 * before is tried again.
 */
export class SinkUnavailable extends TaggedError<SinkUnavailable>()("SinkUnavailable", {
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
   * Takes the outcome of a delivery, by its index, as soon as it is known. The outcome counts even if `deliver` fails then, or
   * is interrupted. The outcomes that `deliver` returns replace it.
   */
  readonly settled?: (index: number, outcome: DeliveryOutcome) => void
}

interface ByRelay {
  /** The epoch of the lease of the slot: of two deliveries of an entry by relays, the one with the lower epoch is stale. */
  readonly epoch: number
  readonly replay?: never
}

interface ByReplay {
  /**
   * The id of the replay. There is no epoch: an operator has sent the entries again on purpose, so no delivery of them is
   * stale.
   */
  readonly replay: string
  readonly epoch?: never
}

export interface Sink {
  /** Unique, and the same across restarts: the positions in the journal are kept under this name. */
  readonly name: string
  /** The place that the sink leads to, such as the URL of a queue: two sinks with the same value are one. */
  readonly leadsTo?: string
  /**
   * The name that the metrics of its relays have for it. Sinks of which there may be any number, such as those of webhooks, share one, and
   * so there is a bound to the series. Default: the name of the sink.
   */
  readonly measuredAs?: string
  /** Returns one outcome for each delivery, in the same order. May be interrupted when the lease runs out. */
  readonly deliver: (consignment: Consignment) => Effect.Effect<ReadonlyArray<DeliveryOutcome>, SinkUnavailable>
}
