/**
 * The dead letters of an SQS queue: messages that its redrive policy has given up on.
 *
 * SQS shows messages only by receiving them, so looking hides them from others for a short while, and counts as a reception.
 * From a FIFO queue no more than the first of each group may be seen at a time; they are moved in order all the same.
 *
 * The body, the attributes and the group of a message that is moved stay; its de-duplication id is that of the dead letter, so
 * that sending it again within five minutes has no effect.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message as SqsMessage,
  ReceiveMessageCommand,
  SendMessageCommand
} from "@aws-sdk/client-sqs"
import { decoder, type InvalidInput } from "@turnout/core/application/InvalidInput"
import { fromJson } from "@turnout/core/domain/Message"
import { type DeadLetter, type DeadLetterReader, type DeadLetters, isWanted } from "@turnout/core/ports/DeadLetters"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as SqsConnection from "./SqsConnection.ts"

export interface DeadLetterOptions extends SqsConnection.ConnectionOptions {
  /** URL of the queue to move them to. */
  readonly to: string
}

const { MAX_ENTRIES } = SqsConnection
/** How long messages are hidden while they are looked at, and moved. */
const VISIBILITY_SECONDS = 60
const WAIT_SECONDS = 1

const decodeOptions: (input: unknown) => Effect.Effect<SqsConnection.ConnectionOptions, InvalidInput> = decoder(
  Schema.Struct(SqsConnection.connectionOptions).check(SqsConnection.ownClientOnly)
)
const decodeTo = decoder(Schema.Struct({ to: SqsConnection.connectionOptions.queueUrl }))

const toDeadLetter = ({ Attributes = {}, Body = "", MessageId = "" }: SqsMessage): DeadLetter => ({
  id: MessageId,
  group: Attributes.MessageGroupId ?? null,
  sentAt: new Date(Number(Attributes.SentTimestamp ?? 0)),
  receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
  body: Body,
  message: Result.getOrNull(fromJson(Body))
})

/** What reading and moving have in common. */
const open = Effect.fnUntraced(function* (options: SqsConnection.ConnectionOptions) {
  const decoded = yield* decodeOptions(options)
  const { queueUrl: QueueUrl } = decoded
  const { queueName, request } = yield* SqsConnection.make(decoded)

  const receive = Effect.map(
    request(
      "receiving from",
      (client, abortSignal) =>
        client.send(
          new ReceiveMessageCommand({
            QueueUrl,
            MaxNumberOfMessages: MAX_ENTRIES,
            VisibilityTimeout: VISIBILITY_SECONDS,
            WaitTimeSeconds: WAIT_SECONDS,
            MessageAttributeNames: ["All"],
            MessageSystemAttributeNames: ["All"]
          }),
          { abortSignal }
        ),
      WAIT_SECONDS * 1_000
    ),
    ({ Messages = [] }) => Messages
  )

  const showAgain = (hidden: ReadonlyArray<SqsMessage>) =>
    Effect.forEach(
      Arr.chunksOf(hidden, MAX_ENTRIES),
      (batch) =>
        request("showing messages of", (client, abortSignal) =>
          client.send(
            new ChangeMessageVisibilityBatchCommand({
              QueueUrl,
              Entries: batch.map(({ ReceiptHandle }, index) => ({
                Id: String(index),
                ReceiptHandle,
                VisibilityTimeout: 0
              }))
            }),
            { abortSignal }
          )
        ),
      { discard: true }
    ).pipe(Effect.ignore)

  const reader: DeadLetterReader = {
    name: queueName,
    count: Effect.map(
      request("looking at", (client, abortSignal) =>
        client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }), {
          abortSignal
        })
      ),
      ({ Attributes }) => Number(Attributes?.ApproximateNumberOfMessages ?? 0)
    ),
    list: (limit) =>
      Effect.suspend(() => {
        const seen: Array<SqsMessage> = []
        const look = Effect.gen(function* () {
          while (seen.length < limit) {
            const received = yield* receive
            const fresh = received.filter(({ MessageId }) => !seen.some((one) => one.MessageId === MessageId))
            if (fresh.length === 0) break
            seen.push(...fresh)
          }
          return seen.slice(0, limit).map(toDeadLetter)
        })
        return Effect.ensuring(
          look,
          Effect.suspend(() => showAgain(seen))
        )
      })
  }
  return { QueueUrl, reader, receive, request, showAgain }
})

/** The dead letters of a queue, to look at, for as long as the scope is open. */
export const reader = (
  options: SqsConnection.ConnectionOptions
): Effect.Effect<DeadLetterReader, InvalidInput, Scope.Scope> => Effect.map(open(options), ({ reader }) => reader)

/** The dead letters of a queue, to look at and to move, for as long as the scope is open. */
export const make = Effect.fnUntraced(function* ({
  to: given,
  ...options
}: DeadLetterOptions): Effect.fn.Return<DeadLetters, InvalidInput, Scope.Scope> {
  const { to } = yield* decodeTo({ to: given })
  const { QueueUrl, reader, receive, request, showAgain } = yield* open(options)

  const move = ({ Attributes = {}, Body, MessageAttributes, MessageId, ReceiptHandle }: SqsMessage) =>
    request("moving messages of", async (client, abortSignal) => {
      const group = Attributes.MessageGroupId
      await client.send(
        new SendMessageCommand({
          QueueUrl: to,
          MessageBody: Body,
          MessageAttributes,
          ...(group === undefined || !to.endsWith(".fifo")
            ? {}
            : { MessageGroupId: group, MessageDeduplicationId: `redrive:${MessageId}` })
        }),
        { abortSignal }
      )
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }), { abortSignal })
    })

  return {
    ...reader,
    to: SqsConnection.queueNameOf(to),
    redrive: (asked) =>
      Effect.suspend(() => {
        const { most = Infinity, onMoved } = asked
        const left: Array<SqsMessage> = []
        let moved = 0
        const work = Effect.gen(function* () {
          while (moved < most) {
            const received = yield* receive
            // What comes again has been left alone before: by now everything has been seen.
            const fresh = received.filter(({ MessageId }) => !left.some((one) => one.MessageId === MessageId))
            if (fresh.length === 0) break
            for (const message of fresh) {
              if (moved === most || !isWanted(toDeadLetter(message), asked)) left.push(message)
              else {
                yield* move(message)
                moved += 1
                onMoved?.(moved)
              }
            }
          }
          return moved
        })
        return Effect.ensuring(
          work,
          Effect.suspend(() => showAgain(left))
        )
      })
  }
})
