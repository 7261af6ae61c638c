/**
 * The consumer: deals with the messages of a queue.
 *
 * - **One effect for each message.** A handler runs in the transaction of the inbox (`Inbox`), and the consumer deletes a
 *   message only after that has committed. A message that comes again is deleted without being handled again.
 * - **In order within a group.** The messages of a group are handled one after the other, different groups at the same time. If
 *   one fails, it and the later messages of its group go back to the queue, in that order.
 * - **A message that always fails ends in the dead-letter queue**, by the queue's own count of receptions: the consumer gives
 *   it back with a pause that grows with that count, and it blocks no other group. The later messages of its group that were
 *   received with it have been received as often, and follow it, in order.
 * - **Messages that no handler understands are left alone**: those of types without a handler, and those that are no messages
 *   of this library, are counted and never deleted. They come back for other consumers, or end in the dead-letter queue.
 * - **The consumer waits for its store.** While the store cannot be reached, takes no writes, or is not migrated, the messages
 *   in hand stay there, and the queue does not count another reception of them. The consumer receives no others before the
 *   store takes writes, and none after its start before that.
 * - **It waits for nothing else.** If the store takes writes, and fails at a message all the same, the message is tried a few
 *   times in hand and then has failed; and so is one that others hold the rows of.
 * - **A handler has a limit of time.** After that its message has failed, its place is free, and what it comes to is thrown
 *   away.
 * - **A message is a part of the trace of its command.** Its handler runs in the span `turnout.consume`, whose parent is the span in
 *   which the command was given. What the handler writes, and the log tells of it, belongs to that trace, whether spans are read or not.
 * - **The inbox remembers a message for `inboxTtlMillis`.** The consumer deletes older records of its own name in bounded steps.
 * - The consumer hides a message for longer while its handler runs. When it is stopped, it takes no more messages, waits up to
 *   `graceMillis` for the handlers that run, and gives back the rest.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { OUTAGE_PAUSES, pauseMillis, type RetryPolicy, STORE_PAUSES } from "../../kernel/domain/Backoff.ts"
import { decode, type JournalEvent } from "../../journal/domain/JournalEvent.ts"
import { fromJson, type Message } from "../../delivery/domain/Message.ts"
import * as Spans from "../../kernel/application/tracing/Spans.ts"
import * as FailedStatement from "../../kernel/ports/FailedStatement.ts"
import { DEFAULT_HANDLER_TIMEOUT_MILLIS, Inbox, MAX_HANDLER_TIMEOUT_MILLIS } from "../ports/Inbox.ts"
import type { Queue, ReceivedMessage } from "../ports/Queue.ts"
import { StoreError } from "../../kernel/ports/StoreError.ts"
import * as Outage from "../../kernel/application/Outage.ts"
import { monotonicMillis } from "../../kernel/application/time/MonotonicTime.ts"
import * as StoreOutage from "../../kernel/application/StoreOutage.ts"
import * as Sweeping from "../../kernel/application/Sweeping.ts"
import * as InboxSweep from "./InboxSweep.ts"

type EventOf<Type extends JournalEvent["_tag"]> = Extract<JournalEvent, { readonly _tag: Type }>

/** What to do about each type of journal event. */
export type Handlers<E = never, R = never> = {
  readonly [Type in JournalEvent["_tag"]]?: (event: EventOf<Type>, message: Message) => Effect.Effect<unknown, E, R>
}

export interface ConsumerOptions {
  /** The name of the consumer: consumers of one name share an inbox. */
  readonly consumer: string
  /** The most messages that are in hand at once. Default 100. */
  readonly maxInFlight?: number
  /** The most groups that are dealt with at the same time. Default 10. */
  readonly concurrency?: number
  /** The pauses before a failed message is received again; the queue decides how often it is. */
  readonly retryPolicy?: Omit<RetryPolicy, "maxAttempts">
  /** How long a handler may run, up to an hour; after that its message has failed. Default 60 seconds. */
  readonly handlerTimeoutMillis?: number
  /** How long handlers may take once the consumer is to stop. Default 10 seconds. */
  readonly graceMillis?: number
  /**
   * For how long the inbox remembers the messages of this consumer, from a minute to ten years. A message that comes again
   * later is dealt with again. Default 30 days.
   */
  readonly inboxTtlMillis?: number
  /** The longest pause between two sweeps for old records of the inbox, from a second to a day. Default: a minute. */
  readonly sweepMillis?: number
}

