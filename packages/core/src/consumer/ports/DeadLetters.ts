/**
 * Dead letters: messages that a queue has given up on, in a queue of their own.
 *
 * Looking at them leaves them there. A message is moved by sending it to the other queue and deleting it here, in this order:
 * none is lost, and one may be there twice if that is interrupted in between.
 *
 * A group has an order, and a queue that keeps it gives the later messages of the group only while no more than a few before them
 * stay: SQS gives up to ten of a group at once, and no others until those are deleted or back. So a message that stands after ten
 * others which are to stay cannot be moved, and that is said. Sending the others once more would bring it to the
 * front, and the order would be lost with the first interruption.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Message } from "../../delivery/domain/Message.ts"
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
  readonly onMoved?: (moved: number, letter: DeadLetter) => void
}

/** By what a dead letter may be asked for. */
export const idsOf = ({ id, message }: DeadLetter): ReadonlyArray<string> =>
  message === null ? [id] : [message.id, id]

/** Whether a dead letter is one of those that are asked for. */
export const isWanted = (letter: DeadLetter, { only }: Redrive): boolean =>
  only === undefined || idsOf(letter).some((id) => only.includes(id))

/** The most groups that a message names. */
const NAMED = 5

/**
 * Some of what was asked for was not seen, and may stand where it cannot be: in a group, after others that were not asked for. What
 * was seen of what was asked for is moved.
 */
export class DeadLettersOutOfReach extends Schema.TaggedError<DeadLettersOutOfReach>()("DeadLettersOutOfReach", {
  /** How many were moved. */
  moved: Schema.Int,
  /** What was asked for and not seen, as it was asked for. */
  missing: Schema.Array(Schema.String),
  /** The groups that may have it, each with what is known to stand before it, in order, by the ids that can be asked for. */
  groups: Schema.Array(Schema.Struct({ group: Schema.String, before: Schema.Array(Schema.String) }))
}) {
  override get message(): string {
    const heads = this.groups.slice(0, NAMED).map(({ before: [head, ...rest], group }) => {
      const others = rest.length === 0 ? "" : ` and ${rest.length} after it`
      return `${head}${others} in the group ${group}`
    })
    const others = this.groups.length > NAMED ? [`those of ${this.groups.length - NAMED} more groups`] : []
    const first = heads.length === 0 ? "what stands before it" : [...heads, ...others].join("; ")
    return `Not seen: ${this.missing.join(", ")}. The queue has more than it gives: it holds back what stands later in a group. Move or delete first: ${first}.`
  }
}

/** What stays of some groups, in order, as `DeadLettersOutOfReach` tells it. */
export const toGroups = (
  staying: ReadonlyArray<DeadLetter>
): ReadonlyArray<{ readonly group: string; readonly before: ReadonlyArray<string> }> =>
  Array.from(
    Map.groupBy(staying, ({ group }) => group),
    ([group, letters]) => ({ group, before: letters.map((letter) => idsOf(letter)[0]!) })
  ).flatMap(({ before, group }) => (group === null ? [] : [{ group, before }]))

export interface DeadLetters extends DeadLetterReader {
  /** The name of the queue that they are moved to. */
  readonly to: string
  /**
   * Moves dead letters to that queue, those of a group in order, and gives how many. What is asked for and not there is left out.
   * Fails with `DeadLettersOutOfReach` if it may be there all the same.
   */
  readonly redrive: (redrive: Redrive) => Effect.Effect<number, QueueUnavailable | DeadLettersOutOfReach>
}
