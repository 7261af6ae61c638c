/**
 * Projections as stores keep them: for each projection and stream, what has been made of the journal up to some version.
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
  /** The last entry of the stream that is in it. */
  readonly version: number
  /** As JSON. */
  readonly state: unknown
}

export class ProjectionStore extends Context.Service<
  ProjectionStore,
  {
    /**
     * Replaces the state of a stream by what `change` makes of it (`undefined` if there is none yet), all or nothing. Of two
     * that change the same stream, one waits for the other. What `change` reads of the store's journal has committed.
     */
    readonly update: <E, R>(
      projection: string,
      stream: EventId,
      change: (current: Projected | undefined) => Effect.Effect<Omit<Projected, "stream">, E, R>
    ) => Effect.Effect<void, E | StoreError, R>
    readonly get: (projection: string, stream: EventId) => Effect.Effect<Projected | undefined, StoreError>
    /** In the order of the streams, which are the keys. */
    readonly list: (
      projection: string,
      page: PageRequest<EventId>
    ) => Effect.Effect<ReadonlyArray<Projected>, StoreError>
  }
>()("@turnout/ProjectionStore") {}
