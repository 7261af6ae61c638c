/**
 * A sink that posts to a webhook, by the rules of Standard Webhooks (https://www.standardwebhooks.com).
 *
 * Every message is a POST request of its own: the body is the message as every other system receives it (`Message`), and its id
 * is the message id, followed by the id of the replay if it is part of one. `WebhookHealth` has the rules that say which
 * response is a failure, and what disables a webhook.
 *
 * - **Order.** The messages of a stream are posted one after the other. A message that fails is tried again later, and holds up
 *   its stream and nothing else. Types that the webhook does not want are left out.
 * - **An endpoint that is down** opens its circuit after a few failures in a row. Until a probe succeeds, nothing is posted;
 *   the messages that wait use up no attempt and block no stream. `Retry-After` is heeded.
 * - **410** disables the webhook, and so do days of failures without a success.
 * - Every request is written to the log of the webhook.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import { delivered, type DeliveryOutcome } from "../../delivery/domain/DeliveryOutcome.ts"
import * as Message from "../../delivery/domain/Message.ts"
import { sinkOf, type WebhookAttempt } from "../domain/Webhook.ts"
import * as WebhookHealth from "../domain/WebhookHealth.ts"
import { type Consignment, type Sink, SinkUnavailable } from "../../delivery/ports/Sink.ts"
import type { WebhookPost } from "../ports/WebhookPost.ts"
import { WebhookStore, type WebhookTarget } from "../ports/WebhookStore.ts"
import { monotonicMillis } from "../../kernel/application/MonotonicTime.ts"
import * as WebhookPosting from "./WebhookPosting.ts"

export interface WebhookSinkOptions {
  /** How long the status and the headers of an answer may take. Default 15 seconds. */
  readonly timeoutMillis?: number
  /** The most requests under way for each webhook. Default 10. */
  readonly concurrency?: number
  /** The number of failures in a row after which nothing is posted for a while. Default 5. */
  readonly failuresToOpen?: number
  /** For how long nothing is posted, at first and at most; it doubles each time. Default 5 seconds and 5 minutes. */
  readonly openMillis?: number
  readonly longestOpenMillis?: number
  /** The time without a success after which a webhook is disabled. Default 5 days. */
  readonly disableAfterMillis?: number
}

export const DEFAULTS = {
  timeoutMillis: 15_000,
  concurrency: 10,
  failuresToOpen: WebhookHealth.CIRCUIT.failures,
  openMillis: WebhookHealth.CIRCUIT.openMillis,
  longestOpenMillis: WebhookHealth.CIRCUIT.longestOpenMillis,
  disableAfterMillis: WebhookHealth.DISABLE_AFTER_MILLIS
} as const satisfies Required<WebhookSinkOptions>

const WHO = "turnout"

/** Makes sinks that share circuits. */
export interface WebhookSinks {
  /** The sink of a webhook; `target` returns the current settings of the webhook. */
  readonly make: (target: () => WebhookTarget) => Effect.Effect<Sink>
}

type Logged = Omit<WebhookAttempt, "id">

const failed = (error: string): DeliveryOutcome => ({ _tag: "Failed", error, isFinal: false })
const WAITS = failed("an earlier message of the stream was not delivered")

const leniently = (what: string, effect: Effect.Effect<unknown, unknown>): Effect.Effect<void> =>
  Effect.catch(Effect.asVoid(effect), (error) => Effect.logWarning(what, error))

/** Posts a message; `undefined` if nothing was posted, because the circuit is open or the webhook is disabled. */
type Attempt = (
  delivery: StoredEntry,
  replay: string | undefined,
  log: Array<Logged>
) => Effect.Effect<DeliveryOutcome | undefined>

