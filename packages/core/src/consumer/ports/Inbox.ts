/**
 * The inbox: which messages a consumer has dealt with, so that each has one effect, however often it is delivered.
 *
 * The record is written in the transaction of the effect: both are stored, or neither. If two consumers deal with the same
 * message at the same time, one waits for the other, and does nothing if the other succeeded.
 *
 * Records do not stay for ever: `forget` deletes old ones, and the guarantee ends with the record of a message.
 *
 * An effect has a limit of time. Once it is over, nothing of the effect is stored, and its result is thrown away.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { Swept } from "../../kernel/ports/Swept.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"

/**
 * How long an effect may run, unless its caller says otherwise: longer than the 30 seconds after which a statement of the
 * stores, and most clients of other services, give up by themselves and say why.
 */
export const DEFAULT_HANDLER_TIMEOUT_MILLIS = 60_000

/** The longest limit of a handler: its transaction keeps a store from cleaning up for as long. */
export const MAX_HANDLER_TIMEOUT_MILLIS = 60 * 60 * 1_000

/** An effect has run for longer than it may. Nothing of it was stored. */
export class HandlerTimedOut extends TaggedError<HandlerTimedOut>()("HandlerTimedOut", {
  timeoutMillis: Schema.Finite
}) {
  override get message(): string {
    return `The handler did not end within ${this.timeoutMillis} ms, and was given up; nothing of it was stored.`
  }
}

export class Inbox extends Context.Service<
  Inbox,
  {
    /**
     * Runs an effect, unless this consumer has dealt with the message before; returns whether it ran. Writes of the effect
     * through the store's own client are part of the transaction. If the effect fails, nothing has changed, and nothing is
     * recorded. `key` identifies the message: its id, and for a message of a replay the id of the replay as well.
     *
     * An effect that runs for longer than `timeoutMillis` (default 60,000) is interrupted, and fails with `HandlerTimedOut`
     * whether it ends or not. The store waits for it for as long. Waiting for the store itself does not count.
     *
     * A `StoreError` is the failure of the store if it is `Unavailable` or `NotMigrated`, and that of the effect if it is
     * `Unexpected`: the store has refused to commit what it wrote. After `Contention`, the same effect may succeed.
     */
    readonly once: <E, R>(
      consumer: string,
      key: string,
      effect: Effect.Effect<unknown, E, R>,
      timeoutMillis?: number
    ) => Effect.Effect<boolean, E | HandlerTimedOut | StoreError, R>
    /** Succeeds if the store takes the writes of `once`. */
    readonly ready: Effect.Effect<void, StoreError>
    /**
     * A step of the sweep that forgets the messages which this consumer (`null`: any consumer) dealt with at least `ageMillis`
     * ago, by the store's clock. A message that comes again afterwards is dealt with again. Messages of a replay that is in the
     * same store, and is running or stopped, are not forgotten: it may send them again.
     */
    readonly forget: (consumer: string | null, ageMillis: number) => Effect.Effect<Swept, StoreError>
  }
>()("@turnout/Inbox") {}
