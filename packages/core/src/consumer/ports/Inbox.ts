/**
 * The inbox: which messages a consumer has dealt with, so that each has one effect, however often it is delivered.
 *
 * The record is written in the transaction of the effect: both are stored, or neither. If two consumers deal with the same
 * message at the same time, one waits for the other, and does nothing if the other succeeded.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { StoreError } from "../../kernel/ports/StoreError.ts"

export class Inbox extends Context.Service<
  Inbox,
  {
    /**
     * Runs an effect, unless this consumer has dealt with the message before; returns whether it ran. Writes of the effect
     * through the store's own client are part of the transaction. If the effect fails, nothing has changed, and nothing is
     * recorded. `key` identifies the message: its id, and for a message of a replay the id of the replay as well.
     */
    readonly once: <E, R>(
      consumer: string,
      key: string,
      effect: Effect.Effect<unknown, E, R>
    ) => Effect.Effect<boolean, E | StoreError, R>
    /** Succeeds if the store takes the writes of `once`. */
    readonly ready: Effect.Effect<void, StoreError>
    /** Forgets up to `limit` messages that were dealt with before this time; returns their number. */
    readonly forget: (before: Date, limit: number) => Effect.Effect<number, StoreError>
  }
>()("@turnout/Inbox") {}
