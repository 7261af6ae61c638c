/**
 * Dead letters: messages that a queue has given up on, in a queue of their own.
 *
 * Looking at dead letters leaves them there. A message is moved by sending it to the other queue and then deleting it here:
 * none is lost, and one may be there twice if the move is interrupted in between.
 *
 * A queue that keeps the order of a group gives only its first few messages: SQS gives up to ten of a group at once, and the
 * later ones only when those are deleted or back. So a message cannot be moved if ten earlier ones of its group are to stay,
 * and `DeadLettersOutOfReach` says so. Sending the earlier ones once more would bring the message to the front, but the order
 * would be lost with the first interruption.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Message } from "../../delivery/domain/Message.ts"
import type { QueueUnavailable } from "./Queue.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

export interface DeadLetter {
  /** The id that the queue has given it. */
  readonly id: string
  /** `null` if it has no group. */
  readonly group: string | null
  readonly sentAt: Date
  readonly receiveCount: number
  readonly body: string
  /** Its content, if it is a message of this library. */
  readonly message: Message | null
}

export interface DeadLetterReader {
  /** The name of the queue. */
  readonly name: string
  /** About how many dead letters there are. */
  readonly count: Effect.Effect<number, QueueUnavailable>
  /** Returns up to `limit` of them. Afterwards, others can receive them again. */
  readonly list: (limit: number) => Effect.Effect<ReadonlyArray<DeadLetter>, QueueUnavailable>
}

export interface Redrive {
  /** The dead letters to move, by the id of the queue or of the message. Default: all. */
  readonly only?: ReadonlyArray<string>
  /** The most dead letters to move. Default: any number. */
  readonly most?: number
  /** Called for each dead letter that was moved, with the number of those moved so far. */
  readonly onMoved?: (moved: number, letter: DeadLetter) => void
}

/** The ids by which a dead letter may be asked for. */
export const idsOf = ({ id, message }: DeadLetter): ReadonlyArray<string> =>
  message === null ? [id] : [message.id, id]

/** Whether a dead letter is one of those that are asked for. */
export const isWanted = (letter: DeadLetter, { only }: Redrive): boolean =>
  only === undefined || idsOf(letter).some((id) => only.includes(id))

/** The most groups that the error message names. */
const NAMED = 5

/**
 * Some dead letters that were asked for were not seen. They may be in a group, after others that were not asked for and stay.
 * All that were seen are moved.
 */
export class DeadLettersOutOfReach extends TaggedError<DeadLettersOutOfReach>()("DeadLettersOutOfReach", {
  /** How many dead letters were moved. */
  moved: described("How many dead letters were moved", Schema.Int),
  /** The ids that were asked for and not seen. */
  missing: described("The ids that were asked for and not seen", Schema.Array(Schema.String)),
  /**
   * The groups that may have them. Each lists the messages known to stand before them, in order, by ids that can be asked for.
   */
  groups: described(
    "The groups that may have them",
    Schema.Array(
      Schema.Struct({
        group: described("The id of the group", Schema.String),
        before: described(
          "The messages known to stand before them, in order, by ids that can be asked for",
          Schema.Array(Schema.String)
        )
      })
    )
  )
}) {
  override get message(): string {
    const heads = this.groups.slice(0, NAMED).map(({ before: [head, ...rest], group }) => {
      const others = rest.length === 0 ? "" : ` and ${rest.length} after it`
      return `${head}${others} in the group ${group}`
    })
    const others = this.groups.length > NAMED ? [`those of ${this.groups.length - NAMED} more groups`] : []
    const first = heads.length === 0 ? "the messages that stand before them" : [...heads, ...others].join("; ")
    return `Not seen: ${this.missing.join(", ")}. The queue has more messages than it gives: it holds back the later ones of a group. Move or delete first: ${first}.`
  }
}

/** The dead letters that stay, by their groups and in order, as `DeadLettersOutOfReach` lists them. */
export const toGroups = (
  staying: ReadonlyArray<DeadLetter>
): ReadonlyArray<{ readonly group: string; readonly before: ReadonlyArray<string> }> =>
  Array.from(
    Map.groupBy(staying, ({ group }) => group),
    ([group, letters]) => ({ group, before: letters.map((letter) => idsOf(letter)[0]!) })
  ).flatMap(({ before, group }) => (group === null ? [] : [{ group, before }]))

export interface DeadLetters extends DeadLetterReader {
  /** The name of the queue that dead letters are moved to. */
  readonly to: string
  /**
   * Moves dead letters to that queue, those of a group in order, and returns how many. Ids that the queue does not have are
   * left out. Fails with `DeadLettersOutOfReach` if the queue may have them all the same.
   */
  readonly redrive: (redrive: Redrive) => Effect.Effect<number, QueueUnavailable | DeadLettersOutOfReach>
}
