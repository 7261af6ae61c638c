/**
 * What whoever holds leases needs: a name, and a clock that never goes back.
 */
import type * as Clock from "effect/Clock"
import type * as Random from "effect/Random"
import type { Owner } from "../domain/Lease.ts"

/** A name that nobody else has. */
export const newOwner = (random: typeof Random.Random.Service, kind: string): Owner =>
  `${kind}-${random.nextIntUnsafe().toString(36)}${random.nextIntUnsafe().toString(36)}`

/** Time that never goes back, in whole milliseconds. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.currentTimeNanosUnsafe() / 1_000_000n)
