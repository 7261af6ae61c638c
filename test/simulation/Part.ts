/**
 * A part of the simulation of a seed, in a world of its own. A seed has several parts, which do not affect each other.
 */
import type { Violation } from "./Checkers.ts"
import { Livelock, type World } from "./World.ts"

export interface Part {
  readonly world: World
  /** Runs the part to its end, and gives the violations. */
  readonly run: () => ReadonlyArray<Violation>
}

export interface PartOutcome {
  readonly steps: number
  readonly fingerprint: number
  readonly violations: ReadonlyArray<Violation>
}

/** The outcome of a part that is left out. */
export const nothing: PartOutcome = { steps: 0, fingerprint: 0, violations: [] }

/** Runs a part. A part that never ends is a violation as well. */
export const outcomeOf = (part: Part): PartOutcome => {
  let violations: ReadonlyArray<Violation>
  try {
    violations = part.run()
  } catch (error) {
    if (!(error instanceof Livelock)) throw error
    violations = [`G2: ${error.message}`]
  }
  const { fingerprint, steps } = part.world
  return { steps, fingerprint, violations }
}
