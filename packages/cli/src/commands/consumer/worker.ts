/**
 * `turnout worker`: a consumer, which deals with the messages of an SQS queue by the handlers of a module.
 *
 * The writes of a handler (see `HandlerModule`) are committed together with the record in the inbox that the message was dealt
 * with, so they happen once, however often the message arrives.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import * as Activity from "../../activity/Activity.ts"
import * as ConsumerActivity from "../../activity/ConsumerActivity.ts"
import * as Metrics from "../../activity/Metrics.ts"
import { quiet } from "../../activity/Quiet.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { inboxTtl } from "../../options/Inbox.ts"
import { queue, sqsEndpoint, sqsRegion } from "../../options/neighbours/Sqs.ts"
import * as Consumer from "@turnout/core/consumer/application/Consumer"
import { JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import { MAX_HANDLER_TIMEOUT_MILLIS } from "@turnout/core/consumer/ports/Inbox"
import * as Effect from "effect/Effect"
import * as Database from "../../Database.ts"
import * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import * as Running from "../../Running.ts"
import * as Sqs from "../../sinks/Sqs.ts"
import * as HandlerModule from "./HandlerModule.ts"

export interface WorkerOptions extends Sqs.SqsOptions, Metrics.MetricsOptions {
  readonly sqs: string
  /** The file of the module. */
  readonly handlers: string
  readonly consumer: string
  readonly concurrency: number
  readonly handlerTimeout: number
  readonly shutdownGrace: number
  readonly inboxTtl: number
  readonly quiet?: boolean
}

/** The time that rolling back, and giving messages back, may take after the grace of the handlers. */
const CLOSE_MILLIS = 2_000

export const worker = async (options: Database.GlobalOptions & WorkerOptions): Promise<boolean> => {
  const handlers = await HandlerModule.open(options.handlers)
  const working = Effect.gen(function* () {
    const metrics = yield* Metrics.serve(options)
    const { make } = yield* Effect.promise(() => import("@turnout/adapters/sqs/queue"))
    const queue = yield* make(Sqs.connectionOf(options.sqs, options))
    yield* HandlerModule.unawaited
    const { concurrency, consumer, handlerTimeout: handlerTimeoutMillis, shutdownGrace: graceMillis } = options
    const inboxTtlMillis = options.inboxTtl
    const types = Object.keys(handlers)
    const leftAlone = JournalEventType.literals.filter((type) => !types.includes(type))
    const database = Database.describe(options)
    const told = { consumer, queue: queue.name, types, leftAlone, database, concurrency, metrics: metrics ?? null }
    const lines = [
      Line.of`${Line.heading(`${consumer} takes messages from ${queue.name}`)}: ${types.join(", ")}`,
      ...(leftAlone.length === 0
        ? []
        : [`Left alone, with the messages after them in a FIFO queue: ${leftAlone.join(", ")}`]),
      `  Database     ${database}`,
      `  Concurrency  ${concurrency} streams at the same time`,
      ...(metrics === undefined ? [] : [`  Metrics      ${metrics}`]),
      "Ctrl-C stops it."
    ]
    if (options.json === true || options.quiet !== true) Output.result(options, told, () => lines)
    return yield* Consumer.run(queue, handlers, {
      consumer,
      concurrency,
      handlerTimeoutMillis,
      graceMillis,
      inboxTtlMillis
    })
  }).pipe(Effect.scoped, Effect.provide(Database.inbox(options)))
  return Running.untilStopped(
    options,
    Activity.around(ConsumerActivity.activity, working),
    options.shutdownGrace + CLOSE_MILLIS
  )
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const command = program
    .command("worker")
    .description("deal with the messages of an SQS queue, each once, by the handlers of a module")
    .addOption(queue("URL of the queue"))
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .requiredOption("--handlers <file>", "module whose default export has a function for each type of journal event")
    .requiredOption("--consumer <name>", "name of the consumer; consumers of one name share an inbox")
    .option(
      "--concurrency <n>",
      "streams that are dealt with at the same time",
      wholeNumber(1, 1_000),
      Consumer.DEFAULTS.concurrency
    )
    .option(
      "--handler-timeout <millis>",
      "longest time for one handler; after that its message has failed",
      wholeNumber(1_000, MAX_HANDLER_TIMEOUT_MILLIS),
      Consumer.DEFAULTS.handlerTimeoutMillis
    )
    .option(
      "--shutdown-grace <millis>",
      "time for running handlers to finish, on stop",
      wholeNumber(0, 600_000),
      Consumer.DEFAULTS.graceMillis
    )
    .addOption(quiet())
    .addOption(inboxTtl().default(Consumer.DEFAULTS.inboxTtlMillis))
  Metrics.declare(command).action(action(worker))
}
