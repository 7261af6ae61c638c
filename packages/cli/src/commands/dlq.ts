/**
 * `turnout dlq`: the dead letters of an SQS queue, and sending them back.
 */
import * as Redriving from "@turnout/core/application/Redriving"
import type { DeadLetter } from "@turnout/core/ports/DeadLetters"
import * as Effect from "effect/Effect"
import * as Database from "../Database.ts"
import { type ActorOptions, count, whoOf } from "../Operating.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as Sqs from "../Sqs.ts"

export interface QueueOptions extends Sqs.SqsOptions {
  /** The dead-letter queue. */
  readonly sqs: string
}

const row = ({ body, group, id, message, receiveCount, sentAt }: DeadLetter) => [
  message?.id ?? id,
  message === null ? "" : `${message.type} (version ${message.version})`,
  group ?? "",
  receiveCount,
  sentAt.toISOString(),
  Output.shortened(body, 40)
]

export const list = async (
  options: Database.GlobalOptions & QueueOptions & { readonly limit: number }
): Promise<boolean> => {
  const { reader } = await Sqs.deadLetters()
  const items = await Effect.runPromise(
    Effect.scoped(Effect.flatMap(reader(Sqs.connectionOf(options.sqs, options)), ({ list }) => list(options.limit)))
  )
  Output.result(options, { items }, () =>
    items.length === 0
      ? [`There are no dead letters in ${options.sqs}.`]
      : [Output.table(["message", "type", "group", "received", "sent", "body"], items.map(row))]
  )
  return true
}

export const redrive = async (
  options: Database.GlobalOptions &
    ActorOptions &
    QueueOptions & { readonly to: string; readonly message?: ReadonlyArray<string> }
): Promise<boolean> => {
  const { message: only, to } = options
  const { make } = await Sqs.deadLetters()
  const moving = Effect.gen(function* () {
    const letters = yield* make({ ...Sqs.connectionOf(options.sqs, options), to })
    const bar = Progress.make(options, "{bar} {value} of about {total} dead letters")
    bar.start(only?.length ?? (yield* letters.count))
    const asked = { ...(only === undefined ? {} : { only }), onMoved: (moved: number) => bar.update(moved) }
    return yield* Effect.ensuring(
      Redriving.redrive(letters, asked, whoOf(options)),
      Effect.sync(() => bar.stop())
    )
  })
  const moved = await Effect.runPromise(Effect.scoped(moving).pipe(Effect.provide(Database.stores(options))))
  Output.result(options, { moved }, () => [`${count(moved)} dead letters were moved to ${to}.`])
  return only === undefined || moved === only.length
}
