/**
 * Requests about more messages of an SQS queue than go into one: every entry's own result counts, in every part of them.
 */
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { assert, describe, it } from "@effect/vitest"
import * as SqsQueue from "@turnout/adapters/sqs/queue"
import { Effect } from "effect"
import * as SqsServer from "../support/SqsServer.ts"

const sqs = SqsServer.use()

const client = Effect.acquireRelease(
  Effect.sync(() => new SQSClient(sqs.access())),
  (own) => Effect.sync(() => own.destroy())
)

let queues = 0
/** A standard queue, and the receipts of so many messages of it. */
const received = Effect.fnUntraced(function* (count: number) {
  const name = `batches-${++queues}`
  const { queueUrl } = sqs.queues().createQueue(name, { attributes: { VisibilityTimeout: "60" } })
  const sender = yield* client
  yield* Effect.promise(() =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        sender.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: String(n) }))
      )
    )
  )
  const queue = yield* SqsQueue.make({ queueUrl, waitSeconds: 0, ...sqs.access() })
  const receipts: Array<string> = []
  while (receipts.length < count) receipts.push(...(yield* queue.receive(10)).map(({ receipt }) => receipt))
  const left = () => {
    const { messages } = sqs.queues().inspectQueue(name)!
    return messages.ready.length + messages.inflight.length
  }
  return { queue, receipts, left }
})

describe("a queue of SQS that is asked about many", { timeout: 60_000 }, () => {
  it.live("N4: tells of each message that could not be hidden, whichever it was, and of no other", () =>
    Effect.gen(function* () {
      const { queue, receipts } = yield* received(23)
      const strange = new Map([2, 7, 9, 10, 19, 22].map((place) => [place, `no receipt ${place}`]))
      const asked = receipts.map((receipt, place) => strange.get(place) ?? receipt)
      assert.deepStrictEqual(yield* queue.hide(asked, 30_000), [...strange.values()])
      assert.deepStrictEqual(yield* queue.hide(receipts, 30_000), [])
    }).pipe(Effect.scoped)
  )

  it.live.each([9, 10, 11, 20, 21])("N2: deletes %i messages, the last one as well", (count) =>
    Effect.gen(function* () {
      const { left, queue, receipts } = yield* received(count)
      assert.deepStrictEqual(yield* queue.hide(receipts, 30_000), [])
      assert.deepStrictEqual(yield* queue.remove(receipts), [])
      assert.strictEqual(left(), 0)
    }).pipe(Effect.scoped)
  )
})
