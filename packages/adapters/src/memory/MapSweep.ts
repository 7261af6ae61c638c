/**
 * Sweeping a map: each step looks at a bounded number of entries, and goes on after those of the step before.
 *
 * The iterator of a map follows its changes: an entry that is added meanwhile comes at the end.
 */
import type { Swept } from "@turnout/core/kernel/ports/Swept"

/** The number of entries that a step looks at. */
const LOOKED_AT_ONCE = 5_000

/** A step that deletes the entries which are over. */
export type Step<Value> = (isOver: (value: Value) => boolean) => Swept

export const make = <Key, Value>(map: Map<Key, Value>): Step<Value> => {
  let rest: MapIterator<[Key, Value]> | undefined
  return (isOver) => {
    rest ??= map.entries()
    let deleted = 0
    for (let looked = 0; looked < LOOKED_AT_ONCE; looked++) {
      const next = rest.next()
      if (next.done === true) {
        rest = undefined
        return { deleted, isThrough: true }
      }
      const [key, value] = next.value
      if (isOver(value) && map.delete(key)) deleted += 1
    }
    return { deleted, isThrough: false }
  }
}
