/**
 * Sending dead letters back, on behalf of an operator.
 */
import * as Effect from "effect/Effect"
import type { DeadLetters, Redrive } from "../ports/DeadLetters.ts"
import { OutboxOperations } from "../ports/OutboxOperations.ts"
import type { QueueUnavailable } from "../ports/Queue.ts"
import type { StoreError } from "../ports/StoreError.ts"

/**
 * Moves dead letters, gives how many, and writes to the audit log who did it. The queue and the log are not one: what was
 * moved before a failure, or an interruption, was moved, and is written down as well.
 */
export const redrive = (
  letters: DeadLetters,
  asked: Redrive,
  who: string
): Effect.Effect<number, QueueUnavailable | StoreError, OutboxOperations> =>
  Effect.suspend(() => {
    let messages = 0
    const onMoved = (moved: number) => {
      messages = moved
      asked.onMoved?.(moved)
    }
    const note = OutboxOperations.use((operations) =>
      operations.note(who, "dlq.redrive", { from: letters.name, to: letters.to, messages })
    )
    return Effect.onExit(letters.redrive({ ...asked, onMoved }), () => note)
  })
