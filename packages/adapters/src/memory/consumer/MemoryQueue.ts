/**
 * A queue in memory: for tests, and for hosts whose consumers live in the same process.
 *
 * It behaves as a FIFO queue of SQS: it gives the messages of a group in order, and none while an earlier one is hidden; a
 * message that was received is hidden for a while; one that has been received too often is moved to the dead letters when it
 * would be received again. Messages without a group are independent of each other.
 */
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { toJson } from "@turnout/core/delivery/domain/Message"
import type { DeadLetters } from "@turnout/core/consumer/ports/DeadLetters"
import type { Queue, ReceivedMessage } from "@turnout/core/consumer/ports/Queue"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as MemoryClock from "../MemoryClock.ts"
import * as MemoryDeadLetters from "./MemoryDeadLetters.ts"

export interface MemoryQueueOptions {
  readonly name?: string
  /** How long a received message is hidden. Default 30 seconds. */
  readonly visibilityMillis?: number
  /** How often a message is received before it becomes a dead letter. Default 5. */
  readonly maxReceiveCount?: number
  /** How long receiving waits for messages. Default one second. */
  readonly waitMillis?: number
}

export interface MemoryQueue extends Queue {
  readonly send: (body: string, group: string | null) => Effect.Effect<void>
  /** The number of messages, hidden ones included. */
  readonly size: () => number
  /** The messages that were received too often. A message that is moved back comes after all that are in the queue. */
  readonly deadLetters: DeadLetters
  /** Puts journal entries into the queue, each stream in a group of its own. */
  readonly sink: Sink
}

interface Stored {
  readonly id: string
  readonly body: string
  readonly group: string | null
  readonly sentAt: Date
  receipt: string
  receiveCount: number
  /** The moment until which it is hidden, by the steady time of the queue. */
  hiddenUntil: number
}

export const make = Effect.fnUntraced(function* ({
  maxReceiveCount = 5,
  name = "memory",
  visibilityMillis = 30_000,
  waitMillis = 1_000
}: MemoryQueueOptions = {}): Effect.fn.Return<MemoryQueue> {
  const { now, steady } = MemoryClock.make(yield* Clock.Clock)
  const messages = new Set<Stored>()
  const byReceipt = new Map<string, Stored>()
  /** Opened whenever there may be a message to take. */
  const changed = Latch.makeUnsafe(false)
  let sent = 0
  let receipts = 0

  const add = ({ body, group }: Pick<Stored, "body" | "group">) => {
    const id = String(++sent)
    messages.add({ id, body, group, sentAt: now(), receipt: "", receiveCount: 0, hiddenUntil: 0 })
    changed.openUnsafe()
  }

  const { bury, ...deadLetters } = MemoryDeadLetters.make(name, add)

  const take = (max: number): ReadonlyArray<ReceivedMessage> => {
    const taken: Array<ReceivedMessage> = []
    const held = new Set<string>()
    for (const message of messages) {
      if (taken.length === max) break
      if (message.group !== null && held.has(message.group)) continue
      if (message.hiddenUntil > steady()) {
        if (message.group !== null) held.add(message.group)
        continue
      }
      if (message.receiveCount >= maxReceiveCount) {
        const { body, group, id, receiveCount, sentAt } = message
        messages.delete(message)
        byReceipt.delete(message.receipt)
        bury({ id, group, sentAt, receiveCount, body })
        continue
      }
      byReceipt.delete(message.receipt)
      message.receipt = String(++receipts)
      message.receiveCount += 1
      message.hiddenUntil = steady() + visibilityMillis
      byReceipt.set(message.receipt, message)
      const { body, group, receipt, receiveCount } = message
      taken.push({ body, group, receipt, receiveCount })
    }
    return taken
  }

  /** Changes the messages that are still hidden under these receipts, and returns the other receipts. */
  const onReceipts = (given: ReadonlyArray<string>, change: (message: Stored) => void) =>
    Effect.sync(() =>
      given.filter((receipt) => {
        const message = byReceipt.get(receipt)
        if (message === undefined || message.hiddenUntil <= steady()) return true
        change(message)
        // The next message of its group may be taken now.
        changed.openUnsafe()
        return false
      })
    )

  const send: MemoryQueue["send"] = (body, group) => Effect.sync(() => add({ body, group }))

  return {
    name,
    visibilityMillis,
    receive: (max) =>
      Effect.suspend(() => {
        const found = take(max)
        if (found.length > 0) return Effect.succeed(found)
        changed.closeUnsafe()
        return Effect.andThen(
          Effect.timeoutOption(changed.await, waitMillis),
          Effect.sync(() => take(max))
        )
      }),
    hide: (given, millis) => onReceipts(given, (message) => void (message.hiddenUntil = steady() + millis)),
    remove: (given) =>
      onReceipts(given, (message) => {
        messages.delete(message)
        byReceipt.delete(message.receipt)
      }),
    send,
    size: () => messages.size,
    deadLetters,
    sink: {
      name,
      deliver: ({ deliveries, replay }) =>
        Effect.forEach(deliveries, (delivery) => Effect.as(send(toJson(delivery, replay), delivery.eventId), delivered))
    }
  }
})
