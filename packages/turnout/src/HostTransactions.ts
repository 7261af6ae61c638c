/**
 * Work in a transaction that the host has begun on a connection of its own.
 */
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** The service that carries out work on a connection of the host. Which connections there are is said by `HostClient`. */
export class HostTransactions extends Context.Service<
  HostTransactions,
  { readonly join: <A, E, R>(client: unknown, work: Effect.Effect<A, E, R>) => Effect.Effect<A, E | InvalidInput, R> }
>()("@turnout/HostTransactions") {}

/** For databases that only this process can reach: a host cannot have begun a transaction there. */
export const unreachable = (database: string): HostTransactions["Service"] => ({
  join: () =>
    Effect.fail(
      new InvalidInput({
        issues: [{ field: "client", rule: `cannot be used with ${database}: it needs the URL of a server, or a pool` }]
      })
    )
})
