/**
 * The generation of what processes share in a cache: which stamps are believed, and on which server.
 *
 * A cache that several processes share can be away for one of them and there for another, can come back with what it had minutes ago, and
 * can be two servers at once while it fails over. So the database that is written to decides which of it is believed, and a process that
 * cannot tell the cache of a change replaces the generation: see `Coherence`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

export interface Generation {
  /** Never used again. */
  readonly id: string
  /** The server that has the stamps of this generation; `null` if nothing is shared. */
  readonly server: string | null
  /**
   * Whether nobody believes in an earlier one any more. Only then are its own stamps believed; changes are told to it from the beginning.
   */
  readonly isSettled: boolean
  /** How long it has been there, in milliseconds. */
  readonly ageMillis: number
}

export class Generations extends Context.Service<
  Generations,
  {
    /** The generation as committed at the moment of asking; `null` if there never was one. */
    readonly current: Effect.Effect<Generation | null, StoreError>
    /** Puts another generation, which is not settled, in the place of whichever is there. May be done twice. */
    readonly replace: (next: Pick<Generation, "id" | "server">) => Effect.Effect<void, StoreError>
    /** The same if the generation that is there is `expected`, or if there is none and that is `null`; else changes nothing. */
    readonly propose: (
      next: Pick<Generation, "id" | "server">,
      expected: string | null
    ) => Effect.Effect<void, StoreError>
    /** Says that the generation with this id is settled, if it is still there. */
    readonly settle: (id: string) => Effect.Effect<void, StoreError>
  }
>()("@turnout/Generations") {}
