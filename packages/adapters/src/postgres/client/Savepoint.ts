/**
 * Savepoints in a transaction that something else than the `SqlClient` has begun.
 *
 * The client puts a transaction within one of its own under a savepoint. It knows nothing of one that a host has begun by its own
 * driver, so there Turnout sets the savepoints itself, one after the other: those of two pieces of work must not be nested.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"

/** Whether the open transaction was begun by the driver of a host. */
export const IsOfDriver = Context.Reference<boolean>("@turnout/IsOfDriver", { defaultValue: () => false })

const NAME = "turnout"

/** Carries out work under a savepoint, to which the transaction is set back if the work fails. */
export const around = <A, E, R>(
  connection: Connection,
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E | SqlError, R> => {
  const run = (text: string) => connection.executeUnprepared(text, [], undefined)
  const back = Effect.andThen(run(`ROLLBACK TO SAVEPOINT ${NAME}`), run(`RELEASE SAVEPOINT ${NAME}`))
  return Effect.uninterruptibleMask((restore) =>
    Effect.andThen(
      run(`SAVEPOINT ${NAME}`),
      Effect.onExit(restore(work), (exit) =>
        // A connection on which this fails is lost, and the transaction with it.
        Exit.isSuccess(exit) ? run(`RELEASE SAVEPOINT ${NAME}`) : Effect.ignore(back)
      )
    )
  )
}
