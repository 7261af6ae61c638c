/**
 * Taking messages from an SQS queue: FIFO if its name ends in `.fifo`, standard otherwise.
 *
 * A request to receive waits for messages for a while (`waitSeconds`), so an empty queue costs little. A FIFO queue gives the
 * messages of a group in order, and none while an earlier one is hidden; in a standard queue every message is on its own.
 * Requests about several messages go in batches of ten, and every entry's own result counts: a message that could not be hidden
 * in time, or not deleted, is reported, and comes again.
 *
 * The queue itself makes dead letters: its redrive policy says after how many receptions a message is one.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand
} from "@aws-sdk/client-sqs"
import { decoder, type InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import type { Queue, QueueUnavailable, ReceivedMessage } from "@turnout/core/consumer/ports/Queue"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { between } from "@turnout/core/kernel/domain/rules/OptionRules"
import * as SqsConnection from "./SqsConnection.ts"
import { TRACE_PARENT } from "./SqsEntry.ts"

const { MAX_ENTRIES } = SqsConnection

export interface SqsQueueOptions extends SqsConnection.ConnectionOptions {
  /** How long a received message is hidden. Default: the visibility time-out of the queue. */
  readonly visibilityMillis?: number
  /** How long to wait for messages, 0 to 20 seconds. Default 5. */
  readonly waitSeconds?: number
}

/** The limits of SQS. */
const MAX_WAIT_SECONDS = 20
const MAX_VISIBILITY_SECONDS = 12 * 60 * 60

/** The rules of `SqsQueueOptions`. */
export const SqsQueueOptions = Schema.Struct({
  ...SqsConnection.connectionOptions,
  visibilityMillis: between(1_000, MAX_VISIBILITY_SECONDS * 1_000),
  waitSeconds: between(0, MAX_WAIT_SECONDS)
}).check(SqsConnection.ownClientOnly)

const decodeOptions: (input: unknown) => Effect.Effect<SqsQueueOptions, InvalidInput> = decoder(SqsQueueOptions)

const toReceived = ({
  Attributes = {},
  Body = "",
  MessageAttributes = {},
  ReceiptHandle = ""
}: Message): ReceivedMessage => {
  const traceParent = MessageAttributes[TRACE_PARENT]?.StringValue
  return {
    receipt: ReceiptHandle,
    body: Body,
    group: Attributes.MessageGroupId ?? null,
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
    ...(traceParent === undefined ? {} : { traceParent })
  }
}

/** The result of a batch request, whose entries are numbered. */
interface BatchResult {
  readonly Successful?: ReadonlyArray<{ readonly Id?: string | undefined }> | undefined
}

/** A queue, for as long as the scope is open. Fails with `QueueUnavailable` if it cannot be asked for its time-out. */
export const make = Effect.fnUntraced(function* (
  options: SqsQueueOptions
): Effect.fn.Return<Queue, InvalidInput | QueueUnavailable, Scope.Scope> {
  const decoded = yield* decodeOptions(options)
  const { queueUrl: QueueUrl, waitSeconds = 5 } = decoded
  const connection = yield* SqsConnection.make(decoded)
  const { isFifo, queueName, request } = connection

  const timeOutOfQueue = Effect.map(
    request("looking at", (client, abortSignal) =>
      client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["VisibilityTimeout"] }), { abortSignal })
    ),
    ({ Attributes }) => Number(Attributes?.VisibilityTimeout ?? 30) * 1_000
  )
  const visibilityMillis = decoded.visibilityMillis ?? (yield* timeOutOfQueue)
  const seconds = (millis: number) => Math.min(MAX_VISIBILITY_SECONDS, Math.ceil(millis / 1_000))

  /** Makes requests about messages, ten at a time, and returns the receipts of those for which it was not done. */
  const each = (
    receipts: ReadonlyArray<string>,
    ask: (batch: ReadonlyArray<string>) => Effect.Effect<BatchResult, QueueUnavailable>
  ) =>
    Effect.map(
      Effect.forEach(Arr.chunksOf(receipts, MAX_ENTRIES), (batch) =>
        Effect.map(ask(batch), ({ Successful = [] }) => {
          const done = new Set(Successful.map(({ Id }) => Id))
          return batch.filter((_, index) => !done.has(String(index)))
        })
      ),
      (undone) => undone.flat()
    )

  return {
    name: `sqs:${queueName}`,
    visibilityMillis,
    receive: (max) =>
      Effect.map(
        request(
          "receiving from",
          (client, abortSignal) =>
            client.send(
              new ReceiveMessageCommand({
                QueueUrl,
                MaxNumberOfMessages: Math.min(max, MAX_ENTRIES),
                VisibilityTimeout: seconds(visibilityMillis),
                WaitTimeSeconds: waitSeconds,
                MessageSystemAttributeNames: [
                  "ApproximateReceiveCount",
                  ...(isFifo ? (["MessageGroupId"] as const) : [])
                ],
                MessageAttributeNames: [TRACE_PARENT]
              }),
              { abortSignal }
            ),
          waitSeconds * 1_000
        ),
        ({ Messages = [] }) => Messages.map(toReceived)
      ),
    hide: (receipts, millis) =>
      each(receipts, (batch) =>
        request("hiding messages of", (client, abortSignal) =>
          client.send(
            new ChangeMessageVisibilityBatchCommand({
              QueueUrl,
              Entries: batch.map((ReceiptHandle, index) => ({
                Id: String(index),
                ReceiptHandle,
                VisibilityTimeout: seconds(millis)
              }))
            }),
            { abortSignal }
          )
        )
      ),
    remove: (receipts) =>
      each(receipts, (batch) =>
        request("deleting messages of", (client, abortSignal) =>
          client.send(
            new DeleteMessageBatchCommand({
              QueueUrl,
              Entries: batch.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }))
            }),
            { abortSignal }
          )
        )
      )
  }
})
