/**
 * A sink: somewhere that journal events are delivered to.
 *
 * A sink is given events at least once, those of a stream in order. What it must do for that: never deliver an entry
 * before the ones ahead of it in the same stream have arrived, and report for each whether it has.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Delivery, DeliveryOutcome } from "../domain/Delivery.ts"

/** The sink as a whole cannot be reached: it is nobody's entry's fault. Nothing is blocked; everything is tried again. */
export class SinkUnavailable extends Schema.TaggedError<SinkUnavailable>()("SinkUnavailable", {
  cause: Schema.Defect()
}) {
  override get message(): string {
    const { cause } = this
    return `The sink cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/** Entries of one slot that go to a sink together. */
export interface Consignment {
  readonly slot: number
  /** Of the lease under which they are sent: of two deliveries of an entry, the one with the lower epoch is stale. */
  readonly epoch: number
  /** The replay that this is part of, if an operator sends it again on purpose; its id is the message's. */
  readonly replay?: string
  readonly deliveries: ReadonlyArray<Delivery>
}

export interface Sink {
  /** Unique, and the same across restarts: the position in the journal is kept by it. */
  readonly name: string
  /** Gives one outcome for each delivery, in the same order. May be interrupted when the lease runs out. */
  readonly deliver: (consignment: Consignment) => Effect.Effect<ReadonlyArray<DeliveryOutcome>, SinkUnavailable>
}
