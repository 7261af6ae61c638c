/**
 * Sending dead letters back, on behalf of an operator.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { AuditLog } from "../../access/ports/AuditLog.ts"
import { type DeadLetters, DeadLettersOutOfReach, type Redrive } from "../ports/DeadLetters.ts"
import type { QueueUnavailable } from "../ports/Queue.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import * as PartlyDone from "../../kernel/application/PartlyDone.ts"

const NOT_NOTED = "The audit log does not have it."

/** Whether all messages have been moved that can be moved: trying again would end in the same way. */
const isOutOfReach = (moving: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(moving) && Cause.squash(moving.cause) instanceof DeadLettersOutOfReach

/**
 * Moves dead letters, returns how many, and writes to the audit log who did it. The queue and the audit log do not commit
 * together: messages that were moved before a failure or an interruption stay moved, and are written to the audit log as well.
 * Fails with `PartlyDone` if it fails after a message was moved.
 */
export const redrive = (
  letters: DeadLetters,
  asked: Redrive,
  who: string
): Effect.Effect<number, DeadLettersOutOfReach | QueueUnavailable | StoreError | PartlyDone.PartlyDone, AuditLog> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const log = yield* AuditLog
      let messages = 0
      const onMoved: Redrive["onMoved"] = (moved, letter) => {
        messages = moved
        asked.onMoved?.(moved, letter)
      }
      const moving = yield* Effect.exit(restore(letters.redrive({ ...asked, onMoved })))
      const noting = yield* Effect.exit(
        log.note(
          who,
          "dlq.redrive",
          { from: letters.name, to: letters.to, messages },
          { resource: `queue:${letters.name}` }
        )
      )
      if (messages === 0) return yield* Effect.andThen(moving, Effect.as(noting, 0))
      const told = `${messages} dead letters were moved to ${letters.to}.`
      const next = [
        ...(Exit.isSuccess(moving) || isOutOfReach(moving) ? [] : ["Moving again goes on with the rest."]),
        ...(Exit.isSuccess(noting) ? [] : [NOT_NOTED])
      ].join(" ")
      return yield* PartlyDone.after({ done: { moved: messages }, told, next })(
        Effect.andThen(moving, Effect.as(noting, messages))
      )
    })
  )
