/**
 * The inbox in memory: for tests, and for hosts that keep nothing across restarts.
 *
 * A message is dealt with by one fiber at a time, and recorded once its effect has succeeded. If an effect fails, its earlier
 * changes stay: memory has no transactions. The inbox knows of no replay.
 */
import * as HandlerLimit from "@turnout/core/consumer/application/HandlerLimit"
import { DEFAULT_HANDLER_TIMEOUT_MILLIS, Inbox } from "@turnout/core/consumer/ports/Inbox"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyedLock from "../KeyedLock.ts"
import * as MapSweep from "../MapSweep.ts"
import * as MemoryClock from "../MemoryClock.ts"

/** A message that was dealt with, and when, by steady time. */
interface Record {
  readonly consumer: string
  readonly at: number
}

const make = Effect.gen(function* () {
  const { steady } = MemoryClock.make(yield* Clock.Clock)
  const records = new Map<string, Record>()
  /** The sweep of each consumer. */
  const sweeps = new Map<string | null, MapSweep.Step<Record>>()
  const sweepOf = (consumer: string | null): MapSweep.Step<Record> => {
    const sweep = sweeps.get(consumer) ?? MapSweep.make(records)
    sweeps.set(consumer, sweep)
    return sweep
  }
  const locked = KeyedLock.make()

  return Inbox.of({
    once: (consumer, key, effect, timeoutMillis = DEFAULT_HANDLER_TIMEOUT_MILLIS) => {
      const id = JSON.stringify([consumer, key])
      const record = Effect.sync(() => {
        records.set(id, { consumer, at: steady() })
        return true
      })
      return locked(id)(
        Effect.suspend(() =>
          records.has(id) ? Effect.succeed(false) : Effect.andThen(HandlerLimit.within(effect, timeoutMillis), record)
        )
      )
    },
    ready: Effect.void,
    forget: (consumer, ageMillis) =>
      Effect.sync(() => {
        const oldest = steady() - ageMillis
        return sweepOf(consumer)((record) => record.at <= oldest && (consumer === null || record.consumer === consumer))
      })
  })
})

/** An inbox of its own for each build of the layer. */
export const layer: Layer.Layer<Inbox> = Layer.effect(Inbox, make)
