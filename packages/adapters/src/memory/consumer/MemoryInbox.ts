/**
 * The inbox in memory: for tests, and for hosts that keep nothing across restarts.
 *
 * A message is dealt with by one fiber at a time, and recorded once its effect has succeeded. If an effect fails, its earlier
 * changes stay: memory has no transactions.
 */
import * as HandlerLimit from "@turnout/core/consumer/application/HandlerLimit"
import { DEFAULT_HANDLER_TIMEOUT_MILLIS, Inbox } from "@turnout/core/consumer/ports/Inbox"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyedLock from "../KeyedLock.ts"
import * as MemoryClock from "../MemoryClock.ts"

const make = Effect.gen(function* () {
  const { now, steady } = MemoryClock.make(yield* Clock.Clock)
  /** When each message was dealt with, by steady time, oldest first. */
  const records = new Map<string, number>()
  const locked = KeyedLock.make()

  return Inbox.of({
    once: (consumer, key, effect, timeoutMillis = DEFAULT_HANDLER_TIMEOUT_MILLIS) => {
      const id = JSON.stringify([consumer, key])
      const record = Effect.sync(() => {
        records.set(id, steady())
        return true
      })
      return locked(id)(
        Effect.suspend(() =>
          records.has(id) ? Effect.succeed(false) : Effect.andThen(HandlerLimit.within(effect, timeoutMillis), record)
        )
      )
    },
    ready: Effect.void,
    forget: (before, limit) =>
      Effect.sync(() => {
        const oldest = steady() - (now().getTime() - before.getTime())
        let forgotten = 0
        for (const [id, at] of records) {
          if (forgotten === limit || at >= oldest) break
          records.delete(id)
          forgotten += 1
        }
        return forgotten
      })
  })
})

/** An inbox of its own for each build of the layer. */
export const layer: Layer.Layer<Inbox> = Layer.effect(Inbox, make)
