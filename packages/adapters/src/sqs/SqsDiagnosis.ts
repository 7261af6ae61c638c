/**
 * Facts about an SQS queue, as far as the credentials may see them. No message is received, and nothing is changed.
 */
import { GetQueueAttributesCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs"
import { decoder, type InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { QueueUnavailable } from "@turnout/core/consumer/ports/Queue"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as SqsConnection from "./SqsConnection.ts"

/** The queue that messages go to which were received too often. */
export interface DeadLetterQueue {
  readonly name: string
  /** After how many receptions a message is a dead letter. */
  readonly maxReceiveCount: number
  /** Its URL, and about how many dead letters wait there; `null` if that cannot be found out. */
  readonly url: string | null
  readonly waiting: number | null
}

export interface QueueFacts {
  readonly name: string
  readonly isFifo: boolean
  /** About how many messages wait, and how many have been received and not deleted. */
  readonly waiting: number
  readonly inHand: number
  /** How long a received message is hidden, and how long the queue keeps a message. */
  readonly visibilityMillis: number
  readonly retentionMillis: number
  /** `null` if the queue has no redrive policy. */
  readonly deadLetters: DeadLetterQueue | null
}

const decodeOptions: (input: unknown) => Effect.Effect<SqsConnection.ConnectionOptions, InvalidInput> = decoder(
  Schema.Struct(SqsConnection.connectionOptions).check(SqsConnection.ownClientOnly)
)

const RedrivePolicy = Schema.fromJsonString(
  Schema.Struct({
    deadLetterTargetArn: Schema.String,
    maxReceiveCount: Schema.Union([Schema.Number, Schema.NumberFromString])
  })
)
const decodePolicy = Schema.decodeUnknownOption(RedrivePolicy)

const SECOND_MILLIS = 1_000

const deadLettersOf = Effect.fnUntraced(function* (
  { request }: SqsConnection.Connection,
  policy: string | undefined
): Effect.fn.Return<DeadLetterQueue | null> {
  const decoded = Option.getOrUndefined(decodePolicy(policy))
  if (decoded === undefined) return null
  const [account, name = ""] = decoded.deadLetterTargetArn.split(":").slice(-2)
  const found = yield* Effect.option(
    Effect.gen(function* () {
      const { QueueUrl } = yield* request("looking for", (client, abortSignal) =>
        client.send(new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }), { abortSignal })
      )
      const { Attributes } = yield* request("looking at", (client, abortSignal) =>
        client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }), {
          abortSignal
        })
      )
      return { url: QueueUrl ?? null, waiting: Number(Attributes?.ApproximateNumberOfMessages ?? 0) }
    })
  )
  const { url, waiting } = Option.getOrElse(found, () => ({ url: null, waiting: null }))
  return { name, maxReceiveCount: decoded.maxReceiveCount, url, waiting }
})

/** Looks at a queue. */
export const look = Effect.fnUntraced(function* (
  options: SqsConnection.ConnectionOptions
): Effect.fn.Return<QueueFacts, InvalidInput | QueueUnavailable, Scope.Scope> {
  const decoded = yield* decodeOptions(options)
  const connection = yield* SqsConnection.make(decoded)
  const { Attributes = {} } = yield* connection.request("looking at", (client, abortSignal) =>
    client.send(new GetQueueAttributesCommand({ QueueUrl: decoded.queueUrl, AttributeNames: ["All"] }), { abortSignal })
  )
  const number = (name: keyof typeof Attributes): number => Number(Attributes[name] ?? 0)
  return {
    name: connection.queueName,
    isFifo: connection.isFifo,
    waiting: number("ApproximateNumberOfMessages"),
    inHand: number("ApproximateNumberOfMessagesNotVisible"),
    visibilityMillis: number("VisibilityTimeout") * SECOND_MILLIS,
    retentionMillis: number("MessageRetentionPeriod") * SECOND_MILLIS,
    deadLetters: yield* deadLettersOf(connection, Attributes.RedrivePolicy)
  }
})
