/**
 * The worker: deals with the messages of a queue.
 *
 * - **One effect for each message.** A handler runs in the transaction of the inbox (`ports/Inbox`), and a message is
 *   deleted only after that has committed. A message that comes again is deleted without being handled again.
 * - **In order within a group.** The messages of a group are handled one after the other, different groups at the same
 *   time. If one fails, it and everything behind it in its group go back to the queue, in that order.
 * - **Poison goes to the dead-letter queue** of the queue, by the queue's own count of receptions: what fails is given back
 *   with a pause that grows with that count, and blocks no other group. Messages that were received behind it in its group
 *   have been received as often, and follow it, in order.
 * - **What nobody here understands is left alone**: messages of types without a handler, or that are no messages at all, are
 *   counted, never deleted, and come back for others, or end in the dead-letter queue.
 * - **The store is waited for.** While it cannot be reached, or is not migrated, messages stay in hand, and count as
 *   received no more often.
 * - A message is hidden for longer while its handler runs. A worker that is stopped takes no more messages, finishes what it
 *   has begun, for a while, and gives back the rest.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { decode, type JournalEvent } from "../domain/JournalEvent.ts"
import { fromJson, type Message } from "../domain/Message.ts"
import { OUTAGE_PAUSES, pauseMillis, type RetryPolicy } from "../domain/RetryPolicy.ts"
import { Inbox } from "../ports/Inbox.ts"
import type { Queue, ReceivedMessage } from "../ports/Queue.ts"
import { StoreError } from "../ports/StoreError.ts"

type EventOf<Type extends JournalEvent["_tag"]> = Extract<JournalEvent, { readonly _tag: Type }>

/** What to do about each type of event. */
export type Handlers<E = never, R = never> = {
  readonly [Type in JournalEvent["_tag"]]?: (event: EventOf<Type>, message: Message) => Effect.Effect<unknown, E, R>
}

export interface WorkerOptions {
  /** Whose effects these are: workers of one name share an inbox. */
  readonly consumer: string
  /** The most messages that are in hand at once. Default 100. */
  readonly maxInFlight?: number
  /** The most groups that are dealt with at the same time. Default 10. */
  readonly concurrency?: number
  /** The pauses before a message that failed is received again; how often is up to the queue. */
  readonly retryPolicy?: Omit<RetryPolicy, "maxAttempts">
  /** How long handlers may take once the worker is to stop. Default 10 seconds. */
  readonly graceMillis?: number
}

const DEFAULTS = {
  maxInFlight: 100,
  concurrency: 10,
  retryPolicy: { firstPauseMillis: 1_000, longestPauseMillis: 15 * 60 * 1_000 },
  graceMillis: 10_000
} as const satisfies Omit<WorkerOptions, "consumer">

/** The most messages that are asked for at once. */
const RECEIVED_AT_ONCE = 10

const counter = (outcome: string) =>
  Metric.withAttributes(
    Metric.counter("turnout.worker.messages", { description: "Messages received", incremental: true }),
    {
      outcome
    }
  )
/** Messages by what became of them. */
export const messages = {
  handled: counter("handled"),
  repeated: counter("repeated"),
  failed: counter("failed"),
  ignored: counter("ignored")
}

type Fate = keyof typeof messages

/** Whether it was the store that failed, of which a message knows nothing. */
const isStoreAway = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some(
    (reason) =>
      Cause.isFailReason(reason) &&
      reason.error instanceof StoreError &&
      (reason.error.isRetryable || reason.error.reason._tag === "NotMigrated")
  )

/** A message in hand. */
interface InHand extends ReceivedMessage {
  /** Whether it may be with somebody else by now. */
  isLost: boolean
}

/** The event of a message in today's form, and what to do about it; `undefined` if nobody here understands it. */
const understand = <E, R>(
  handlers: Handlers<E, R>,
  { payload, schemaVersion, type }: Message
): ((message: Message) => Effect.Effect<unknown, E, R>) | undefined => {
  const handler = handlers[type as keyof Handlers] as
    ((event: JournalEvent, message: Message) => Effect.Effect<unknown, E, R>) | undefined
  if (handler === undefined) return undefined
  try {
    const event = decode(type, schemaVersion, payload)
    return (message) => Effect.suspend(() => handler(event, message))
  } catch {
    // Written by a later version.
    return undefined
  }
}

