import * as MemoryQueue from "@turnout/adapters/memory/queue"
import * as SqsDeadLetters from "@turnout/adapters/sqs/dead-letters"
import { Effect } from "effect"
import { FifoQueues } from "../../support/FifoQueues.ts"
import * as SqsServer from "../../support/SqsServer.ts"
import { suite as batches } from "./DeadLetterBatchesSuite.ts"
import { suite as groups } from "./DeadLetterGroupsSuite.ts"
import { type Bury, suite } from "./DeadLettersSuite.ts"

const inMemory: Bury = Effect.fnUntraced(function* (buried) {
  const queue = yield* MemoryQueue.make({ maxReceiveCount: 3, visibilityMillis: 0, waitMillis: 0 })
  for (const [body, group] of buried) yield* queue.send(body, group)
  // Each message is received until it becomes a dead letter. One that is moved back can be received three times again.
  while (queue.size() > 0) yield* queue.receive(10)
  return {
    letters: queue.deadLetters,
    live: Effect.map(Effect.orDie(queue.receive(100)), (received) =>
      received.map(({ body, group }) => [body, group!] as const)
    )
  }
})

const sqs = SqsServer.use()

const onSqs: Bury = Effect.fnUntraced(function* (buried) {
  const { bury, dead, live } = sqs.deadLetterQueues()
  for (const [body, group] of buried) bury(body, group)
  return {
    letters: yield* SqsDeadLetters.make({ queueUrl: dead.queueUrl, to: live.queueUrl, ...sqs.access() }),
    live: Effect.sync(() => live.messages().map(({ body, group }) => [body, group!] as const))
  }
})

const onFifoQueues: Bury = Effect.fnUntraced(function* (buried) {
  const queues = new FifoQueues()
  const [dead, live] = ["http://localhost/1/dead.fifo", "http://localhost/1/live.fifo"]
  for (const [body, group] of buried) queues.send(dead, body, group)
  return {
    letters: yield* SqsDeadLetters.make({ queueUrl: dead, to: live, client: queues.client }),
    live: Effect.sync(() => queues.messages(live).map(({ body, group }) => [body, group] as const))
  }
})

suite("memory", inMemory)
suite("SQS", onSqs)
suite("SQS, several of a group at once", onFifoQueues)

batches("memory", inMemory)
batches("SQS", onSqs)
batches("SQS, several of a group at once", onFifoQueues)

groups("memory", inMemory, { atOnce: 10 })
groups("SQS", onSqs, { atOnce: 1 })
groups("SQS, several of a group at once", onFifoQueues, { atOnce: 10 })
