/**
 * `turnout dlq`: lists the dead letters of an SQS queue, and moves them back.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import { limit } from "../../options/Paging.ts"
import { queue, sqsEndpoint, sqsRegion } from "../../options/neighbours/Sqs.ts"
import * as Redriving from "@turnout/core/consumer/application/Redriving"
import { type DeadLetter, isWanted } from "@turnout/core/consumer/ports/DeadLetters"
import * as Effect from "effect/Effect"
import * as Database from "../../Database.ts"
import * as Logs from "../../output/Logs.ts"
import * as Output from "../../output/Output.ts"
import * as Progress from "../../output/Progress.ts"
import * as Table from "../../output/Table.ts"
import { count, time } from "../../output/Words.ts"
import * as NamedQueue from "../../sinks/NamedQueue.ts"
import * as Sqs from "../../sinks/Sqs.ts"
import * as Steps from "../../Steps.ts"

export interface QueueOptions extends Sqs.SqsOptions {
  /** The dead-letter queue. */
  readonly sqs: string
}

const row = ({ body, group, id, message, receiveCount, sentAt }: DeadLetter) => [
  message?.id ?? id,
  message === null ? "" : `${message.type} (version ${message.version})`,
  group ?? "",
  count(receiveCount),
  time(sentAt),
  body
]

const HEAD = [
  "message",
  Table.text("type"),
  Table.spare("group"),
  Table.spare("received"),
  Table.spare("sent"),
  Table.text("body")
]

export const list = async (
  options: Database.GlobalOptions & QueueOptions & { readonly limit: number }
): Promise<boolean> => {
  const { reader } = await Sqs.deadLetters()
  const items = await Logs.runPromise(
    options,
    Effect.scoped(Effect.flatMap(reader(Sqs.connectionOf(options.sqs, options)), ({ list }) => list(options.limit)))
  )
  Output.result(options, { items }, () =>
    items.length === 0 ? [`There are no dead letters in ${options.sqs}.`] : Table.lines(HEAD, items.map(row))
  )
  return true
}

export const redrive = async (
  options: Database.GlobalOptions &
    ActorOptions &
    QueueOptions & { readonly to: string; readonly message?: ReadonlyArray<string> }
): Promise<boolean> => {
  const { to } = options
  const only = options.message === undefined ? undefined : [...new Set(options.message)]
  const { make } = await Sqs.deadLetters()
  const moved: Array<DeadLetter> = []
  /** The messages that were asked for and not moved. */
  const missing = () => (only ?? []).filter((id) => !moved.some((letter) => isWanted(letter, { only: [id] })))
  const lines = () => [`${count(moved.length)} dead letters were moved to ${to}.`]
  const soFar = () => ({
    document: { moved: moved.length, ...(missing().length === 0 ? {} : { notDone: missing() }) },
    lines: lines(),
    next: "The same command goes on with the rest."
  })
  const moving = Effect.gen(function* () {
    const letters = yield* make({ ...Sqs.connectionOf(options.sqs, options), to })
    const bar = Progress.make(options, "{bar} {value} of about {total} dead letters")
    bar.start(only?.length ?? (yield* letters.count))
    const onMoved = (number: number, letter: DeadLetter) => {
      moved.push(letter)
      bar.update(number)
    }
    return yield* Effect.ensuring(
      Redriving.redrive(letters, { ...(only === undefined ? {} : { only }), onMoved }, whoOf(options)),
      Effect.sync(() => bar.stop())
    )
  })
  const work = Effect.scoped(moving).pipe(Effect.provide(Database.stores(options)))
  await Steps.run(options, work, () => (moved.length === 0 ? undefined : soFar()))
  const notFound = missing()
  Output.warnings(notFound.map((id) => [id, "is not among the dead letters"]))
  Output.changed(options, { moved: moved.length, ...(notFound.length === 0 ? {} : { notFound }) }, lines)
  return notFound.length === 0
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const dlq = program.command("dlq").description("look at the dead letters of an SQS queue, and send them back")
  dlq
    .command("list")
    .description("show dead letters; they are hidden from other readers meanwhile")
    .addOption(queue("URL of the dead-letter queue"))
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .addOption(limit())
    .action(action(list))
  dlq
    .command("redrive")
    .description("move dead letters to another queue")
    .addOption(queue("URL of the dead-letter queue"))
    .requiredOption("--to <url>", "URL of the queue to move them to", NamedQueue.parseUrl)
    .option("--message <id...>", "only those (default: all)")
    .addOption(sqsEndpoint())
    .addOption(sqsRegion())
    .addOption(as())
    .action(action(redrive))
}
