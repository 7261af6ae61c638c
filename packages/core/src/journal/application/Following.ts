/**
 * Following the journal: each entry from a place on, those of each stream in order, for as long as the caller listens.
 *
 * The store keeps nothing of the caller, which begins anew the next time, and any number of callers are each given every entry.
 * So nothing is left behind, however the caller ends. A store that is away is waited for. After a failover, some entries may be
 * given again, and none is left out.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import { pauseMillis, STORE_PAUSES } from "../../kernel/domain/Backoff.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { StoredEntry } from "../domain/StoredEntry.ts"
import { JournalReader, type StartFrom } from "../ports/JournalReader.ts"
import * as StoreOutage from "../../kernel/application/StoreOutage.ts"
import { tellSetBack } from "./Subscription.ts"

/** How often to look for what other processes have committed. */
const POLL_MILLIS = 500
/** The number of entries of a slot that are read at once. */
const READ_AT_ONCE = 100

/** Tries again until it succeeds, with pauses that become longer. */
const patiently = <A>(work: Effect.Effect<A, StoreError>, failures = 1): Effect.Effect<A> =>
  Effect.catch(work, (error) =>
    Effect.flatMap(Random.next, (draw) =>
      StoreOutage.log("the journal waits for its store", error).pipe(
        Effect.andThen(Effect.sleep(pauseMillis(STORE_PAUSES, failures, draw)!)),
        Effect.andThen(Effect.suspend(() => patiently(work, failures + 1)))
      )
    )
  )

/** Gives the entries to `use`, some at a time, until it is interrupted. It waits for `use` before it reads on. */
export const follow = Effect.fnUntraced(function* (
  from: StartFrom,
  use: (entries: ReadonlyArray<StoredEntry>) => Effect.Effect<void>
): Effect.fn.Return<never, never, JournalReader> {
  const reader = yield* JournalReader
  const wakeUp = yield* Queue.sliding<void>(1)
  const stopListening = reader.onCommit(() => void Queue.offerUnsafe(wakeUp, undefined))
  const following = Effect.gen(function* () {
    const start = yield* patiently(reader.positions(from))
    const places = new Map(start.map(({ position, slot }) => [slot, position]))
    return yield* Effect.forever(
      Effect.gen(function* () {
        const asked = Array.from(places, ([slot, position]) => ({ slot, position }))
        const slices = yield* patiently(reader.read(asked, READ_AT_ONCE))
        yield* tellSetBack(slices)
        for (const { position, slot } of slices) places.set(slot, position)
        const entries = slices.flatMap(({ deliveries }) => deliveries)
        if (entries.length > 0) yield* use(entries)
        else if (!slices.some(({ isSetBack }) => isSetBack))
          yield* Effect.timeoutOption(Queue.take(wakeUp), POLL_MILLIS)
      })
    )
  })
  return yield* Effect.ensuring(following, Effect.sync(stopListening))
})
