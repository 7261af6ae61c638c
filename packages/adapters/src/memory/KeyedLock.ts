/**
 * Locks by key: of two effects with the same key, the second waits for the first.
 */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"

export interface Lock {
  readonly semaphore: Semaphore.Semaphore
  users: number
}

export type KeyedLock = (key: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Makes locks that are kept in a map while an effect has them, or waits for them. */
export const make =
  (locks: Map<string, Lock> = new Map()): KeyedLock =>
  (key) =>
  (effect) =>
    Effect.suspend(() => {
      const lock = locks.get(key) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
      locks.set(key, lock)
      lock.users += 1
      return lock.semaphore.withPermit(effect).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            lock.users -= 1
            if (lock.users === 0) locks.delete(key)
          })
        )
      )
    })
