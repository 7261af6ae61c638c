/**
 * Queues of SQS: those of `--sqs`, and those that the configuration file names for `serve`, `relay` and `worker`.
 */
import type { QueueFacts } from "@turnout/adapters/sqs/diagnosis"
import * as Effect from "effect/Effect"
import { count, duration } from "../../../output/Words.ts"
import type * as NamedQueue from "../../../sinks/NamedQueue.ts"
import * as Sqs from "../../../sinks/Sqs.ts"
import { type Check, type Finding, notice, ok, warning } from "../Check.ts"

/** A queue, and how it is reached. */
export interface Asked extends Sqs.SqsOptions {
  readonly queue: NamedQueue.NamedQueue
}

/** Messages that are kept for less than this are lost if a consumer is away over a weekend. */
const SHORT_RETENTION_MILLIS = 3 * 24 * 60 * 60_000

const ofDeadLetters = (url: string, { deadLetters }: QueueFacts): ReadonlyArray<Finding> => {
  if (deadLetters === null)
    return [
      warning(
        `${url} has no redrive policy: a message that no consumer can deal with comes back until it is too old`,
        { queue: url, deadLetters },
        "Give the queue a RedrivePolicy with a dead-letter queue of the same kind."
      )
    ]
  const { name, url: dead, waiting } = deadLetters
  if (waiting === null)
    return [notice(`the dead-letter queue ${name} of ${url} cannot be looked at`, { queue: url, deadLetters })]
  if (waiting === 0) return []
  return [
    warning(
      `about ${count(waiting)} dead letters wait in ${name}`,
      { queue: url, deadLetters },
      `turnout dlq list --sqs ${dead ?? name}`,
      `turnout dlq redrive --sqs ${dead ?? name} --to ${url}`
    )
  ]
}

const findingsOf = (url: string, facts: QueueFacts): ReadonlyArray<Finding> => {
  const { inHand, isFifo, retentionMillis, visibilityMillis, waiting } = facts
  return [
    ok(
      `${url}: ${isFifo ? "FIFO" : "standard"}, about ${count(waiting)} messages wait and ${count(inHand)} are in hand; hidden for ${duration(visibilityMillis)}, kept for ${duration(retentionMillis)}`,
      { queue: url, ...facts }
    ),
    ...(isFifo
      ? []
      : [notice(`${url} is a standard queue: messages of a stream arrive in no order`, { queue: url, isFifo })]),
    ...(retentionMillis >= SHORT_RETENTION_MILLIS
      ? []
      : [notice(`${url} keeps a message for ${duration(retentionMillis)} only`, { queue: url, retentionMillis })]),
    ...ofDeadLetters(url, facts)
  ]
}

/** A check for each queue, so that one that does not answer holds up no other. */
export const checks = async (asked: ReadonlyArray<Asked>): Promise<ReadonlyArray<Check>> => {
  if (asked.length === 0) return []
  // The AWS client takes a while to load, which no queue can help.
  const { look } = await import("@turnout/adapters/sqs/diagnosis")
  return asked.map(({ queue: { url }, ...options }) => ({
    name: "queues",
    look: Effect.scoped(Effect.map(look(Sqs.connectionOf(url, options)), (facts) => findingsOf(url, facts)))
  }))
}
