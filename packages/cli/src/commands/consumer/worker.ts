/**
 * `turnout worker`: a consumer, which deals with the messages of an SQS queue by the handlers of a module.
 *
 * The module's default export has a function for each type of journal event. The function gets the journal event, the message,
 * `sql` to write with, and a signal that says when it is given up. Its writes are committed together with the record in the
 * inbox that the message was dealt with, so they happen once, however often the message arrives.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { inboxTtl } from "../../options/Inbox.ts"
import { queue, sqsEndpoint, sqsRegion } from "../../options/Sqs.ts"
import { isSqlError, toStoreError } from "@turnout/adapters/postgres/sql-failure"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import { DEFAULT_INBOX_TTL_MILLIS } from "@turnout/core/consumer/application/InboxSweep"
import { type JournalEvent, JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import { DEFAULT_HANDLER_TIMEOUT_MILLIS, MAX_HANDLER_TIMEOUT_MILLIS } from "@turnout/core/consumer/ports/Inbox"
import type { Message } from "@turnout/core/delivery/domain/Message"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { CliError } from "../../CliError.ts"
import * as Database from "../../Database.ts"
import * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import * as Running from "../../Running.ts"
import * as Sqs from "../../sinks/Sqs.ts"

export interface WorkerOptions extends Sqs.SqsOptions {
  readonly sqs: string
  /** The file of the module. */
  readonly handlers: string
  readonly consumer: string
  readonly concurrency: number
  readonly handlerTimeout: number
  readonly shutdownGrace: number
  readonly inboxTtl: number
}

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

/** The time that rolling back, and giving messages back, may take after the grace of the handlers. */
const CLOSE_MILLIS = 2_000

class HandlerFailed extends Error {
  override readonly name = "HandlerFailed"

  constructor(cause: unknown) {
    const words = cause instanceof Error ? cause.message : String(cause)
    // The client says only that a query has failed; the server says more.
    super(isSqlError(cause) ? toStoreError(cause).words : words, { cause })
  }
}

const isType = Schema.is(JournalEventType)

const load = async (file: string): Promise<Readonly<Record<string, Handler>>> => {
  const url = pathToFileURL(resolve(file)).href
  const module = await import(url).catch((cause: unknown) => {
    throw new CliError(`cannot load ${file}: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  const handlers = (module as { readonly default?: unknown }).default
  if (handlers === null || typeof handlers !== "object")
    throw new CliError(`${file} must export an object by default, with a function for each type of journal event`)
  for (const [type, handler] of Object.entries(handlers)) {
    if (!isType(type)) throw new CliError(`${file}: there is no journal event of type ${type}; there are ${TYPES}`)
    if (typeof handler !== "function") throw new CliError(`${file}: ${type} must be a function`)
  }
  return handlers as Readonly<Record<string, Handler>>
}

const TYPES = JournalEventType.literals.join(", ")

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

/** Logs the failures of promises of handlers that nothing waits for, which would end the process, and with it other handlers. */
const unawaited = Effect.acquireRelease(
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

export const worker = async (options: Database.GlobalOptions & WorkerOptions): Promise<boolean> => {
  const loaded = await load(options.handlers)
  const handlers = Object.fromEntries(
    Object.entries(loaded).map(([type, handler]) => [type, toEffect(handler)])
  ) as Consumer.Handlers<HandlerFailed, SqlClient.SqlClient>
  const working = Effect.gen(function* () {
    const { make } = yield* Effect.promise(() => import("@turnout/adapters/sqs/queue"))
    const queue = yield* make(Sqs.connectionOf(options.sqs, options))
    yield* unawaited
    const { concurrency, consumer, handlerTimeout: handlerTimeoutMillis, shutdownGrace: graceMillis } = options
    const inboxTtlMillis = options.inboxTtl
    const types = Object.keys(handlers)
    const leftAlone = JournalEventType.literals.filter((type) => !types.includes(type))
    Output.result(options, { consumer, queue: queue.name, types, leftAlone }, () => [
      Line.of`${Line.heading(`${consumer} takes messages from ${queue.name}`)}: ${types.join(", ")}`,
      ...(leftAlone.length === 0
        ? []
        : [`Left alone, with the messages after them in a FIFO queue: ${leftAlone.join(", ")}`]),
      "Ctrl-C stops it."
    ])
    return yield* Consumer.run(queue, handlers, {
      consumer,
      concurrency,
      handlerTimeoutMillis,
      graceMillis,
      inboxTtlMillis
    })
  }).pipe(Effect.scoped, Effect.provide(Database.inbox(options)))
  return Running.untilStopped(options, working, options.shutdownGrace + CLOSE_MILLIS)
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  program
    .command("worker")
    .description("deal with the messages of an SQS queue, each once, by the handlers of a module")
    .addOption(queue("URL of the queue"))
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .requiredOption("--handlers <file>", "module whose default export has a function for each type of journal event")
    .requiredOption("--consumer <name>", "name of the consumer; consumers of one name share an inbox")
    .option("--concurrency <n>", "streams that are dealt with at the same time", wholeNumber(1, 1_000), 10)
    .option(
      "--handler-timeout <millis>",
      "longest time for one handler; after that its message has failed",
      wholeNumber(1_000, MAX_HANDLER_TIMEOUT_MILLIS),
      DEFAULT_HANDLER_TIMEOUT_MILLIS
    )
    .option(
      "--shutdown-grace <millis>",
      "time for running handlers to finish, on stop",
      wholeNumber(0, 600_000),
      10_000
    )
    .addOption(inboxTtl().default(DEFAULT_INBOX_TTL_MILLIS))
    .action(action(worker))
}
