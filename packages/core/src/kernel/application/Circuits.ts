/**
 * Circuits before neighbours that are asked now and then. They are those of effect's `CircuitBreaker`, in the memory of the process: one
 * opens after failures in a row, and stays open for twice as long each time.
 *
 * A circuit takes what its clock returns for wall time. Whoever uses one provides a clock that is `steady`, so that the time for which it is
 * open does not depend on wall time.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"

export interface CircuitSettings {
  /** The failures in a row that open a circuit. */
  readonly failuresToOpen: number
  /** For how many milliseconds a circuit is open the first time. */
  readonly openMillis: number
  /** For how many milliseconds it is open at most. */
  readonly longestOpenMillis: number
}

export const make = ({
  failuresToOpen,
  longestOpenMillis,
  openMillis
}: CircuitSettings): Effect.Effect<CircuitBreaker.CircuitBreaker, never, Scope.Scope> =>
  CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(failuresToOpen),
    openDuration: Schedule.min([Schedule.exponential(openMillis), Schedule.spaced(longestOpenMillis)])
  }).pipe(Effect.provide(CircuitBreaker.layerStoreMemory()))
