/**
 * Projections as stores keep them: for each projection and stream, the state after the entries up to some version.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

/** The state of a projection of a stream. */
export interface Projected {
  readonly stream: EventId
  /** The version of the last entry that is in the state. */
  readonly version: number
  /** The state as JSON; `undefined` if the stream has been forgotten. Readers are given no such state. */
  readonly state: unknown
}

export class ProjectionStore extends Context.Service<
  ProjectionStore,
  {
    /**
     * Replaces the state of a stream by the result of `change`, all or nothing. `change` is given the current state, or
     * `undefined` if there never was one. Of two updates of the same stream, one waits for the other. Everything that `change` reads
     * of the store's journal has committed.
     */
    readonly update: <E, R>(
      projection: string,
      stream: EventId,
      change: (current: Projected | undefined) => Effect.Effect<Omit<Projected, "stream">, E, R>
    ) => Effect.Effect<void, E | StoreError, R>
    readonly get: (projection: string, stream: EventId) => Effect.Effect<Projected | undefined, StoreError>
    /** Returns states in the order of their streams, which are the keys. */
    readonly list: (
      projection: string,
      page: PageRequest<EventId>
    ) => Effect.Effect<ReadonlyArray<Projected>, StoreError>
  }
>()("@turnout/ProjectionStore") {}
