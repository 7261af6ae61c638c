/**
 * The consumer: deals with the messages of a queue.
 *
 * - **One effect for each message.** A handler runs in the transaction of the inbox (`Inbox`), and a message is
 *   deleted only after that has committed. A message that comes again is deleted without being handled again.
 * - **In order within a group.** The messages of a group are handled one after the other, different groups at the same
 *   time. If one fails, it and everything behind it in its group go back to the queue, in that order.
 * - **Poison goes to the dead-letter queue** of the queue, by the queue's own count of receptions: what fails is given back
 *   with a pause that grows with that count, and blocks no other group. Messages that were received behind it in its group
 *   have been received as often, and follow it, in order.
 * - **What nobody here understands is left alone**: messages of types without a handler, or that are no messages at all, are
 *   counted, never deleted, and come back for others, or end in the dead-letter queue.
 * - **The store is waited for.** While it cannot be reached, takes no writes, or is not migrated, messages stay in hand, and
 *   count as received no more often; none is received before all of them have been dealt with, nor when a consumer starts before
 *   the store takes what it writes.
 * - A message is hidden for longer while its handler runs. A consumer that is stopped takes no more messages, finishes what it
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
import { OUTAGE_PAUSES, pauseMillis, type RetryPolicy } from "../../kernel/domain/Backoff.ts"
import { decode, type JournalEvent } from "../../journal/domain/JournalEvent.ts"
import { fromJson, type Message } from "../../delivery/domain/Message.ts"
import { Inbox } from "../ports/Inbox.ts"
import type { Queue, ReceivedMessage } from "../ports/Queue.ts"
import { StoreError } from "../../kernel/ports/StoreError.ts"
import * as StoreOutage from "../../kernel/application/StoreOutage.ts"

type EventOf<Type extends JournalEvent["_tag"]> = Extract<JournalEvent, { readonly _tag: Type }>

/** What to do about each type of event. */
export type Handlers<E = never, R = never> = {
  readonly [Type in JournalEvent["_tag"]]?: (event: EventOf<Type>, message: Message) => Effect.Effect<unknown, E, R>
}

export interface ConsumerOptions {
  /** Whose effects these are: consumers of one name share an inbox. */
  readonly consumer: string
  /** The most messages that are in hand at once. Default 100. */
  readonly maxInFlight?: number
  /** The most groups that are dealt with at the same time. Default 10. */
  readonly concurrency?: number
  /** The pauses before a message that failed is received again; how often is up to the queue. */
  readonly retryPolicy?: Omit<RetryPolicy, "maxAttempts">
  /** How long handlers may take once the consumer is to stop. Default 10 seconds. */
  readonly graceMillis?: number
}

const DEFAULTS = {
  maxInFlight: 100,
  concurrency: 10,
  retryPolicy: { firstPauseMillis: 1_000, longestPauseMillis: 15 * 60 * 1_000 },
  graceMillis: 10_000
} as const satisfies Omit<ConsumerOptions, "consumer">

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

/** That it was the store that failed, of which a message knows nothing. */
const storeErrorIn = (cause: Cause.Cause<unknown>): StoreError | undefined => {
  for (const reason of cause.reasons) {
    if (!Cause.isFailReason(reason) || !(reason.error instanceof StoreError)) continue
    if (reason.error.isRetryable || reason.error.reason._tag === "NotMigrated") return reason.error
  }
  return undefined
}

/** Whether the store takes nothing at all, rather than one thing. */
const isAway = ({ reason }: StoreError): boolean => reason._tag === "Unavailable" || reason._tag === "NotMigrated"

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

/** A consumer at work. */
interface Working<R> {
  readonly queue: Queue
  readonly handlers: Handlers<unknown, R>
  readonly options: Required<ConsumerOptions>
  readonly inbox: Inbox["Service"]
  readonly draw: () => number
  readonly runFork: <A>(effect: Effect.Effect<A, never, R>) => Fiber.Fiber<A>
  /** How many groups may be dealt with at the same time. */
  readonly places: Semaphore.Semaphore
  /** One request about hiding at a time: what was given back is not hidden again by one that was under way. */
  readonly withoutOverlap: Semaphore.Semaphore["withPermit"]
  readonly inHand: Set<InHand>
  /** The groups that are dealt with. */
  readonly groups: Set<Fiber.Fiber<void>>
  /** Messages that were dealt with, and are not deleted yet. */
  readonly done: Array<InHand>
  /** Messages in hand that the store has taken nothing of. */
  readonly waiting: Set<InHand>
  readonly hasRoom: Latch.Latch
  readonly hasDone: Latch.Latch
  readonly noneWaits: Latch.Latch
  readonly stopping: Latch.Latch
  queueFailures: number
  /** Whether the store takes writes is not known: it was not asked yet, or has refused one since. */
  isInDoubt: boolean
}

