/**
 * What a process knows of the generation, and for how long that is certain.
 *
 * A process asks when it needs to know, and what it hears is certain for `millis` from the moment at which it asked. Whoever replaces a
 * generation waits until what all others knew before has lapsed. So a process that is cut off from everything stops by itself to believe
 * in a generation, before the next one begins. Time is counted by two clocks, of which neither goes back and stands still at the same time.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { monotonicMillis } from "../../kernel/application/time/MonotonicTime.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Generation } from "../ports/Generations.ts"

/** A generation as a process knows it. */
export interface Sight {
  /** The generation; `null` if there never was one. */
  readonly generation: Generation | null
  /** The moment, by monotonic time in milliseconds, at which the process saw this generation first. */
  readonly seenAt: number
}

export interface Lease {
  /** The generation that is there for certain: asks if what was known has lapsed. `undefined` if it cannot be known now. */
  readonly sight: Effect.Effect<Sight | undefined>
  /** Asks anew the next time. */
  readonly end: () => void
}

interface Known extends Sight {
  readonly steadyAt: number
  readonly wallAt: number
}

export const make = (
  ask: Effect.Effect<Generation | null, StoreError>,
  millis: number,
  clock: Clock.Clock,
  runFork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
): Lease => {
  let known: Known | undefined
  let asking: Fiber.Fiber<void, StoreError> | undefined
  let last: Sight | undefined

  const elapsed = ({ steadyAt, wallAt }: Known): number =>
    Math.max(monotonicMillis(clock) - steadyAt, Math.abs(clock.currentTimeMillisUnsafe() - wallAt))

  const certain = (): Known | undefined => (known !== undefined && elapsed(known) < millis ? known : undefined)

  const renew = Effect.gen(function* () {
    const before = { steadyAt: monotonicMillis(clock), wallAt: clock.currentTimeMillisUnsafe() }
    const generation = yield* ask
    const isTheSame = last !== undefined && last.generation?.id === generation?.id
    last = { generation, seenAt: isTheSame ? last!.seenAt : monotonicMillis(clock) }
    known = { ...last, ...before }
  })

  const sight = Effect.suspend((): Effect.Effect<Sight | undefined> => {
    const sure = certain()
    if (sure !== undefined) return Effect.succeed(sure)
    const fiber = asking ?? runFork(renew)
    asking = fiber
    // An observer of a fiber that has ended already is called at once.
    fiber.addObserver(() => {
      if (asking === fiber) asking = undefined
    })
    // An answer that took longer than the lease is worth nothing.
    return Effect.match(Fiber.join(fiber), { onFailure: () => undefined, onSuccess: certain })
  })

  return {
    sight,
    end: () => {
      known = asking = undefined
    }
  }
}
