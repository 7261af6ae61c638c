/**
 * Dead letters: messages that a queue has given up on, in a queue of their own.
 *
 * Looking at them leaves them there. A message is moved by sending it to the other queue and deleting it here, in this order:
 * none is lost, and one may be there twice if that is interrupted in between.
 */
import type * as Effect from "effect/Effect"
import type { Message } from "../domain/Message.ts"
import type { QueueUnavailable } from "./Queue.ts"

export interface DeadLetter {
  /** What the queue knows it by. */
  readonly id: string
  /** `null` if it has none. */
  readonly group: string | null
  readonly sentAt: Date
  readonly receiveCount: number
  readonly body: string
  /** What it says, if it is a message of this library. */
  readonly message: Message | null
}

export interface DeadLetterReader {
  /** Of the queue. */
  readonly name: string
  /** About how many there are. */
  readonly count: Effect.Effect<number, QueueUnavailable>
  /** At most so many of them. They are there for others again afterwards. */
  readonly list: (limit: number) => Effect.Effect<ReadonlyArray<DeadLetter>, QueueUnavailable>
}

export interface Redrive {
  /** Which ones: by the id of the queue or of the message. Default: all. */
  readonly only?: ReadonlyArray<string>
  /** No more than so many. Default: any number. */
  readonly most?: number
  /** Called for each that was moved, with how many were. */
  readonly onMoved?: (moved: number) => void
}

/** Whether a dead letter is one of those that are asked for. */
export const isWanted = ({ id, message }: DeadLetter, { only }: Redrive): boolean =>
  only === undefined || only.includes(id) || (message !== null && only.includes(message.id))

export interface DeadLetters extends DeadLetterReader {
  /** The name of the queue that they are moved to. */
  readonly to: string
  /** Moves dead letters to that queue, those of a group in order, and gives how many. */
  readonly redrive: (redrive: Redrive) => Effect.Effect<number, QueueUnavailable>
}
