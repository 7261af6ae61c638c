/**
 * The inbox: which messages a consumer has dealt with, so that each has one effect, however often it is delivered.
 *
 * The record is written in the transaction of the effect: both are there, or neither. Of two that deal with the same
 * message at the same time, one waits for the other, and does nothing if it succeeded.
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
     * Runs an effect, unless this consumer has dealt with the message before; tells whether it ran. What the effect writes
     * through the store's own client is part of the transaction. If it fails, nothing has changed, and nothing is recorded.
     * `key` tells the message: its id, and for one that was sent again on purpose the id of the replay as well.
     */
    readonly once: <E, R>(
      consumer: string,
      key: string,
      effect: Effect.Effect<unknown, E, R>
    ) => Effect.Effect<boolean, E | StoreError, R>
    /** Succeeds if what `once` writes would be taken. */
    readonly ready: Effect.Effect<void, StoreError>
    /** Forgets at most so many messages that were dealt with before a time; gives how many. */
    readonly forget: (before: Date, limit: number) => Effect.Effect<number, StoreError>
  }
>()("@turnout/Inbox") {}
