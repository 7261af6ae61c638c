/**
 * The common part of the operators' commands: the outbox, the principal, and the form of numbers and ids.
 */
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { decoder } from "@turnout/core/kernel/application/InvalidInput"
import { Uuid } from "@turnout/core/kernel/domain/Uuid"
import type { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { userInfo } from "node:os"
import { CliError } from "./CliError.ts"
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

export interface ActorOptions {
  readonly as?: string
}

/** The principal that the audit log names. A container may run as a user that has no name. */
export const whoOf = ({ as }: ActorOptions): string => {
  if (as !== undefined) return as
  try {
    return userInfo().username
  } catch {
    return process.env["USER"] || `user ${process.getuid?.() ?? "unknown"}`
  }
}

export const count = (number: number): string => number.toLocaleString("en")

const isEventId = Schema.is(EventId)

/** Reads the stream that an argument names. */
export const toStream = (text: string): EventId => {
  const stream = text.toLowerCase()
  if (!isEventId(stream))
    throw new CliError(`a stream is named by the id of its event, a UUID; got ${JSON.stringify(text)}`)
  return stream
}

const decodeId = decoder(Schema.Struct({ id: Uuid }))

/** Reads the UUID that an argument is. */
export const toId = (id: string): Promise<string> =>
  Logs.runPromise(
    {},
    Effect.map(decodeId({ id }), ({ id }) => id)
  )
