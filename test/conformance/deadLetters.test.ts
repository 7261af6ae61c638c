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

suite(
  "SQS",
  Effect.fnUntraced(function* (buried) {
    const { bury, dead, live } = sqs.deadLetterQueues()
    for (const [body, group] of buried) bury(body, group)
    return {
      letters: yield* SqsDeadLetters.make({ queueUrl: dead.queueUrl, to: live.queueUrl, ...sqs.access() }),
      live: Effect.sync(() => live.messages().map(({ body, group }) => [body, group!] as const))
    }
  })
)