/** Waits before the next try of what is away, unless the consumer is to stop. */
const pause = <R>({ draw, stopping }: Working<R>, failures: number): Effect.Effect<void> =>
  Effect.race(Effect.sleep(pauseMillis(OUTAGE_PAUSES, failures, draw())!), stopping.await)

/** How often a message is tried is the queue's to say. */
const pauseOf = <R>({ draw, options }: Working<R>, { receiveCount }: InHand): number =>
  pauseMillis({ ...options.retryPolicy, maxAttempts: Infinity }, receiveCount, draw())!

const letGo = <R>({ hasRoom, inHand, options }: Working<R>, message: InHand): void => {
  inHand.delete(message)
  if (inHand.size < options.maxInFlight) hasRoom.openUnsafe()
}

/** Asks the queue for something that does without: what it refuses comes back by itself. */
const leniently = <R, A>({ queue }: Working<R>, what: string, effect: Effect.Effect<A, unknown>): Effect.Effect<void> =>
  Effect.catch(Effect.asVoid(effect), (error) => Effect.logWarning(`${queue.name}: ${what}`, error))

const giveBack = <R>(working: Working<R>, given: ReadonlyArray<InHand>, millis: number): Effect.Effect<void> => {
  const { queue, withoutOverlap } = working
  for (const message of given) letGo(working, message)
  const receipts = given.filter(({ isLost }) => !isLost).map(({ receipt }) => receipt)
  return receipts.length === 0
    ? Effect.void
    : leniently(working, "messages come back later than they should", withoutOverlap(queue.hide(receipts, millis)))
}

const isWaiting = <R>({ noneWaits, waiting }: Working<R>, message: InHand, is: boolean): void => {
  if (is) waiting.add(message)
  else waiting.delete(message)
  if (waiting.size === 0) noneWaits.openUnsafe()
  else noneWaits.closeUnsafe()
}

/** What becomes of a message; `undefined` while the store is away. */
const fateOf = Effect.fnUntraced(function* <R>(
  working: Working<R>,
  inHand: InHand
): Effect.fn.Return<Fate | undefined, never, R> {
  const { handlers, inbox, options, queue } = working
  const read = fromJson(inHand.body)
  const handle = Result.isSuccess(read) ? understand(handlers, read.success) : undefined
  if (Result.isFailure(read) || handle === undefined) return "ignored"
  const message = read.success
  const exit = yield* Effect.exit(inbox.once(options.consumer, keyOf(message), handle(message)))
  if (Exit.isSuccess(exit)) {
    working.isInDoubt = false
    return exit.value ? "handled" : "repeated"
  }
  const error = storeErrorIn(exit.cause)
  if (error !== undefined) {
    if (isAway(error)) {
      working.isInDoubt = true
      isWaiting(working, inHand, true)
    }
    yield* StoreOutage.log(`the messages of ${queue.name} wait for their store`, error)
    return undefined
  }
  yield* Effect.logWarning(`${queue.name}: message ${message.id} could not be dealt with`, exit.cause)
  return "failed"
})

/** What becomes of a message once the store is there; `undefined` if it is to be given back before. */
const fateInTime = Effect.fnUntraced(function* <R>(
  working: Working<R>,
  message: InHand
): Effect.fn.Return<Fate | undefined, never, R> {
  for (let failures = 1; !working.stopping.isOpen() && !message.isLost; failures++) {
    const fate = yield* fateOf(working, message)
    if (fate !== undefined) return fate
    yield* pause(working, failures)
  }
  return undefined
})

/** Deals with the messages of a group, one after the other, up to the first that fails. */
const dealWith = Effect.fnUntraced(function* <R>(
  working: Working<R>,
  group: ReadonlyArray<InHand>
): Effect.fn.Return<void, never, R> {
  const { done, hasDone } = working
  for (const [index, message] of group.entries()) {
    const rest = group.slice(index)
    const fate = yield* Effect.ensuring(
      fateInTime(working, message),
      Effect.sync(() => isWaiting(working, message, false))
    )
    if (fate === undefined) return yield* giveBack(working, rest, 0)
    yield* Metric.update(messages[fate], 1)
    if (fate === "ignored") return rest.forEach((one) => letGo(working, one))
    if (fate === "failed") return yield* giveBack(working, rest, pauseOf(working, message))
    letGo(working, message)
    done.push(message)
    hasDone.openUnsafe()
  }
})

const removeDone = <R>(working: Working<R>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { done, hasDone, queue } = working
    hasDone.closeUnsafe()
    const receipts = done.splice(0).map(({ receipt }) => receipt)
    return receipts.length === 0
      ? Effect.void
      : leniently(working, "messages that were dealt with could not be deleted, and come again", queue.remove(receipts))
  })

/** Hides what is in hand for longer. */
const keepHidden = <R>(working: Working<R>): Effect.Effect<void> => {
  const { inHand, queue, withoutOverlap } = working
  return withoutOverlap(
    Effect.suspend(() => {
      const hidden = [...inHand].filter(({ isLost }) => !isLost)
      if (hidden.length === 0) return Effect.void
      const receipts = hidden.map(({ receipt }) => receipt)
      return leniently(
        working,
        "messages may be handled by others as well",
        Effect.map(queue.hide(receipts, queue.visibilityMillis), (late) => {
          for (const message of hidden) message.isLost = late.includes(message.receipt)
        })
      )
    })
  )
}