/** The settings of a consumer that are not given. */
export const DEFAULTS = {
  maxInFlight: 100,
  concurrency: 10,
  retryPolicy: { firstPauseMillis: 1_000, longestPauseMillis: 15 * 60 * 1_000 },
  handlerTimeoutMillis: DEFAULT_HANDLER_TIMEOUT_MILLIS,
  graceMillis: 10_000,
  inboxTtlMillis: InboxSweep.DEFAULT_INBOX_TTL_MILLIS,
  sweepMillis: Sweeping.DEFAULT_SWEEP_MILLIS
} as const satisfies Omit<ConsumerOptions, "consumer">

/** The most messages that the consumer asks for at once. */
const RECEIVED_AT_ONCE = 10

/** How often the store may fail at a message, while it takes writes, before the message has failed. */
const MOST_FAILURES_OF_STORE = 5

const counter = (outcome: string) =>
  Metric.withAttributes(
    Metric.counter("turnout_consumer_messages_total", {
      description: "Messages, by what became of them",
      incremental: true
    }),
    {
      outcome
    }
  )
/** Counts messages by what became of them. */
export const messages = {
  handled: counter("handled"),
  repeated: counter("repeated"),
  failed: counter("failed"),
  ignored: counter("ignored")
}

type Fate = keyof typeof messages

/** The failure of the store in a cause, if it is one after which the same message may succeed. */
const storeErrorIn = (cause: Cause.Cause<unknown>): StoreError | undefined => {
  for (const reason of cause.reasons) {
    if (!Cause.isFailReason(reason) || !(reason.error instanceof StoreError)) continue
    if (reason.error.isRetryable || reason.error.reason._tag === "NotMigrated") return reason.error
  }
  return undefined
}

/** Whether a failure says that the store is away. Otherwise others hold the same rows. */
const isAway = ({ reason }: StoreError): boolean => reason._tag !== "Contention"

/** The statement that a failure comes from, for the log. */
const inStatement = (cause: Cause.Cause<unknown>): string => {
  const failed = FailedStatement.find(cause)
  if (failed === undefined) return ""
  const { sqlState, statement } = failed
  return sqlState === null ? ` (${statement})` : ` (SQLSTATE ${sqlState}: ${statement})`
}

/** A message in hand. */
interface InHand extends ReceivedMessage {
  /** Whether another consumer may have the message by now. */
  isLost: boolean
}

/**
 * Calls the handler of a message with its journal event in today's form; `undefined` if there is no handler that understands
 * it.
 */
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
    // A later version of the library has written it.
    return undefined
  }
}

/** The span in which the command of a message was given: as the queue tells it, or else as the message does. */
const commandOf = ({ traceParent }: ReceivedMessage, { metadata }: Message) =>
  Spans.spanOf(traceParent) ?? Spans.spanOf(metadata.traceParent)

/** The key of a message in the inbox. */
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
  /** Allows a number of groups to be dealt with at the same time. */
  readonly places: Semaphore.Semaphore
  /** Allows one request about hiding at a time, so that a request under way does not hide again what was given back. */
  readonly withoutOverlap: Semaphore.Semaphore["withPermit"]
  readonly inHand: Set<InHand>
  /** The groups that are dealt with. */
  readonly groups: Set<Fiber.Fiber<void>>
  /** Messages that were dealt with, and are not deleted yet. */
  readonly done: Array<InHand>
  /** Messages in hand that wait for the store. */
  readonly waiting: Set<InHand>
  readonly hasRoom: Latch.Latch
  readonly hasDone: Latch.Latch
  readonly noneWaits: Latch.Latch
  readonly stopping: Latch.Latch
  queueFailures: number
  /** What is told of failures of the queue, and of the store. */
  readonly queueOutage: Outage.Outage
  readonly storeOutage: Outage.Outage
  /** Whether it is unknown if the store takes writes: it was not asked yet, or has refused one since. */
  isInDoubt: boolean
}

/** Waits before the next try after an outage, unless the consumer is to stop. */
const pause = <R>({ draw, stopping }: Working<R>, pauses: RetryPolicy, failures: number): Effect.Effect<void> =>
  Effect.race(Effect.sleep(pauseMillis(pauses, failures, draw())!), stopping.await)

/** The pause before the next try of a message. The queue decides how often it is tried. */
const pauseOf = <R>({ draw, options }: Working<R>, { receiveCount }: InHand): number =>
  pauseMillis({ ...options.retryPolicy, maxAttempts: Infinity }, receiveCount, draw())!

