/**
 * The progress of a consignment: what of it is still to be sent, what is under way, and what has become of the rest.
 *
 * Guarantees that nothing is sent behind something of the same stream that has failed, as far as that is known by then, and
 * that every delivery has an outcome, whatever SQS says or leaves out.
 */
import type { BatchResultErrorEntry, SendMessageBatchResult } from "@aws-sdk/client-sqs"
import { delivered, type DeliveryOutcome } from "@turnout/core/domain/Delivery"
import type { Consignment } from "@turnout/core/ports/Sink"
import * as SqsBatches from "./SqsBatches.ts"
import { type SqsEntry, toEntry } from "./SqsEntry.ts"

/** An entry in its place in the consignment. */
export interface Item extends SqsBatches.Sizeable {
  readonly index: number
  /** Unique in the consignment, and so in a batch. */
  readonly id: string
  readonly stream: string
  readonly entry: SqsEntry
}

export interface Progress {
  /** One for each delivery, in the same order; true once `take` gives nothing and nothing is under way. */
  readonly outcomes: ReadonlyArray<DeliveryOutcome>
  /** The next batch, under way from now on; empty if there is nothing that may be sent now. */
  readonly take: () => ReadonlyArray<Item>
  /** Notes what SQS has made of a batch. */
  readonly settle: (batch: ReadonlyArray<Item>, result: Partial<SendMessageBatchResult>) => void
  /** Notes that a batch was more than SQS takes: smaller ones are sent instead. */
  readonly shrink: (batch: ReadonlyArray<Item>) => void
}

export interface ProgressOptions {
  readonly isFifo: boolean
  readonly limits: SqsBatches.BatchLimits
}

const failed = (error: string, isFinal = false): DeliveryOutcome => ({ _tag: "Failed", error, isFinal })

const BEHIND = failed("an earlier entry of the stream was not delivered")
const UNANSWERED = failed("SQS did not say what became of the message")

const tooLarge = (bytes: number, limit: string): DeliveryOutcome =>
  failed(
    `the message has ${bytes} bytes, more than ${limit}; skip or discard it, or raise the limit, ` +
      "if the queue takes larger messages, and retry its stream",
    true
  )

const TOO_LARGE = /must be shorter than \d+ bytes/

/** Whether SQS will never take such a message, as long as the queue stays as it is. */
const isHopeless = ({ Code, Message }: BatchResultErrorEntry): boolean =>
  Code === "InvalidMessageContents" ||
  Code === "MessageTooLong" ||
  (Code === "InvalidParameterValue" && TOO_LARGE.test(Message ?? ""))

const refused = (failure: BatchResultErrorEntry, bytes: number): DeliveryOutcome =>
  failed(
    `SQS refused the message of ${bytes} bytes: ${failure.Code}: ${failure.Message ?? "it gave no reason"}`,
    isHopeless(failure)
  )

export const make = ({ deliveries, epoch, replay }: Consignment, { isFifo, limits }: ProgressOptions): Progress => {
  // Whatever is never sent is behind something that failed.
  const outcomes = deliveries.map(() => BEHIND)
  const failedFrom = new Map<string, number>()
  const busy = new Set<string>()
  let maxBytes = limits.bytes

  const fail = ({ index, stream }: Item, outcome: DeliveryOutcome): void => {
    outcomes[index] = outcome
    failedFrom.set(stream, Math.min(index, failedFrom.get(stream) ?? index))
  }
  const isBehind = ({ index, stream }: Item): boolean => index > (failedFrom.get(stream) ?? index)

  const items = deliveries.map((delivery, index): Item => {
    const entry = toEntry(delivery, replay === undefined ? { epoch } : { epoch, replay })
    const [id, stream] = [String(index), delivery.eventId]
    // Without an order to keep, everything is a group of its own.
    return { index, id, stream, entry, bytes: entry.bytes, group: isFifo ? stream : id }
  })
  const isTooLarge = ({ bytes }: Item): boolean => bytes > limits.bytes
  for (const item of items.filter(isTooLarge))
    fail(item, tooLarge(item.bytes, `the limit of ${limits.bytes} (maxBatchBytes)`))
  let waiting = items.filter((item) => !isTooLarge(item))

  return {
    outcomes,
    take: () => {
      waiting = waiting.filter((item) => !isBehind(item))
      const batch = SqsBatches.next(waiting, busy, { ...limits, bytes: maxBytes })
      const taken = new Set(batch)
      waiting = waiting.filter((item) => !taken.has(item))
      for (const { group } of batch) busy.add(group)
      return batch
    },
    settle: (batch, { Failed = [], Successful = [] }) => {
      const accepted = new Set(Successful.map(({ Id }) => Id))
      const failures = new Map(Failed.map((failure) => [failure.Id, failure]))
      for (const item of batch) {
        const failure = failures.get(item.id)
        busy.delete(item.group)
        if (failure !== undefined) fail(item, refused(failure, item.bytes))
        else if (accepted.has(item.id)) outcomes[item.index] = delivered
        else fail(item, UNANSWERED)
      }
    },
    shrink: (batch) => {
      const bytes = batch.reduce((sum, item) => sum + item.bytes, 0)
      for (const { group } of batch) busy.delete(group)
      if (batch.length === 1) return fail(batch[0]!, tooLarge(bytes, "SQS takes in a request"))
      maxBytes = Math.min(maxBytes, Math.floor(bytes / 2))
      waiting = [...batch, ...waiting].toSorted((a, b) => a.index - b.index)
    }
  }
}
