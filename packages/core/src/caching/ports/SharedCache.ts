/**
 * What processes share, outside of the database, about what they have read: stamps of scopes, and values.
 *
 * A scope is what changes together, such as an event with its registrations. A stamp names a state of a scope: it is made by the first
 * process that asks for it, and taken away whenever the scope has changed. What was read under a stamp is right for as long as the stamp
 * is there, and nothing has to be found and deleted. The cache may lose anything at any time.
 *
 * Nothing here is believed by itself: `Coherence` says when it is.
 */
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import type * as Effect from "effect/Effect"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

/** The cache has not done what it was asked for, or it is not known whether it has. */
export class SharedCacheError extends TaggedError<SharedCacheError>()("SharedCacheError", { cause: Schema.Defect() }) {}

/** Scopes of a generation. Neither names of scopes nor keys of values can be read in the cache: they may be addresses of people. */
export interface SharedCache {
  /**
   * Returns the stamps of scopes, in their order, and makes those that are missing; and the server that has done this. A server that
   * was started again is another one.
   */
  readonly stamps: (
    generation: string,
    scopes: ReadonlyArray<string>
  ) => Effect.Effect<{ readonly server: string; readonly stamps: ReadonlyArray<string> }, SharedCacheError>
  /** Takes the stamps of scopes away, all or none, and returns the server that has done this. */
  readonly forget: (generation: string, scopes: ReadonlyArray<string>) => Effect.Effect<string, SharedCacheError>
  /** Returns a value that was kept, and for how many more milliseconds it is; `undefined` if there is none. */
  readonly value: (
    generation: string,
    key: string
  ) => Effect.Effect<{ readonly text: string; readonly leftMillis: number } | undefined, SharedCacheError>
  /** Keeps a value for some milliseconds. */
  readonly keep: (
    generation: string,
    key: string,
    text: string,
    millis: number
  ) => Effect.Effect<void, SharedCacheError>
  /** Claims a task for some milliseconds. Returns false if it is claimed already. */
  readonly claim: (generation: string, task: string, millis: number) => Effect.Effect<boolean, SharedCacheError>
}

/** The cache that processes share; `undefined` if there is none. */
export const CurrentSharedCache = Context.Reference<SharedCache | undefined>("@turnout/SharedCache", {
  defaultValue: () => undefined
})