const letGo = <R>({ hasRoom, inHand, options }: Working<R>, message: InHand): void => {
  inHand.delete(message)
  if (inHand.size < options.maxInFlight) hasRoom.openUnsafe()
}

/** Asks the queue for something, and only logs a failure: the messages come back by themselves. */
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

/** Logs that the store does not take writes, if the log does not say so already. */
const tellStoreFailed = <R>({ storeOutage }: Working<R>, what: string, error: StoreError): Effect.Effect<void> =>
  Effect.suspend(() => (storeOutage.failed(StoreOutage.causeOf(error)) ? StoreOutage.log(what, error) : Effect.void))

/** Logs that an outage is over. */
const tellOver = Effect.fnUntraced(function* <R>({ queue: { name }, queueOutage, storeOutage }: Working<R>) {
  const [ofQueue, ofStore] = [queueOutage.over(), storeOutage.over()]
  if (ofQueue !== undefined)
    yield* Effect.logInfo(`the consumer receives from ${name} again after ${Outage.inWords(ofQueue)}`)
  if (ofStore !== undefined) yield* StoreOutage.logOver(`the messages of ${name} have their store again`, ofStore)
})

/** The failure of the store at a message. */
interface StoreFailed {
  readonly error: StoreError
  /** Logs that the message has failed. */
  readonly log: Effect.Effect<void>
}

/** Deals with a message once, and returns what became of it, or the failure of the store. */
const fateOf = Effect.fnUntraced(function* <R>(
  working: Working<R>,
  inHand: InHand
): Effect.fn.Return<Fate | StoreFailed, never, R> {
  const { handlers, inbox, options, queue } = working
  const read = fromJson(inHand.body)
  const handle = Result.isSuccess(read) ? understand(handlers, read.success) : undefined
  if (Result.isFailure(read) || handle === undefined) return "ignored"
  const message = read.success
  const limit = options.handlerTimeoutMillis
  const parent = commandOf(inHand, message)
  const dealing = inbox.once(options.consumer, keyOf(message), handle(message), limit)
  const inSpan = Spans.within(dealing, "turnout.consume", () => ({
    root: parent === undefined,
    kind: "consumer",
    attributes: {
      "messaging.operation.type": "process",
      "messaging.destination.name": queue.name,
      "messaging.consumer.group.name": options.consumer,
      "messaging.message.id": message.id
    }
  }))
  const exit = yield* Effect.exit(Spans.continuing(inSpan, parent))
  if (Exit.isSuccess(exit)) {
    working.isInDoubt = false
    working.storeOutage.worked()
    return exit.value ? "handled" : "repeated"
  }
  const { cause } = exit
  const failed = `${queue.name}: message ${message.id} could not be dealt with${inStatement(cause)}`
  const log = Spans.continuing(Effect.logWarning(failed, cause), parent)
  const error = storeErrorIn(cause)
  if (error !== undefined) return { error, log }
  yield* log
  return "failed"
})

/** Waits until the store takes writes, unless the consumer is to stop. No message is received meanwhile. */
const untilReady = Effect.fnUntraced(function* <R>(working: Working<R>, message: InHand) {
  const { inbox, queue, stopping } = working
  working.isInDoubt = true
  isWaiting(working, message, true)
  for (let failures = 1; !stopping.isOpen() && !message.isLost; failures++) {
    const asked = yield* Effect.result(inbox.ready)
    if (Result.isSuccess(asked)) break
    yield* tellStoreFailed(working, `the messages of ${queue.name} wait for their store`, asked.failure)
    yield* pause(working, STORE_PAUSES, failures)
  }
  isWaiting(working, message, false)
})

/**
 * Deals with a message, waiting for the store, and returns what became of it; `undefined` if it is to be given back. The store
 * is not away if it takes writes: if it fails at the message then, that counts against the message, in the end.
 */
