/**
 * A lease as its holder sees it: how long the holder may rely on it, and when it renews it.
 *
 * The holder counts from the moment before it asked the store, by monotonic time, and leaves the last tenth of the lease
 * unused, since its clock and the store's do not run alike: it falls silent before its successor begins. A machine may sleep,
 * and monotonic time may stand still meanwhile. The holder sees this as a jump of the wall clock; from then on the lease is in
 * doubt, and nothing more is sent under it before the store has renewed it.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Random from "effect/Random"
import { hostname } from "node:os"
import type { Owner } from "../domain/Lease.ts"
import * as ClockWatch from "../../kernel/application/time/ClockWatch.ts"
import { monotonicMillis } from "../../kernel/application/time/MonotonicTime.ts"

/** The host and the number of this process, such as `web-1:4711`, by which people find the process. */
export const processName = (): string => `${hostname()}:${process.pid}`

/** The part of the name of an owner that names its host and its process; `undefined` for a name that an operator has chosen. */
export const processOf = (owner: Owner): string | undefined => /^(.+:\d+):[\da-z]+$/.exec(owner)?.[1]

const RADIX = 36

/** A name that no other holder has: the name of the process, and a random part, such as `web-1:4711:k3v9x0c`. */
export const newOwner = (random: typeof Random.Random.Service): Owner => {
  const part = () => Math.abs(random.nextIntUnsafe()).toString(RADIX)
  return `${processName()}:${part()}${part()}`
}

/** The moment at which the holder asks the store for a lease. */
export interface Asked {
  /** By monotonic time, in milliseconds. */
  readonly at: number
  /** How often the wall clock had jumped forward by then. */
  readonly jumps: number
}

export interface HeldLease {
  /** The moment, by monotonic time, at which the holder renews the lease. */
  readonly renewAt: () => number
  /** Whether the holder may no longer rely on the lease. */
  readonly isOver: () => boolean
  /** Whether the machine may have slept since the lease was asked for. */
  readonly isDoubtful: () => boolean
  /** Notes that the store has renewed the lease. */
  readonly renewed: (asked: Asked) => void
  /** Ends when the lease is over, however often it is renewed. */
  readonly untilOver: Effect.Effect<void>
}

export interface LeaseClock {
  /** Monotonic time, in milliseconds. */
  readonly now: () => number
  /** Looks whether the wall clock has jumped. If it has, each lease that was asked for before is in doubt. */
  readonly look: Effect.Effect<void>
  readonly ask: () => Asked
  /** A lease that the store has given. */
  readonly hold: (asked: Asked) => HeldLease
}

/** The part of a lease that its holder uses. */
const USED = 0.9
/** The part of a lease after which its holder renews it. */
const RENEWED_AFTER = 1 / 3

/** The milliseconds after which a holder renews leases of this length. */
export const renewalMillis = (ttlMillis: number): number => ttlMillis * RENEWED_AFTER

/** Leases of this length on the clock of this process. */
export const make = (clock: Clock.Clock, ttlMillis: number): LeaseClock => {
  const watch = ClockWatch.make(clock)
  let jumps = 0
  const now = (): number => monotonicMillis(clock)
  const hold = (first: Asked): HeldLease => {
    let asked = first
    const deadline = (): number => asked.at + ttlMillis * USED
    const untilOver: Effect.Effect<void> = Effect.suspend(() => {
      const millis = deadline() - now()
      return millis <= 0 ? Effect.void : Effect.andThen(Effect.sleep(Math.ceil(millis)), untilOver)
    })
    return {
      renewAt: () => asked.at + renewalMillis(ttlMillis),
      isOver: () => now() >= deadline(),
      isDoubtful: () => asked.jumps < jumps,
      renewed: (again) => void (asked = again),
      untilOver
    }
  }
  return {
    now,
    look: Effect.map(watch.look, (millis) => void (jumps += millis > 0 ? 1 : 0)),
    ask: () => ({ at: now(), jumps }),
    hold
  }
}
