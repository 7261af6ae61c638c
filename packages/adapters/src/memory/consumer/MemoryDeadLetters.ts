/**
 * The dead letters of a queue in memory.
 *
 * They are in one list, in the order in which the queue gave them up; each is moved back in one step. Of each group, as many
 * are seen as SQS would show: up to the tenth that stays.
 */
import { fromJson } from "@turnout/core/delivery/domain/Message"
import {
  type DeadLetter,
  type DeadLetters,
  DeadLettersOutOfReach,
  idsOf,
  isWanted,
  toGroups
} from "@turnout/core/consumer/ports/DeadLetters"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

/** The most messages of a group that may stay before one that is moved: as many as SQS gives at once. */
const MOST_BEFORE = 10

export interface MemoryDeadLetters extends DeadLetters {
  /** Takes a message that the queue has given up. */
  readonly bury: (letter: Omit<DeadLetter, "message">) => void
}

/** The dead letters of the queue of this name, to which `send` returns a message. */
export const make = (queue: string, send: (letter: DeadLetter) => void): MemoryDeadLetters => {
  const letters = new Set<DeadLetter>()
  return {
    name: `${queue}-dead`,
    to: queue,
    bury: (letter) => void letters.add({ ...letter, message: Result.getOrNull(fromJson(letter.body)) }),
    count: Effect.sync(() => letters.size),
    list: (limit) => Effect.sync(() => [...letters].slice(0, limit)),
    redrive: (asked) =>
      Effect.suspend(() => {
        const { most = Infinity, onMoved, only } = asked
        const missing = new Set(only)
        /** The messages that stay, by group, and the groups that are not seen to their end. */
        const staying = new Map<string, Array<DeadLetter>>()
        const cut = new Set<string>()
        let moved = 0
        for (const letter of letters) {
          if (moved === most) break
          const { group } = letter
          const before = group === null ? [] : (staying.get(group) ?? [])
          if (group !== null && before.length === MOST_BEFORE) {
            cut.add(group)
            continue
          }
          if (!isWanted(letter, asked)) {
            if (group !== null) staying.set(group, [...before, letter])
            continue
          }
          letters.delete(letter)
          send(letter)
          moved += 1
          for (const id of idsOf(letter)) missing.delete(id)
          onMoved?.(moved, letter)
        }
        if (missing.size === 0 || cut.size === 0 || moved === most) return Effect.succeed(moved)
        const groups = toGroups([...cut].flatMap((group) => staying.get(group) ?? []))
        return Effect.fail(new DeadLettersOutOfReach({ moved, missing: [...missing], groups }))
      })
  }
}
