/**
 * The dead letters of an SQS queue: messages that its redrive policy has given up on.
 *
 * SQS shows messages only by receiving them, so looking hides them from others for a short while, and counts as a reception.
 * From a FIFO queue no more than the first of each group may be seen at a time; they are moved in order all the same.
 *
 * A message is moved by sending it to the other queue and deleting it here, in this order: none is lost, and one may be there
 * twice if this is interrupted in between. Its body, its attributes and its group stay; its de-duplication id is that of the
 * dead letter, so that sending it again within five minutes has no effect.
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
import { fromJson, type Message } from "@turnout/core/domain/Message"
import type { QueueUnavailable } from "@turnout/core/ports/Queue"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as SqsConnection from "./SqsConnection.ts"

export interface DeadLetter {
  /** Of SQS. */
  readonly id: string
  readonly group: string | null
  readonly sentAt: Date
  readonly receiveCount: number
  readonly body: string
  /** What it says, if it is a message of this library. */
  readonly message: Message | null
}

export interface Redrive {
  /** The queue to send them to. */
  readonly to: string
  /** Which ones: by the id of SQS or of the message. Default: all. */
  readonly only?: ReadonlyArray<string>
  /** Called for each that was moved. */
  readonly onMoved?: (moved: number) => void
}

export interface DeadLetters {
  /** About how many there are. */
  readonly count: Effect.Effect<number, QueueUnavailable>
  /** At most so many of them. They are there for others again afterwards. */
  readonly list: (limit: number) => Effect.Effect<ReadonlyArray<DeadLetter>, QueueUnavailable>
  /** Moves dead letters to another queue, and gives how many. */
  readonly redrive: (redrive: Redrive) => Effect.Effect<number, QueueUnavailable | InvalidInput>
}

const { MAX_ENTRIES } = SqsConnection
/** How long messages are hidden while they are looked at, and moved. */
const VISIBILITY_SECONDS = 60
const WAIT_SECONDS = 1

const decodeOptions: (input: unknown) => Effect.Effect<SqsConnection.ConnectionOptions, InvalidInput> = decoder(
  Schema.Struct(SqsConnection.connectionOptions).check(SqsConnection.ownClientOnly)
)
const decodeTo = decoder(Schema.Struct({ to: SqsConnection.connectionOptions.queueUrl }))

const toDeadLetter = ({ Attributes = {}, Body = "", MessageId = "" }: SqsMessage): DeadLetter => {
  const read = fromJson(Body)
  return {
    id: MessageId,
    group: Attributes.MessageGroupId ?? null,
    sentAt: new Date(Number(Attributes.SentTimestamp ?? 0)),
    receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
    body: Body,
    message: Result.isSuccess(read) ? read.success : null
  }
}

/** The dead-letter queue of a URL, for as long as the scope is open. */
export const make = Effect.fnUntraced(function* (
  options: SqsConnection.ConnectionOptions
): Effect.fn.Return<DeadLetters, InvalidInput, Scope.Scope> {
  const decoded = yield* decodeOptions(options)
  const { queueUrl: QueueUrl } = decoded
  const { request } = yield* SqsConnection.make(decoded)

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

  const move = (to: string, { Attributes = {}, Body, MessageAttributes, MessageId, ReceiptHandle }: SqsMessage) =>
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
      }),
    redrive: ({ only, onMoved, to: given }) =>
      Effect.suspend(() => {
        const left: Array<SqsMessage> = []
        let moved = 0
        const isWanted = (message: SqsMessage) => {
          const { id, message: what } = toDeadLetter(message)
          return only === undefined || only.includes(id) || (what !== null && only.includes(what.id))
        }
        const work = Effect.gen(function* () {
          const { to } = yield* decodeTo({ to: given })
          while (true) {
            const received = yield* receive
            // What comes again has been left alone before: by now everything has been seen.
            const fresh = received.filter(({ MessageId }) => !left.some((one) => one.MessageId === MessageId))
            if (fresh.length === 0) return moved
            for (const message of fresh) {
              if (!isWanted(message)) left.push(message)
              else {
                yield* move(to, message)
                onMoved?.((moved += 1))
              }
            }
          }
        })
        return Effect.ensuring(
          work,
          Effect.suspend(() => showAgain(left))
        )
      })
  }
})