/** What the inbox tells a message by. */
const keyOf = ({ id, replay }: Message): string => (replay === undefined ? id : `${id} ${replay}`)

/** Messages of a group stay together, in order; one without a group is a group of its own. */
const groupsOf = (received: ReadonlyArray<InHand>): ReadonlyArray<ReadonlyArray<InHand>> => [
  ...Map.groupBy(received, ({ group, receipt }) => group ?? receipt).values()
]

/**
 * Deals with messages until it is interrupted. Failures of the queue and of the store are waited out and logged.
 */
export const run = Effect.fnUntraced(function* <E, R>(
  queue: Queue,
  handlers: Handlers<E, R>,
  options: WorkerOptions
): Effect.fn.Return<never, never, Inbox | R> {
  const { concurrency, consumer, graceMillis, maxInFlight, retryPolicy } = { ...DEFAULTS, ...options }
  const inbox = yield* Inbox
  const random = yield* Random.Random
  const context = yield* Effect.context<R>()
  const runFork = Effect.runForkWith(context)
  const places = Semaphore.makeUnsafe(concurrency)
  const inHand = new Set<InHand>()
  const groups = new Set<Fiber.Fiber<void>>()
  const done: Array<InHand> = []
  /** One request about hiding at a time: what was given back is not hidden again by one that was under way. */
  const { withPermit: withoutOverlap } = Semaphore.makeUnsafe(1)
  const hasRoom = Latch.makeUnsafe(true)
  const hasDone = Latch.makeUnsafe(false)
  const stopping = Latch.makeUnsafe(false)
  let queueFailures = 0

  const draw = () => random.nextDoubleUnsafe()
  /** Waits before the next try of what is away, unless the worker is to stop. */
  const pause = (failures: number): Effect.Effect<void> =>
    Effect.race(Effect.sleep(pauseMillis(OUTAGE_PAUSES, failures, draw())!), stopping.await)
  /** How often a message is tried is the queue's to say. */
  const pauseOf = ({ receiveCount }: InHand): number =>
    pauseMillis({ ...retryPolicy, maxAttempts: Infinity }, receiveCount, draw())!

  const letGo = (message: InHand) => {
    inHand.delete(message)
    if (inHand.size < maxInFlight) hasRoom.openUnsafe()
  }

  /** Asks the queue for something that does without: what it refuses comes back by itself. */
  const leniently = <A>(what: string, effect: Effect.Effect<A, unknown>): Effect.Effect<void> =>
    Effect.catch(Effect.asVoid(effect), (error) => Effect.logWarning(`${queue.name}: ${what}`, error))

  const giveBack = (given: ReadonlyArray<InHand>, millis: number): Effect.Effect<void> => {
    given.forEach(letGo)
    const receipts = given.filter(({ isLost }) => !isLost).map(({ receipt }) => receipt)
    return receipts.length === 0
      ? Effect.void
      : leniently("messages come back later than they should", withoutOverlap(queue.hide(receipts, millis)))
  }

  /** `undefined` while the store is away. */
  const fateOf = Effect.fnUntraced(function* ({ body }: InHand): Effect.fn.Return<Fate | undefined, never, R> {
    const read = fromJson(body)
    const handle = Result.isSuccess(read) ? understand(handlers, read.success) : undefined
    if (Result.isFailure(read) || handle === undefined) return "ignored"
    const message = read.success
    const exit = yield* Effect.exit(inbox.once(consumer, keyOf(message), handle(message)))
    if (Exit.isSuccess(exit)) return exit.value ? "handled" : "repeated"
    if (isStoreAway(exit.cause)) {
      yield* Effect.logWarning("The store is waited for", exit.cause)
      return undefined
    }
    yield* Effect.logWarning(`${queue.name}: message ${message.id} could not be dealt with`, exit.cause)
    return "failed"
  })

  /** What becomes of a message once the store is there; `undefined` if it is to be given back before. */
  const fateInTime = Effect.fnUntraced(function* (message: InHand): Effect.fn.Return<Fate | undefined, never, R> {
    for (let failures = 1; !stopping.isOpen() && !message.isLost; failures++) {
      const fate = yield* fateOf(message)
      if (fate !== undefined) return fate
      yield* pause(failures)
    }
    return undefined
  })

  /** Deals with the messages of a group, one after the other, up to the first that fails. */
  const dealWith = Effect.fnUntraced(function* (group: ReadonlyArray<InHand>): Effect.fn.Return<void, never, R> {
    for (const [index, message] of group.entries()) {
      const rest = group.slice(index)
      const fate = yield* fateInTime(message)
      if (fate === undefined) return yield* giveBack(rest, 0)
      yield* Metric.update(messages[fate], 1)
      if (fate === "ignored") return rest.forEach(letGo)
      if (fate === "failed") return yield* giveBack(rest, pauseOf(message))
      letGo(message)
      done.push(message)
      hasDone.openUnsafe()
    }
  })

  const removeDone = Effect.suspend(() => {
    hasDone.closeUnsafe()
    const receipts = done.splice(0).map(({ receipt }) => receipt)
    return receipts.length === 0
      ? Effect.void
      : leniently("messages that were dealt with could not be deleted, and come again", queue.remove(receipts))
  })

  const keepHidden = Effect.suspend(() => {
    const hidden = [...inHand].filter(({ isLost }) => !isLost)
    if (hidden.length === 0) return Effect.void
    const receipts = hidden.map(({ receipt }) => receipt)
    return leniently(
      "messages may be handled by others as well",
      Effect.map(queue.hide(receipts, queue.visibilityMillis), (late) => {
        for (const message of hidden) message.isLost = late.includes(message.receipt)
      })
    )
  }).pipe(withoutOverlap)

  const take = (received: ReadonlyArray<ReceivedMessage>) => {
    const taken = received.map((message): InHand => ({ ...message, isLost: false }))
    taken.forEach((message) => inHand.add(message))
    if (inHand.size >= maxInFlight) hasRoom.closeUnsafe()
    for (const group of groupsOf(taken)) {
      const fiber = runFork(places.withPermit(dealWith(group)))
      groups.add(fiber)
      fiber.addObserver(() => groups.delete(fiber))
    }
  }

  const receive = hasRoom.await.pipe(
    Effect.andThen(Effect.suspend(() => queue.receive(Math.min(RECEIVED_AT_ONCE, maxInFlight - inHand.size)))),
    Effect.matchEffect({
      onSuccess: (received) =>
        Effect.sync(() => {
          queueFailures = 0
          take(received)
        }),
      onFailure: (error) =>
        Effect.logWarning(`${queue.name} is waited for`, error).pipe(
          Effect.andThen(Effect.suspend(() => pause(++queueFailures)))
        )
    })
  )

  // What a poll that is under way brings must not be lost: it goes on for as long as there is time.
  const receiving = runFork(Effect.repeat(receive, { until: () => stopping.isOpen() }))
  const removing = runFork(Effect.forever(Effect.andThen(hasDone.await, removeDone)))
  const hiding = runFork(Effect.forever(Effect.andThen(Effect.sleep(queue.visibilityMillis / 3), keepHidden)))

  const stop = Effect.gen(function* () {
    stopping.openUnsafe()
    hasRoom.openUnsafe()
    yield* Effect.timeoutOption(
      Effect.andThen(
        Fiber.await(receiving),
        Effect.suspend(() => Fiber.awaitAll(groups))
      ),
      graceMillis
    )
    yield* Fiber.interruptAll([receiving, ...groups])
    yield* Fiber.interruptAll([removing, hiding])
    yield* removeDone
    yield* giveBack([...inHand], 0)
  }).pipe(Effect.forkDetach, Effect.flatMap(Fiber.await))

  return yield* Effect.ensuring(Effect.never, stop)
})
