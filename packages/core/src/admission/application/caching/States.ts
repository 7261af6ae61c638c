/**
 * The states under which reads are kept, and what the store is asked for on the way: of those who ask at the same time, one asks for all.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import type { Coherence } from "../../../caching/application/Coherence.ts"
import * as Gathering from "../../../caching/application/Gathering.ts"
import * as ReadThrough from "../../../caching/application/ReadThrough.ts"
import type { EventId } from "../../../kernel/domain/EventId.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import type { Event } from "../../domain/model/Event.ts"
import type { EventReads } from "../../ports/EventReads.ts"
import * as Scopes from "./Scopes.ts"

export interface States {
  /** The state of a scope; `undefined` if it cannot be known now, so that nothing is kept. */
  readonly of: (scope: string) => Effect.Effect<ReadThrough.State | undefined>
  /** The state of an event: by its stamp, or else by its version, which the store tells. One that is not there has no version. */
  readonly ofEvent: (id: EventId) => Effect.Effect<ReadThrough.State | undefined, StoreError>
  /** Reads an event from the store. */
  readonly event: (id: EventId) => Effect.Effect<Event | undefined, StoreError>
}

/** One question about versions is under way at a time, so that many who ask share the next one. */
const VERSIONS = { atOnce: 1, most: 500 }
const EVENTS = { atOnce: 2, most: 200 }

export const make = Effect.fnUntraced(function* (
  reads: Pick<EventReads, "eventsOf" | "versionsOf">,
  coherence: Coherence
): Effect.fn.Return<States, never, Scope.Scope> {
  const runFork = yield* FiberSet.makeRuntime<never>()

  /** Asks for something of several events at once. */
  const gather = <A>(
    read: (ids: ReadonlyArray<EventId>) => Effect.Effect<ReadonlyMap<EventId, A>, StoreError>,
    options: Gathering.GatheringOptions
  ) =>
    Gathering.make<A | undefined, StoreError>(
      (asked) => {
        const ids = asked as ReadonlyArray<EventId>
        return Effect.map(read(ids), (found) => ids.map((id) => found.get(id)))
      },
      options,
      runFork
    )
  const version = gather(reads.versionsOf, VERSIONS)

  const of: States["of"] = (scope) => Effect.map(coherence.stamp(scope), (stamp) => stamp && ReadThrough.ofStamp(stamp))

  return {
    of,
    ofEvent: (id) =>
      Effect.flatMap(of(Scopes.ofEvent(id)), (state) =>
        state === undefined
          ? Effect.map(version(id), (text) => (text === undefined ? undefined : { text: `version ${text}` }))
          : Effect.succeed(state)
      ),
    event: gather(reads.eventsOf, EVENTS)
  }
})
