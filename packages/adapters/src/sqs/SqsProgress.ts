/**
 * The progress of a consignment: the entries that are still to be sent, those that are under way, and the outcomes of the rest.
 *
 * Guarantees that no entry is sent after an earlier entry of its stream is known to have failed, and that every delivery has an
 * outcome, even if SQS leaves it out of an answer. Each outcome is reported as soon as it is known, even if the rest of the
 * consignment fails. An entry that SQS refuses through no fault of the sender is sent again, a few times, before later entries
 * of its stream.
 */
import type { BatchResultErrorEntry, SendMessageBatchResult } from "@aws-sdk/client-sqs"
import { delivered, type DeliveryOutcome } from "@turnout/core/delivery/domain/DeliveryOutcome"
import type { Consignment } from "@turnout/core/delivery/ports/Sink"
import * as SqsBatches from "./SqsBatches.ts"
import { type SqsEntry, toEntry } from "./SqsEntry.ts"
import { MAX_ATTEMPTS } from "./SqsRetries.ts"

/** An entry, with its place in the consignment. */
export interface Item extends SqsBatches.Sizeable {
  readonly index: number
  /** Unique in the consignment, and so in a batch. */
  readonly id: string
  readonly stream: string
  readonly entry: SqsEntry
}

export interface Progress {
  /** One outcome for each delivery, in the same order; final once `take` returns nothing and nothing is under way. */
  readonly outcomes: ReadonlyArray<DeliveryOutcome>
  /** The next batch, which is under way from then on; empty if nothing may be sent now. */
  readonly take: () => ReadonlyArray<Item>
  /** Notes the results of a batch. Returns the highest number of refusals among its entries that are to be sent again, or 0. */
  readonly settle: (batch: ReadonlyArray<Item>, result: Partial<SendMessageBatchResult>) => number
  /** Notes that a batch was longer than SQS takes: smaller ones are sent instead. */
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

/** Whether SQS will never take such a message, unless the queue is changed. */
const isHopeless = ({ Code, Message }: BatchResultErrorEntry): boolean =>
  Code === "InvalidMessageContents" ||
  Code === "MessageTooLong" ||
  (Code === "InvalidParameterValue" && TOO_LARGE.test(Message ?? ""))

const refused = (failure: BatchResultErrorEntry, bytes: number): DeliveryOutcome =>
  failed(
    `SQS refused the message of ${bytes} bytes: ${failure.Code}: ${failure.Message ?? "it gave no reason"}`,
    isHopeless(failure)
  )

export const make = (consignment: Consignment, { isFifo, limits }: ProgressOptions): Progress => {
  const { deliveries, settled } = consignment
  // An entry that is never sent comes after one of its stream that failed.
  const outcomes = deliveries.map(() => BEHIND)
  const failedFrom = new Map<string, number>()
  const busy = new Set<string>()
  /** Entries that are to be sent again. */
  const again = new Set<Item>()
  /** How often entries have been refused through no fault of the sender. */
  const refusals = new Map<Item, number>()
  let maxBytes = limits.bytes

  const conclude = ({ index }: Item, outcome: DeliveryOutcome): void => {
    outcomes[index] = outcome
    settled?.(index, outcome)
  }
  const fail = (item: Item, outcome: DeliveryOutcome): void => {
    const { index, stream } = item
    conclude(item, outcome)
    failedFrom.set(stream, Math.min(index, failedFrom.get(stream) ?? index))
  }
  const isBehind = ({ index, stream }: Item): boolean => index > (failedFrom.get(stream) ?? index)
  /** Whether an earlier entry of its stream is to be sent again first. */
  const isHeldBack = ({ index, stream }: Item): boolean =>
    [...again].some((other) => other.stream === stream && other.index < index)

  const items = deliveries.map((delivery, index): Item => {
    const entry = toEntry(delivery, consignment)
    const [id, stream] = [String(index), delivery.eventId]
    // A standard queue keeps no order, so every entry is a group of its own.
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
      const ready = again.size === 0 ? waiting : waiting.filter((item) => !isHeldBack(item))
      const batch = SqsBatches.next(ready, busy, { ...limits, bytes: maxBytes })
      const taken = new Set(batch)
      waiting = waiting.filter((item) => !taken.has(item))
      for (const { group } of batch) busy.add(group)
      return batch
    },
    settle: (batch, { Failed = [], Successful = [] }) => {
      const accepted = new Set(Successful.map(({ Id }) => Id))
      const failures = new Map(Failed.map((failure) => [failure.Id, failure]))
      const refusedNow: Array<Item> = []
      for (const item of batch) {
        const failure = failures.get(item.id)
        busy.delete(item.group)
        again.delete(item)
        if (failure === undefined) {
          if (accepted.has(item.id)) conclude(item, delivered)
          else fail(item, UNANSWERED)
          continue
        }
        const times = (refusals.get(item) ?? 0) + 1
        refusals.set(item, times)
        if (failure.SenderFault === false && times < MAX_ATTEMPTS) refusedNow.push(item)
        else fail(item, refused(failure, item.bytes))
      }
      for (const item of refusedNow) again.add(item)
      if (refusedNow.length > 0) waiting = [...refusedNow, ...waiting].toSorted((a, b) => a.index - b.index)
      return Math.max(0, ...refusedNow.map((item) => refusals.get(item)!))
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
