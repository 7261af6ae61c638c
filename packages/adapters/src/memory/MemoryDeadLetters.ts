/**
 * The dead letters of a queue in memory.
 *
 * They are in one list, in the order in which the queue gave them up; each is moved back in one step.
 */
import { fromJson } from "@turnout/core/domain/Message"
import { type DeadLetter, type DeadLetters, isWanted } from "@turnout/core/ports/DeadLetters"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

export interface MemoryDeadLetters extends DeadLetters {
  /** Takes a message that the queue has given up. */
  readonly bury: (letter: Omit<DeadLetter, "message">) => void
}

/** Those of the queue of that name, to which `send` gives a message back. */
export const make = (queue: string, send: (letter: DeadLetter) => void): MemoryDeadLetters => {
  const letters = new Set<DeadLetter>()
  return {
    name: `${queue}-dead`,
    to: queue,
    bury: (letter) => void letters.add({ ...letter, message: Result.getOrNull(fromJson(letter.body)) }),
    count: Effect.sync(() => letters.size),
    list: (limit) => Effect.sync(() => [...letters].slice(0, limit)),
    redrive: (asked) =>
      Effect.sync(() => {
        const { most = Infinity, onMoved } = asked
        let moved = 0
        for (const letter of letters) {
          if (moved === most) break
          if (!isWanted(letter, asked)) continue
          letters.delete(letter)
          send(letter)
          moved += 1
          onMoved?.(moved)
        }
        return moved
      })
  }
}