const fateInTime = Effect.fnUntraced(function* <R>(
  working: Working<R>,
  message: InHand
): Effect.fn.Return<Fate | undefined, never, R> {
  const { queue, stopping } = working
  /** Whether the store took writes just before. */
  let wasReady = false
  for (let failures = 0; !stopping.isOpen() && !message.isLost;) {
    const fate = yield* fateOf(working, message)
    if (typeof fate === "string") return fate
    const { error, log } = fate
    if (!isAway(error) || wasReady) {
      failures += 1
      if (failures === MOST_FAILURES_OF_STORE) {
        yield* log
        return "failed"
      }
      yield* StoreOutage.log(`a message of ${queue.name} is tried again`, error)
    }
    if (isAway(error)) yield* untilReady(working, message)
    wasReady = isAway(error)
    yield* pause(working, OUTAGE_PAUSES, failures + 1)
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

/** Hides the messages in hand for longer. */
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

/** Begins to deal with the messages that were received. */
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

/**
 * Waits until the store takes writes and no message in hand waits for it, or until the consumer is to stop. The queue counts
 * every reception of a message, so the consumer receives none before.
 */
const storeTakesWrites = Effect.fnUntraced(function* <R>(working: Working<R>) {
  const { inbox, noneWaits, queue, stopping, waiting } = working
  for (let failures = 1; !stopping.isOpen(); failures++) {
    yield* noneWaits.await
    if (!working.isInDoubt) return
    const asked = yield* Effect.result(inbox.ready)
    // If a message waits now, the store has refused it while it was asked.
    if (Result.isSuccess(asked) && waiting.size === 0) {
      working.isInDoubt = false
      working.storeOutage.worked()
      return
    }
    if (Result.isFailure(asked))
      yield* tellStoreFailed(working, `${queue.name} is left alone until its store is there`, asked.failure)
    yield* pause(working, STORE_PAUSES, failures)
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
        Effect.suspend(() => {
          working.queueFailures = 0
          take(working, received)
          working.queueOutage.worked()
          return tellOver(working)
        }),
      onFailure: (error) =>
        Effect.suspend(() =>
          working.queueOutage.failed(error.message)
            ? Effect.logWarning(`the consumer waits for ${queue.name}`, error)
            : Effect.void
        ).pipe(Effect.andThen(Effect.suspend(() => pause(working, OUTAGE_PAUSES, ++working.queueFailures))))
    })
  )
}

/** Dies with a `RangeError` if an option is out of its bounds. */
const checkRange = (
  options: Required<ConsumerOptions>,
  name: "handlerTimeoutMillis" | "inboxTtlMillis" | "sweepMillis",
  least: number,
  most: number
): Effect.Effect<void> =>
  options[name] >= least && options[name] <= most
    ? Effect.void
    : Effect.die(new RangeError(`${name} must be from ${least} to ${most}: ${options[name]}`))

/**
 * Deals with messages until it is interrupted. After a failure of the queue or of the store, it logs the failure, waits, and
 * goes on.
 */
export const run = Effect.fnUntraced(function* <E, R>(
  queue: Queue,
  handlers: Handlers<E, R>,
  given: ConsumerOptions
): Effect.fn.Return<never, never, Inbox | R> {
  const options = { ...DEFAULTS, ...given }
  yield* checkRange(options, "handlerTimeoutMillis", 1, MAX_HANDLER_TIMEOUT_MILLIS)
  yield* checkRange(options, "inboxTtlMillis", InboxSweep.MIN_INBOX_TTL_MILLIS, InboxSweep.MAX_INBOX_TTL_MILLIS)
  yield* checkRange(options, "sweepMillis", Sweeping.MIN_SWEEP_MILLIS, Sweeping.MAX_SWEEP_MILLIS)
  const random = yield* Random.Random
  const clock = yield* Clock.Clock
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
    queueOutage: Outage.make(() => monotonicMillis(clock)),
    storeOutage: Outage.make(() => monotonicMillis(clock)),
    isInDoubt: true
  }
  const { groups, hasDone, hasRoom, inHand, noneWaits, runFork, stopping } = working

  // A poll that is under way may still bring messages, which must not be lost. So it goes on for as long as there is time.
  const receiving = runFork(Effect.repeat(receive(working), { until: () => stopping.isOpen() }))
  const removing = runFork(Effect.forever(Effect.andThen(hasDone.await, removeDone(working))))
  const sweeping = runFork(
    Sweeping.run(InboxSweep.make(working.inbox, options.consumer, options.inboxTtlMillis), options.sweepMillis)
  )
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
    yield* Fiber.interruptAll([removing, hiding, sweeping])
    yield* removeDone(working)
    yield* giveBack(working, [...inHand], 0)
  }).pipe(Effect.forkDetach, Effect.flatMap(Fiber.await))

  return yield* Effect.ensuring(Effect.never, stop)
})
