/**
 * A queue that messages are taken from: what consumers need of SQS, and of whatever is like it.
 *
 * A message that was received is hidden from others for a while, and comes back unless it is deleted. The messages of a
 * group come in order, and none of it while an earlier one is out; messages without a group come in any order. Messages
 * that come back too often are moved to a dead-letter queue by the queue itself.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

export interface ReceivedMessage {
  /** What the queue knows this reception by. */
  readonly receipt: string
  readonly body: string
  /** `null` if it has none. */
  readonly group: string | null
  /** How often it has been received, this time included. */
  readonly receiveCount: number
}

/** The queue cannot be reached. What was received comes back by itself. */
export class QueueUnavailable extends Schema.TaggedError<QueueUnavailable>()("QueueUnavailable", {
  cause: Schema.Defect()
}) {
  override get message(): string {
    const { cause } = this
    return `The queue cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

export interface Queue {
  /** For people. */
  readonly name: string
  /** How long a message is hidden once it was received. */
  readonly visibilityMillis: number
  /** Waits for messages, for a while, and gives at most so many, in order within each group; none if none came. */
  readonly receive: (max: number) => Effect.Effect<ReadonlyArray<ReceivedMessage>, QueueUnavailable>
  /** Hides messages for so long from now on; gives the receipts for which that was too late. 0 lets them come back at once. */
  readonly hide: (
    receipts: ReadonlyArray<string>,
    millis: number
  ) => Effect.Effect<ReadonlyArray<string>, QueueUnavailable>
  /** Deletes messages; gives the receipts for which that failed: those messages come back. */
  readonly remove: (receipts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, QueueUnavailable>
}
