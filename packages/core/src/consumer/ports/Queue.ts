/**
 * A queue that messages are taken from: what consumers need of SQS, or of a queue like it.
 *
 * A message that was received is hidden from other consumers for a while, and comes back unless it is deleted. The messages of
 * a group come in order, and none comes while an earlier one is hidden; messages without a group come in any order. The queue
 * itself moves messages that come back too often to a dead-letter queue.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

export interface ReceivedMessage {
  /** The name that the queue has given to this reception. */
  readonly receipt: string
  readonly body: string
  /** `null` if it has no group. */
  readonly group: string | null
  /** How often it has been received, this time included. */
  readonly receiveCount: number
  /** The span in which it was sent, as a `traceparent`, if the queue has told one beside the body. It may be none that is valid. */
  readonly traceParent?: string
}

/** The queue cannot be reached. Messages that were received come back by themselves. */
export class QueueUnavailable extends TaggedError<QueueUnavailable>()("QueueUnavailable", {
  cause: Schema.Defect()
}) {
  override get message(): string {
    const { cause } = this
    return `The queue cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

export interface Queue {
  /** The name of the queue, for logs. */
  readonly name: string
  /** How long a received message is hidden. */
  readonly visibilityMillis: number
  /** Waits for messages, for a limited time, and returns up to `max` of them, in order within each group. May return none. */
  readonly receive: (max: number) => Effect.Effect<ReadonlyArray<ReceivedMessage>, QueueUnavailable>
  /**
   * Hides messages for `millis` from now on; 0 lets them come back at once. Returns the receipts for which that was too late.
   */
  readonly hide: (
    receipts: ReadonlyArray<string>,
    millis: number
  ) => Effect.Effect<ReadonlyArray<string>, QueueUnavailable>
  /** Deletes messages. Returns the receipts for which that failed: those messages come back. */
  readonly remove: (receipts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, QueueUnavailable>
}
