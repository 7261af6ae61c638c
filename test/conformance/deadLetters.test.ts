import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as SqsDeadLetters from "@turnout/adapters/sqs/dead-letters"
import { Effect } from "effect"
import * as SqsServer from "../support/SqsServer.ts"
import { suite } from "./DeadLettersSuite.ts"

suite(
  "memory",
  Effect.fnUntraced(function* (buried) {
    const queue = yield* MemoryQueue.make({ maxReceiveCount: 3, visibilityMillis: 0, waitMillis: 0 })
    for (const [body, group] of buried) yield* queue.send(body, group)
    // Until each has been received too often; what is moved back may be looked at three times.
    while (queue.size() > 0) yield* queue.receive(10)
    return {
      letters: queue.deadLetters,
      live: Effect.map(Effect.orDie(queue.receive(100)), (received) =>
        received.map(({ body, group }) => [body, group!] as const)
      )
    }
  })
)

const sqs = SqsServer.use()

let queues = 0
suite(
  "SQS",
  Effect.fnUntraced(function* (buried) {
    const name = `dead-letters-${++queues}`
    const make = (queue: string) => sqs.queues().createQueue(queue, { attributes: { FifoQueue: "true" } }).queueUrl
    const [dead, live] = [`${name}-dead.fifo`, `${name}.fifo`]
    const [queueUrl, to] = [make(dead), make(live)]
    for (const [index, [body, group]] of buried.entries())
      sqs.queues().sendMessage(dead, body, { messageGroupId: group, messageDeduplicationId: String(index) })
    return {
      letters: yield* SqsDeadLetters.make({ queueUrl, to, ...sqs.access() }),
      live: Effect.sync(() =>
        sqs
          .queues()
          .inspectQueue(live)!
          .messages.ready.map(({ body, messageGroupId }) => [body, messageGroupId!] as const)
      )
    }
  })
)
