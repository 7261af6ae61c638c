/**
 * The dead letters of an SQS queue: messages that its redrive policy has given up on.
 *
 * SQS shows messages only by receiving them, so looking hides them from others for a short while, and counts as a reception. A
 * FIFO queue shows at most the first ten messages of each group, and perhaps fewer; they are moved in order all the same. SQS
 * gives a later message only when the ones before it are deleted, so it is moved together with them, or is out of reach: SQS
 * counts it among the messages that it could give, and this count is exact for a FIFO queue.
 *
 * A message that is moved keeps its body, its attributes and its group; its de-duplication id is made from the id of the dead
 * letter, so that sending it again within five minutes has no effect.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message as SqsMessage,
  ReceiveMessageCommand,
  SendMessageCommand
} from "@aws-sdk/client-sqs"
import { decoder, InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { fromJson } from "@turnout/core/delivery/domain/Message"
import {
  type DeadLetter,
  type DeadLetterReader,
  type DeadLetters,
  DeadLettersOutOfReach,
  idsOf,
  isWanted,
  toGroups
} from "@turnout/core/consumer/ports/DeadLetters"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { normalized, queueNameOf } from "./QueueUrl.ts"
import * as SqsConnection from "./SqsConnection.ts"

export interface DeadLetterOptions extends SqsConnection.ConnectionOptions {
  /** The URL of the queue to move dead letters to. */
  readonly to: string
  /** The name of the dead letters; choose one if queues of several accounts or regions have the same name. */
  readonly name?: string
}

const { MAX_ENTRIES } = SqsConnection
/** How long messages are hidden while they are looked at and moved. */
const VISIBILITY_SECONDS = 60
const WAIT_SECONDS = 1

const decodeOptions: (input: unknown) => Effect.Effect<SqsConnection.ConnectionOptions, InvalidInput> = decoder(
  Schema.Struct(SqsConnection.connectionOptions).check(SqsConnection.ownClientOnly)
)
const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))
const decodeOwn = decoder(
  Schema.Struct({ to: SqsConnection.connectionOptions.queueUrl, name: Schema.optionalKey(Name) })
)
const SAME_QUEUE = "must be another queue than that of the dead letters, which would never be empty"

const toDeadLetter = ({ Attributes = {}, Body = "", MessageId = "" }: SqsMessage): DeadLetter => ({
  id: MessageId,
  group: Attributes.MessageGroupId ?? null,
  sentAt: new Date(Number(Attributes.SentTimestamp ?? 0)),
  receiveCount: Number(Attributes.ApproximateReceiveCount ?? 1),
  body: Body,
  message: Result.getOrNull(fromJson(Body))
})

const groupOf = ({ Attributes }: SqsMessage): string | null => Attributes?.MessageGroupId ?? null

/** The part that reading and moving share. */
const open = Effect.fnUntraced(function* (options: SqsConnection.ConnectionOptions) {
  const decoded = yield* decodeOptions(options)
  const { queueUrl: QueueUrl } = decoded
  const { isFifo, queueName, request } = yield* SqsConnection.make(decoded)

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
  return { QueueUrl, isFifo, reader, receive, request, showAgain }
})

/** The dead letters of a queue, to look at, for as long as the scope is open. */
export const reader = (
  options: SqsConnection.ConnectionOptions
): Effect.Effect<DeadLetterReader, InvalidInput, Scope.Scope> => Effect.map(open(options), ({ reader }) => reader)

/** The dead letters of a queue, to look at and to move, for as long as the scope is open. */
export const make = Effect.fnUntraced(function* ({
  name,
  to: given,
  ...options
}: DeadLetterOptions): Effect.fn.Return<DeadLetters, InvalidInput, Scope.Scope> {
  const own = yield* decodeOwn({ to: given, name })
  const { to } = own
  const { QueueUrl, isFifo, reader, receive, request, showAgain } = yield* open(options)
  if (normalized(to) === normalized(QueueUrl))
    return yield* new InvalidInput({ issues: [{ field: "to", rule: SAME_QUEUE }] })

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

  const redrive: DeadLetters["redrive"] = (asked) =>
    Effect.suspend(() => {
      const { most = Infinity, onMoved, only } = asked
      const missing = new Set(only)
      /** The messages that stay, by id, and the ids of those that are hidden. */
      const staying = new Map<string, SqsMessage>()
      const out = new Set<string>()
      /** The groups of which more may be seen once their first messages are shown again. */
      const again = new Set<string | null>()
      let moved = 0

      const take = Effect.fnUntraced(function* (message: SqsMessage) {
        const letter = toDeadLetter(message)
        if (moved === most || !isWanted(letter, asked)) return
        // An interruption in between would leave the message in both queues, and no count would include it.
        yield* Effect.uninterruptible(move(message))
        staying.delete(letter.id)
        moved += 1
        for (const id of idsOf(letter)) missing.delete(id)
        again.add(letter.group)
        onMoved?.(moved, letter)
      })
      /** Receives the next messages and moves those that are wanted. Returns whether any were new. */
      const takeNext = Effect.gen(function* () {
        const received = yield* receive
        // A message that comes a second time was left alone before: the queue has shown everything that it gives.
        const fresh = received.filter(({ MessageId = "" }) => !out.has(MessageId))
        if (fresh.length === 0) return false
        for (const message of fresh) {
          const { MessageId = "" } = message
          staying.set(MessageId, message)
          out.add(MessageId)
        }
        for (const message of fresh) yield* take(message)
        const [first, last] = [groupOf(fresh[0]!), groupOf(fresh.at(-1)!)]
        // The last group of a full batch has fewer than ten places in it, so more of the group may be there.
        if (received.length === MAX_ENTRIES && first !== last) again.add(last)
        return true
      })
      const work = Effect.gen(function* () {
        let goesOn = most > 0
        while (goesOn) goesOn = (yield* takeNext) && moved < most
        // All other messages are hidden, so the next ones are of the group that was shown again. `for` also visits groups that
        // are added meanwhile.
        for (const group of again) {
          if (!isFifo || missing.size === 0 || moved === most) break
          again.delete(group)
          const own = [...staying].filter(([, message]) => groupOf(message) === group)
          if (own.length === 0) continue
          yield* showAgain(own.map(([, message]) => message))
          for (const [id] of own) out.delete(id)
          yield* takeNext
        }
        if (!isFifo || missing.size === 0 || moved === most || (yield* reader.count) === 0) return moved
        const groups = toGroups([...staying.values()].map(toDeadLetter))
        return yield* new DeadLettersOutOfReach({ moved, missing: [...missing], groups })
      })
      return Effect.ensuring(
        work,
        Effect.suspend(() => showAgain([...staying.values()]))
      )
    })

  return { ...reader, name: own.name ?? reader.name, to: queueNameOf(to), redrive }
})
