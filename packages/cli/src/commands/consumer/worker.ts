/**
 * `turnout worker`: a consumer, which deals with the messages of an SQS queue by the handlers of a module.
 *
 * The module's default export has a function for each type of journal event. The function gets the journal event, the message,
 * and `sql` to write with. Its writes are committed together with the record in the inbox that the message was dealt with, so
 * they happen once, however often the message arrives.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { queue, sqsEndpoint, sqsRegion } from "../../options/Sqs.ts"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import { JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import type { JournalEvent } from "@turnout/core/journal/domain/JournalEvent"
import type { Message } from "@turnout/core/delivery/domain/Message"
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
}

/** Runs a statement in the transaction of the inbox, and gives its rows. */
export type Sql = <Row = Record<string, unknown>>(
  text: string,
  parameters?: ReadonlyArray<unknown>
) => Promise<ReadonlyArray<Row>>

/** The function that the module exports for a type of journal event. */
export type Handler = (event: JournalEvent, context: { readonly message: Message; readonly sql: Sql }) => unknown

const GRACE_MILLIS = 10_000
const STOP_MILLIS = GRACE_MILLIS + 2_000

class HandlerFailed extends Error {
  override readonly name = "HandlerFailed"
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
    const sql: Sql = (text, parameters) =>
      Effect.runPromiseWith(context)(client.unsafe(text, parameters) as unknown as Effect.Effect<never, unknown>)
    yield* Effect.tryPromise({
      try: async () => handler(event, { message, sql }),
      catch: (cause) => new HandlerFailed(cause instanceof Error ? cause.message : String(cause), { cause })
    })
  })

export const worker = async (options: Database.GlobalOptions & WorkerOptions): Promise<boolean> => {
  const loaded = await load(options.handlers)
  const handlers = Object.fromEntries(
    Object.entries(loaded).map(([type, handler]) => [type, toEffect(handler)])
  ) as Consumer.Handlers<HandlerFailed, SqlClient.SqlClient>
  const working = Effect.gen(function* () {
    const { make } = yield* Effect.promise(() => import("@turnout/adapters/sqs/queue"))
    const queue = yield* make(Sqs.connectionOf(options.sqs, options))
    const { concurrency, consumer } = options
    const types = Object.keys(handlers)
    const leftAlone = JournalEventType.literals.filter((type) => !types.includes(type))
    Output.result(options, { consumer, queue: queue.name, types, leftAlone }, () => [
      Line.of`${Line.heading(`${consumer} takes messages from ${queue.name}`)}: ${types.join(", ")}`,
      ...(leftAlone.length === 0
        ? []
        : [`Left alone, with the messages after them in a FIFO queue: ${leftAlone.join(", ")}`]),
      "Ctrl-C stops it."
    ])
    return yield* Consumer.run(queue, handlers, { consumer, concurrency, graceMillis: GRACE_MILLIS })
  }).pipe(Effect.scoped, Effect.provide(Database.inbox(options)))
  return Running.untilStopped(options, working, STOP_MILLIS)
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
    .action(action(worker))
}
