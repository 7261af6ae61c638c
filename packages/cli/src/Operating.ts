/**
 * Effects of operators on the outbox and its replays, in the database of the options.
 */
import type { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import * as Effect from "effect/Effect"
import * as Database from "./Database.ts"
import * as Logs from "./output/Logs.ts"
import * as Steps from "./Steps.ts"
import type { SoFar } from "./Stopped.ts"

/** Runs an effect of `OutboxAdministration` to its end. */
export const useOutbox = <A, E>(
  options: Database.GlobalOptions,
  work: Effect.Effect<A, E, OutboxOperations | AuditLog>
): Promise<A> => Logs.runPromise(options, Effect.provide(work, Database.stores(options)))

/** Runs an effect that uses `OutboxOperations` to its end. */
export const withOutbox = <A, E>(
  options: Database.GlobalOptions,
  work: (operations: OutboxOperations["Service"]) => Effect.Effect<A, E>
): Promise<A> => useOutbox(options, OutboxOperations.use(work))

/** Runs an effect that changes the outbox in several steps. */
export const changeOutbox = <A, E>(
  options: Database.GlobalOptions,
  work: Effect.Effect<A, E, OutboxOperations | AuditLog>,
  soFar: () => SoFar | undefined
): Promise<A> => Steps.run(options, Effect.provide(work, Database.stores(options)), soFar)

/** Runs an effect that uses `Replays` to its end. */
export const withReplays = <A, E>(
  options: Database.GlobalOptions,
  work: (replays: Replays["Service"]) => Effect.Effect<A, E>
): Promise<A> => Logs.runPromise(options, Effect.provide(Replays.use(work), Database.stores(options)))
