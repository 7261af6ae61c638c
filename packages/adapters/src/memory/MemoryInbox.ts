/**
 * The inbox in memory: for tests, and for hosts that keep nothing across restarts.
 *
 * A message is dealt with by one fiber at a time, and recorded once its effect has succeeded. What an effect changed before
 * it failed stays changed: memory has no transactions.
 */
import { Inbox } from "@turnout/core/ports/Inbox"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"

/** Held while somebody deals with a message. */
interface Lock {
  readonly semaphore: Semaphore.Semaphore
  users: number
}

const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  /** When each message was dealt with, oldest first. */
  const records = new Map<string, number>()
  const locks = new Map<string, Lock>()

  const locked = <A, E, R>(id: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const lock = locks.get(id) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
      locks.set(id, lock)
      lock.users += 1
      return lock.semaphore.withPermit(effect).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            lock.users -= 1
            if (lock.users === 0) locks.delete(id)
          })
        )
      )
    })

  return Inbox.of({
    once: (consumer, key, effect) => {
      const id = JSON.stringify([consumer, key])
      const record = Effect.sync(() => {
        records.set(id, clock.currentTimeMillisUnsafe())
        return true
      })
      return locked(
        id,
        Effect.suspend(() => (records.has(id) ? Effect.succeed(false) : Effect.andThen(effect, record)))
      )
    },
    forget: (before, limit) =>
      Effect.sync(() => {
        let forgotten = 0
        for (const [id, at] of records) {
          if (forgotten === limit || at >= before.getTime()) break
          records.delete(id)
          forgotten += 1
        }
        return forgotten
      })
  })
})

/** An inbox of its own for each build of the layer. */
export const layer: Layer.Layer<Inbox> = Layer.effect(Inbox, make)
