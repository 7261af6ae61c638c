/**
 * The neighbours of a process, and what it knows of them without asking: for a health endpoint.
 *
 * A component that talks to a neighbour registers it for as long as it is there. Neighbours decide nothing: a process whose neighbours are
 * away does its work all the same, and does what is theirs to do later, or otherwise.
 */
import * as Context from "effect/Context"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export interface NeighbourState {
  /** `up` if the last thing that it was asked for has worked, `down` if that failed, `unknown` if it was not asked yet. */
  readonly status: "up" | "down" | "unknown"
  /** When that began; `null` if it is not known. */
  readonly since: Date | null
}

export interface Neighbour {
  /** The name, which can be shown: `redis`, `mail`, or `queue` and the name of the sink. */
  readonly name: string
  readonly state: Effect.Effect<NeighbourState>
}

/** The neighbours of a process that are registered. */
export class Neighbours {
  private readonly known = new Set<Neighbour>()

  add(neighbour: Neighbour): void {
    this.known.add(neighbour)
  }

  remove(neighbour: Neighbour): void {
    this.known.delete(neighbour)
  }

  /** All of them, by their names. */
  get all(): ReadonlyArray<Neighbour> {
    return [...this.known].toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }
}

/** Where components register their neighbours; `undefined` if nobody wants to know. */
export const CurrentNeighbours = Context.Reference<Neighbours | undefined>("@turnout/Neighbours", {
  defaultValue: () => undefined
})

/** Registers a neighbour for as long as the scope is open. */
export const register = (neighbour: Neighbour): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(CurrentNeighbours, (neighbours) =>
    neighbours === undefined
      ? Effect.void
      : Effect.acquireRelease(
          Effect.sync(() => neighbours.add(neighbour)),
          () => Effect.sync(() => neighbours.remove(neighbour))
        )
  )

/** What a component notes of a neighbour, and what that says of it: what the last thing has shown that it was asked for. */
export interface Observed {
  readonly worked: () => void
  readonly failed: () => void
  readonly state: () => NeighbourState
}

/** A neighbour that was not asked yet. */
export const observed: Effect.Effect<Observed> = Effect.map(Clock.Clock, (clock) => {
  let state: NeighbourState = { status: "unknown", since: null }
  const note = (status: NeighbourState["status"]) => (): void => {
    if (state.status !== status) state = { status, since: new Date(clock.currentTimeMillisUnsafe()) }
  }
  return { worked: note("up"), failed: note("down"), state: () => state }
})

/** Registers a neighbour that was not asked yet, for as long as the scope is open. */
export const observe = (name: string): Effect.Effect<Observed, never, Scope.Scope> =>
  Effect.tap(observed, ({ state }) => register({ name, state: Effect.sync(state) }))
