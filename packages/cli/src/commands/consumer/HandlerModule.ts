/**
 * The module with the handlers of a worker.
 *
 * Its default export has a function for each type of journal event. The function gets the journal event, the message, `sql` to
 * write with, and a signal that says when it is given up.
 */
import { isSqlError, toStoreError } from "@turnout/adapters/postgres/sql-failure"
import type * as Consumer from "@turnout/core/consumer/application/Consumer"
import type { Message } from "@turnout/core/delivery/domain/Message"
import { type JournalEvent, JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { CliError } from "../../CliError.ts"

/** Runs a statement in the transaction of the inbox, and gives its rows. */
export type Sql = <Row = Record<string, unknown>>(
  text: string,
  parameters?: ReadonlyArray<unknown>
) => Promise<ReadonlyArray<Row>>

/** What a handler gets besides the journal event. The signal is aborted when the handler is given up. */
export interface HandlerContext {
  readonly message: Message
  readonly sql: Sql
  readonly signal: AbortSignal
}

/** The function that the module exports for a type of journal event. */
export type Handler = (event: JournalEvent, context: HandlerContext) => unknown

/** The handler has thrown, or its promise was rejected. */
export class HandlerFailed extends Error {
  override readonly name = "HandlerFailed"

  constructor(cause: unknown) {
    const words = cause instanceof Error ? cause.message : String(cause)
    // The client says only that a query has failed; the server says more.
    super(isSqlError(cause) ? toStoreError(cause).words : words, { cause })
  }
}

const TYPES = JournalEventType.literals.join(", ")

const isType = Schema.is(JournalEventType)

/** Imports the module. Rejects with a `CliError` if it cannot be loaded, or exports something else than handlers. */
const load = async (file: string): Promise<Readonly<Record<string, Handler>>> => {
  const url = pathToFileURL(resolve(file)).href
  const module = await import(url).catch((cause: unknown) => {
    throw new CliError(`cannot load ${file}: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  const handlers = (module as { readonly default?: unknown }).default
  if (handlers === null || typeof handlers !== "object" || Array.isArray(handlers))
    throw new CliError(`${file} must export an object by default, with a function for each type of journal event`)
  if (Object.keys(handlers).length === 0)
    throw new CliError(
      `${file}: its default export has no handler, so every message would be left alone; ` +
        `it must have a function for one type of journal event at least: ${TYPES}`
    )
  for (const [type, handler] of Object.entries(handlers)) {
    if (!isType(type)) throw new CliError(`${file}: there is no journal event of type ${type}; there are ${TYPES}`)
    if (typeof handler !== "function") throw new CliError(`${file}: ${type} must be a function`)
  }
  return handlers as Readonly<Record<string, Handler>>
}

const toEffect = (handler: Handler) => (event: JournalEvent, message: Message) =>
  Effect.gen(function* () {
    const client = (yield* SqlClient.SqlClient).withoutTransforms()
    const context = yield* Effect.context<never>()
    const sql: Sql = (text, parameters) => {
      const rows = Effect.runPromiseWith(context)(
        client.unsafe(text, parameters) as unknown as Effect.Effect<never, unknown>
      )
      // A statement that fails without being waited for ends no process: the transaction does not commit.
      rows.catch(() => {})
      return rows
    }
    yield* Effect.tryPromise({
      try: async (signal) => handler(event, { message, sql, signal }),
      catch: (cause) => new HandlerFailed(cause)
    })
  })

/** The handlers of the module in a file, as the consumer runs them. Rejects as `load` does. */
export const open = async (file: string): Promise<Consumer.Handlers<HandlerFailed, SqlClient.SqlClient>> =>
  Object.fromEntries(Object.entries(await load(file)).map(([type, handler]) => [type, toEffect(handler)]))

/** Logs the failures of promises of handlers that nothing waits for, which would end the process, and with it other handlers. */
export const unawaited = Effect.acquireRelease(
  Effect.map(Effect.context<never>(), (context) => {
    const log = (reason: unknown) => {
      const failed = Effect.logError("a promise of a handler has failed, and nothing waited for it", Cause.die(reason))
      Effect.runForkWith(context)(failed)
    }
    process.on("unhandledRejection", log)
    return log
  }),
  (log) => Effect.sync(() => process.off("unhandledRejection", log))
)