/** Begins to deal with messages that were received. */
const take = <R>(working: Working<R>, received: ReadonlyArray<ReceivedMessage>): void => {
  const { groups, hasRoom, inHand, options, places, runFork } = working
  const taken = received.map((message): InHand => ({ ...message, isLost: false }))
  for (const message of taken) inHand.add(message)
  if (inHand.size >= options.maxInFlight) hasRoom.closeUnsafe()
  for (const group of groupsOf(taken)) {
    const fiber = runFork(places.withPermit(dealWith(working, group)))
    groups.add(fiber)
    fiber.addObserver(() => groups.delete(fiber))
  }
}

/** What is received counts as such, whatever becomes of it: nothing is, before the store takes what was. */
const storeTakesWrites = Effect.fnUntraced(function* <R>(working: Working<R>) {
  const { inbox, noneWaits, queue, stopping, waiting } = working
  for (let failures = 1; !stopping.isOpen(); failures++) {
    yield* noneWaits.await
    if (!working.isInDoubt) return
    const asked = yield* Effect.result(inbox.ready)
    // No message waits, or the store has refused one since.
    if (Result.isSuccess(asked) && waiting.size === 0) {
      working.isInDoubt = false
      return
    }
    if (Result.isFailure(asked))
      yield* StoreOutage.log(`${queue.name} is left alone until its store is there`, asked.failure)
    yield* pause(working, failures)
  }
})

const receive = <R>(working: Working<R>): Effect.Effect<void> => {
  const { hasRoom, inHand, options, queue, stopping } = working
  return Effect.andThen(hasRoom.await, storeTakesWrites(working)).pipe(
    Effect.andThen(
      Effect.suspend(() =>
        stopping.isOpen() && working.isInDoubt
          ? Effect.succeed([])
          : queue.receive(Math.min(RECEIVED_AT_ONCE, options.maxInFlight - inHand.size))
      )
    ),
    Effect.matchEffect({
      onSuccess: (received) =>
        Effect.sync(() => {
          working.queueFailures = 0
          take(working, received)
        }),
      onFailure: (error) =>
        Effect.logWarning(`${queue.name} is waited for`, error).pipe(
          Effect.andThen(Effect.suspend(() => pause(working, ++working.queueFailures)))
        )
    })
  )
}

/**
 * Deals with messages until it is interrupted. Failures of the queue and of the store are waited out and logged.
 */
export const run = Effect.fnUntraced(function* <E, R>(
  queue: Queue,
  handlers: Handlers<E, R>,
  given: ConsumerOptions
): Effect.fn.Return<never, never, Inbox | R> {
  const options = { ...DEFAULTS, ...given }
  const random = yield* Random.Random
  const working: Working<R> = {
    queue,
    handlers,
    options,
    inbox: yield* Inbox,
    draw: () => random.nextDoubleUnsafe(),
    runFork: Effect.runForkWith(yield* Effect.context<R>()),
    places: Semaphore.makeUnsafe(options.concurrency),
    withoutOverlap: Semaphore.makeUnsafe(1).withPermit,
    inHand: new Set(),
    groups: new Set(),
    done: [],
    waiting: new Set(),
    hasRoom: Latch.makeUnsafe(true),
    hasDone: Latch.makeUnsafe(false),
    noneWaits: Latch.makeUnsafe(true),
    stopping: Latch.makeUnsafe(false),
    queueFailures: 0,
    isInDoubt: true
  }
  const { groups, hasDone, hasRoom, inHand, noneWaits, runFork, stopping } = working

  // What a poll that is under way brings must not be lost: it goes on for as long as there is time.
  const receiving = runFork(Effect.repeat(receive(working), { until: () => stopping.isOpen() }))
  const removing = runFork(Effect.forever(Effect.andThen(hasDone.await, removeDone(working))))
  const hiding = runFork(Effect.forever(Effect.andThen(Effect.sleep(queue.visibilityMillis / 3), keepHidden(working))))

  const stop = Effect.gen(function* () {
    stopping.openUnsafe()
    hasRoom.openUnsafe()
    noneWaits.openUnsafe()
    yield* Effect.timeoutOption(
      Effect.andThen(
        Fiber.await(receiving),
        Effect.suspend(() => Fiber.awaitAll(groups))
      ),
      options.graceMillis
    )
    yield* Fiber.interruptAll([receiving, ...groups])
    yield* Fiber.interruptAll([removing, hiding])
    yield* removeDone(working)
    yield* giveBack(working, [...inHand], 0)
  }).pipe(Effect.forkDetach, Effect.flatMap(Fiber.await))

  return yield* Effect.ensuring(Effect.never, stop)
})