/** Posts the messages of a consignment, each stream in order, and returns the outcome of each. */
const deliver = Effect.fnUntraced(function* (
  { deliveries, replay, settled }: Consignment,
  { webhook: { id, types } }: WebhookTarget,
  {
    attempt,
    concurrency,
    log
  }: { readonly attempt: Attempt; readonly concurrency: number; readonly log: Array<Logged> }
): Effect.fn.Return<ReadonlyArray<DeliveryOutcome>, SinkUnavailable> {
  const isWanted = ({ type }: StoredEntry): boolean => types === null || types.includes(type)
  const outcomes = deliveries.map(() => WAITS)
  const settle = (index: number, outcome: DeliveryOutcome) => {
    outcomes[index] = outcome
    settled?.(index, outcome)
  }
  for (const [index, delivery] of deliveries.entries()) if (!isWanted(delivery)) settle(index, delivered)
  const wanted = [...deliveries.keys()].filter((index) => isWanted(deliveries[index]!))
  const streams = [...Map.groupBy(wanted, (index) => deliveries[index]!.eventId).values()]
  /** Whether a message was not posted because the circuit is open. Such a message has not failed, and no other is posted. */
  let isOpen = false
  const send = (index: number): Effect.Effect<boolean> =>
    Effect.suspend(() =>
      isOpen
        ? Effect.succeed(false)
        : Effect.map(attempt(deliveries[index]!, replay, log), (outcome) => {
            if (outcome === undefined) isOpen = true
            else settle(index, outcome)
            return outcome?._tag === "Delivered"
          })
    )
  const sendStream = Effect.fnUntraced(function* (indexes: ReadonlyArray<number>) {
    for (const index of indexes) if (!(yield* send(index))) return
  })
  const [first = [], ...others] = streams
  // The first message goes alone: it may be the probe of an open circuit.
  const hasArrived = first.length === 0 || (yield* send(first[0]!))
  const rest = hasArrived ? [first.slice(1), ...others] : others
  yield* Effect.forEach(rest, sendStream, { concurrency, discard: true })
  if (isOpen) return yield* new SinkUnavailable({ cause: new Error(`nothing is posted to webhook ${id} for now`) })
  return outcomes
})

/** What the sinks of webhooks share. */
interface Surroundings {
  readonly store: WebhookStore["Service"]
  readonly moment: () => WebhookHealth.Moment
  readonly post: WebhookPosting.Posting
  readonly concurrency: number
  readonly disableAfterMillis: number
}

const makeSink = (
  { concurrency, disableAfterMillis, moment, post, store }: Surroundings,
  target: () => WebhookTarget
): Sink => {
  const { id } = target().webhook
  const places = Semaphore.makeUnsafe(concurrency)
  let seen: WebhookTarget | undefined
  let health = WebhookHealth.unknown
  /** The webhook as it is now. If an operator has changed it, the change outweighs what the sink had found out before. */
  const current = (): WebhookTarget => {
    const latest = target()
    if (latest !== seen) health = WebhookHealth.asStored(health, latest.webhook.failingSince, moment())
    seen = latest
    return latest
  }

  const conclude = (response: WebhookHealth.WebhookResponse): Effect.Effect<void> =>
    Effect.suspend(() => {
      const [next, consequence] = WebhookHealth.after(health, response, moment(), disableAfterMillis)
      health = next
      switch (consequence._tag) {
        case "Nothing":
          return Effect.void
        case "Disable":
          return leniently(`webhook ${id} could not be disabled`, store.disable(id, consequence.reason, WHO))
        case "NoteFailing": {
          const { isFailing } = consequence
          const as = isFailing ? "failing" : "working"
          return leniently(`webhook ${id} could not be noted as ${as}`, store.noteFailing(id, isFailing))
        }
      }
    })

  const attempt: Attempt = Effect.fnUntraced(function* (delivery, replay, log) {
    const { eventId, id: message, type, version } = delivery
    const to = current()
    if (health.isDisabled) return undefined
    const began = moment()
    const key = replay === undefined ? message : `${message}_${replay}`
    const response = yield* post(to, key, Message.toJson(delivery, replay))
    if (response === undefined) return undefined
    const { status } = response
    const error = WebhookHealth.errorOf(response)
    const millis = moment().monotonicMillis - began.monotonicMillis
    log.push({ at: began.now, message, eventId, version, type, replay: replay ?? null, millis, status, error })
    yield* conclude(response)
    return error === null ? delivered : failed(error)
  })

  return {
    name: sinkOf(id),
    deliver: (consignment) =>
      Effect.suspend(() => {
        const log: Array<Logged> = []
        const inPlace: Attempt = (...asked) => places.withPermit(attempt(...asked))
        const record = Effect.suspend(() =>
          log.length === 0
            ? Effect.void
            : leniently(`requests to webhook ${id} could not be logged`, store.record(id, log))
        )
        return Effect.ensuring(deliver(consignment, current(), { attempt: inPlace, concurrency, log }), record)
      })
  }
}

export const make = Effect.fnUntraced(function* (
  options: WebhookSinkOptions = {}
): Effect.fn.Return<WebhookSinks, never, WebhookStore | WebhookPost | Scope.Scope> {
  const settings = { ...DEFAULTS, ...options }
  const { concurrency, disableAfterMillis } = settings
  const store = yield* WebhookStore
  const post = yield* WebhookPosting.make(settings)
  const clock = yield* Clock.Clock
  const moment = (): WebhookHealth.Moment => ({
    now: new Date(clock.currentTimeMillisUnsafe()),
    monotonicMillis: monotonicMillis(clock)
  })
  const surroundings = { store, moment, post, concurrency, disableAfterMillis }
  return { make: (target) => Effect.sync(() => makeSink(surroundings, target)) }
})
