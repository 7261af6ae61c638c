/**
 * Work of Turnout in a transaction that a host has begun on a connection of its own driver.
 *
 * ```text
 *   host: BEGIN ─── its statements ─── turnout ─── its statements ─── COMMIT or ROLLBACK
 *                                        │
 *                                        ▼
 *                  on the same connection, each write under a savepoint, one at a time
 * ```
 *
 * What Turnout writes is committed and rolled back with everything else of the transaction.
 */
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { SqlClient } from "effect/sql/SqlClient"
import * as Savepoint from "../client/Savepoint.ts"
import { HOST_CLIENT_RULE, type HostClient, isHostClient } from "./HostClient.ts"
import * as HostConnection from "./HostConnection.ts"

/** The code of the server for a savepoint outside of a transaction. */
const NO_TRANSACTION = "25P01"

const refused = (rule: string) => new InvalidInput({ issues: [{ field: "client", rule }] })

const codeOf = (cause: unknown): unknown =>
  typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined

const isOutside = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  error._tag === "StoreError" &&
  codeOf((error as StoreError).reason.cause) === NO_TRANSACTION

/** Work on one connection is carried out one after the other, since the savepoints of two would be nested in any order. */
const turns = new WeakMap<object, Semaphore.Semaphore>()

const turnOn = (client: HostClient): Semaphore.Semaphore => {
  const made = turns.get(client) ?? Semaphore.makeUnsafe(1)
  turns.set(client, made)
  return made
}

/**
 * Carries out work whose statements go through the `SqlClient`, on the connection of the host. Fails with `InvalidInput` if it is no
 * such connection, or if no transaction is open there.
 */
export const join = <A, E, R>(
  sql: SqlClient,
  client: unknown,
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, E | InvalidInput, R> =>
  Effect.suspend((): Effect.Effect<A, E | InvalidInput, R> => {
    if (!isHostClient(client)) return Effect.fail(refused(HOST_CLIENT_RULE))
    const onHost = work.pipe(
      Effect.provideService(sql.transactionService, [HostConnection.make(client), 0]),
      Effect.provideService(Savepoint.IsOfDriver, true)
    )
    return Effect.catch(turnOn(client).withPermits(1)(onHost), (error) =>
      Effect.fail(isOutside(error) ? refused("must be in a transaction: send BEGIN on it first") : error)
    )
  })
