/**
 * `turnout dlq`: the dead letters of an SQS queue, and sending them back.
 */
import type { DeadLetter, DeadLetters } from "@turnout/adapters/sqs/dead-letters"
import { OutboxOperations } from "@turnout/core/ports/OutboxOperations"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { InvalidInput } from "@turnout/core/application/InvalidInput"
import * as Database from "../Database.ts"
import { type ActorOptions, count, whoOf } from "../Operating.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as Sqs from "../Sqs.ts"

export interface QueueOptions extends Sqs.SqsOptions {
  /** The dead-letter queue. */
  readonly sqs: string
}

const open = (options: QueueOptions): Effect.Effect<DeadLetters, InvalidInput, Scope.Scope> =>
  Effect.flatMap(
    Effect.promise(() => import("@turnout/adapters/sqs/dead-letters")),
    ({ make }) => make(Sqs.connectionOf(options.sqs, options))
  )

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
  const items = await Effect.runPromise(
    Effect.scoped(Effect.flatMap(open(options), (letters) => letters.list(options.limit)))
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
  const moving = Effect.gen(function* () {
    const letters = yield* open(options)
    const operations = yield* OutboxOperations
    const bar = Progress.make(options, "{bar} {value} of about {total} dead letters")
    bar.start(only?.length ?? (yield* letters.count))
    let moved = 0
    const onMoved = (count: number) => {
      moved = count
      bar.update(count)
    }
    return yield* letters.redrive({ to, ...(only === undefined ? {} : { only }), onMoved }).pipe(
      // What was moved before a failure was moved.
      Effect.ensuring(
        Effect.suspend(() => {
          bar.stop()
          const details = { from: options.sqs, to, messages: moved }
          return Effect.orDie(operations.note(whoOf(options), "dlq.redrive", details))
        })
      )
    )
  })
  const moved = await Effect.runPromise(Effect.scoped(moving).pipe(Effect.provide(Database.stores(options))))
  Output.result(options, { moved }, () => [`${count(moved)} dead letters were moved to ${to}.`])
  return only === undefined || moved === only.length
}
