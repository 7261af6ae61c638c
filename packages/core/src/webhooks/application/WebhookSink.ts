/**
 * A sink that posts to a webhook, by the rules of Standard Webhooks (https://www.standardwebhooks.com).
 *
 * Every message is a POST request of its own: the body is the message as every other system receives it (`Message`), and its id
 * is the message id, followed by the id of the replay if it is part of one. `WebhookHealth` has the rules that say which
 * response is a failure, and what disables a webhook.
 *
 * - **Order.** The messages of a stream are posted one after the other. A message that fails is tried again later, and holds up
 *   its stream and nothing else. Types that the webhook does not want are left out, and so are, for a webhook of an organization, the
 *   messages about the events of others: they cost neither a request nor an attempt. If the store cannot tell whose an event is, the
 *   sink waits until it can.
 * - **An endpoint that is down** opens its circuit after a few failures in a row. Until a probe succeeds, nothing is posted;
 *   the messages that wait use up no attempt and block no stream.
 * - **`Retry-After`** leaves the whole endpoint alone from the first time on, in all processes, and its stream is blocked for
 *   as long. Then one request is made, and the others wait for its response.
 * - **410** disables the webhook, and so do days of failures without a success.
 * - A request passes on the span in which its message was caused, and is a part of that trace (`PostingSpan`).
 * - Every request is written to the log of the webhook, and says when it was made, by the store's clock: endpoints refuse requests
 *   whose time is minutes off.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { StoredEntry } from "../../journal/domain/StoredEntry.ts"
import { delivered, type DeliveryOutcome } from "../../delivery/domain/DeliveryOutcome.ts"
import * as Message from "../../delivery/domain/Message.ts"
import { sinkOf, type Webhook, type WebhookAttempt } from "../domain/Webhook.ts"
import * as WebhookHealth from "../domain/WebhookHealth.ts"
import { type Consignment, type Sink, SinkUnavailable } from "../../delivery/ports/Sink.ts"
import type { WebhookPost } from "../ports/WebhookPost.ts"
import { WebhookStore, type WebhookTarget } from "../ports/WebhookStore.ts"
import { monotonicMillis } from "../../kernel/application/time/MonotonicTime.ts"
import { AdmissionReads } from "../../admission/ports/AdmissionReads.ts"
import * as EndpointHealth from "./EndpointHealth.ts"
import { leniently } from "./EndpointHealth.ts"
import * as EventOwners from "./EventOwners.ts"
import * as PostingSpan from "./PostingSpan.ts"
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
  /** For how long a webhook fails, without a success, until it is disabled. Default 5 days. */
  readonly disableAfterMillis?: number
  /** The longest time between two failures that counts as failing. Default 13 hours. */
  readonly longestGapMillis?: number
  /** The longest time for which an endpoint is left alone because it asks for it. Default, and at most, 12 hours. */
  readonly longestRestMillis?: number
}

/** The name that the metrics have for all webhooks. */
const MEASURED_AS = "webhooks"

export const DEFAULTS = {
  timeoutMillis: 15_000,
  concurrency: 10,
  failuresToOpen: WebhookHealth.CIRCUIT.failures,
  openMillis: WebhookHealth.CIRCUIT.openMillis,
  longestOpenMillis: WebhookHealth.CIRCUIT.longestOpenMillis,
  disableAfterMillis: WebhookHealth.DISABLE_AFTER_MILLIS,
  longestGapMillis: WebhookHealth.LONGEST_GAP_MILLIS,
  longestRestMillis: WebhookHealth.LONGEST_REST_MILLIS
} as const satisfies Required<WebhookSinkOptions>

/** Makes sinks that share circuits, and what the process remembers of events. */
export interface WebhookSinks {
  /** The sink of a webhook; `target` returns the current settings of the webhook. */
  readonly make: (target: () => WebhookTarget) => Effect.Effect<Sink>
}

type Logged = Omit<WebhookAttempt, "id">

const failed = (error: string, restMillis = 0): DeliveryOutcome => ({
  _tag: "Failed",
  error,
  isFinal: false,
  ...(restMillis > 0 ? { retryAfterMillis: restMillis } : {})
})
const WAITS = failed("an earlier message of the stream was not delivered")

/**
 * Posts a message, and returns its outcome, which `settle` is given as soon as it is known; `undefined` if nothing was posted,
 * because the circuit is open, the endpoint has asked to be left alone, or the webhook is being disabled.
 */
type Attempt = (
  delivery: StoredEntry,
  about: {
    readonly replay: string | undefined
    readonly log: Array<Logged>
    readonly settle: (outcome: DeliveryOutcome) => void
  }
) => Effect.Effect<DeliveryOutcome | undefined>

/** Tells which entries a webhook is posted: those of its types that are about the events of its organization. */
const wantedBy = Effect.fnUntraced(function* (
  { organizationId, types }: Webhook,
  deliveries: ReadonlyArray<StoredEntry>,
  owners: EventOwners.EventOwners
): Effect.fn.Return<(entry: StoredEntry) => boolean, SinkUnavailable> {
  const isOfType = ({ type }: StoredEntry): boolean => types === null || types.includes(type)
  if (organizationId === null) return isOfType
  const ofType = deliveries.filter(isOfType)
  const ownerOf = yield* Effect.mapError(owners.of(ofType), (cause) => new SinkUnavailable({ cause }))
  const strays = ofType.filter(({ eventId }) => ownerOf(eventId) === undefined)
  // The server of the store was replaced by one that has lost the event, or somebody has deleted rows.
  if (strays.length > 0)
    yield* Effect.logWarning(`it is not known whose event ${strays[0]!.eventId} is; nobody is told of it`)
  return (entry) => isOfType(entry) && ownerOf(entry.eventId) === organizationId
})

/** What a delivery to a webhook needs besides the consignment. */
interface Delivering {
  readonly attempt: Attempt
  readonly concurrency: number
  readonly log: Array<Logged>
  readonly owners: EventOwners.EventOwners
}

/** Posts the messages of a consignment, each stream in order, and returns the outcome of each. */
const deliver = Effect.fnUntraced(function* (
  { deliveries, replay, settled }: Consignment,
  { webhook }: WebhookTarget,
  { attempt, concurrency, log, owners }: Delivering
): Effect.fn.Return<ReadonlyArray<DeliveryOutcome>, SinkUnavailable> {
  const isWanted = yield* wantedBy(webhook, deliveries, owners)
  const outcomes = deliveries.map(() => WAITS)
  const settle = (index: number, outcome: DeliveryOutcome) => {
    outcomes[index] = outcome
    settled?.(index, outcome)
  }
  for (const [index, delivery] of deliveries.entries()) if (!isWanted(delivery)) settle(index, delivered)
  const wanted = [...deliveries.keys()].filter((index) => isWanted(deliveries[index]!))
  const streams = [...Map.groupBy(wanted, (index) => deliveries[index]!.eventId).values()]
  /** Whether a message was not posted. Such a message has not failed, and no other is posted. */
  let isHeld = false
  const send = (index: number): Effect.Effect<boolean> =>
    Effect.suspend(() =>
      isHeld
        ? Effect.succeed(false)
        : Effect.map(
            attempt(deliveries[index]!, { replay, log, settle: (outcome) => settle(index, outcome) }),
            (outcome) => {
              if (outcome === undefined) isHeld = true
              return outcome?._tag === "Delivered"
            }
          )
    )
  const sendStream = Effect.fnUntraced(function* (indexes: ReadonlyArray<number>) {
    for (const index of indexes) if (!(yield* send(index))) return
  })
  const [first = [], ...others] = streams
  // The first message goes alone: it may be the probe of an open circuit, or of an endpoint that was left alone.
  const hasArrived = first.length === 0 || (yield* send(first[0]!))
  const rest = hasArrived ? [first.slice(1), ...others] : others
  yield* Effect.forEach(rest, sendStream, { concurrency, discard: true })
  if (isHeld)
    return yield* new SinkUnavailable({ cause: new Error(`nothing is posted to webhook ${webhook.id} for now`) })
  return outcomes
})

/** What the sinks of webhooks share. */
interface Surroundings {
  readonly owners: EventOwners.EventOwners
  readonly store: WebhookStore["Service"]
  readonly clock: Clock.Clock
  readonly post: WebhookPosting.Posting
  readonly settings: Required<WebhookSinkOptions>
}

const makeSink = ({ clock, owners, post, settings, store }: Surroundings, target: () => WebhookTarget): Sink => {
  const { concurrency } = settings
  const { id } = target().webhook
  const name = sinkOf(id)
  const now = () => monotonicMillis(clock)
  const places = Semaphore.makeUnsafe(concurrency)
  const health = EndpointHealth.make({ ...settings, store, now, target })

  const attempt: Attempt = Effect.fnUntraced(function* (delivery, { log, replay, settle }) {
    const { eventId, id: message, metadata, type, version } = delivery
    const { traceParent } = metadata
    const to = health.current()
    const at = store.clock.now()
    const began = now()
    const key = replay === undefined ? message : `${message}_${replay}`
    let [millis, heard]: [number, EndpointHealth.Heard] = [0, { restMillis: 0, failing: undefined }]
    const hear = Effect.fnUntraced(function* (response: WebhookHealth.WebhookResponse) {
      millis = now() - began
      // What has arrived has arrived, whatever comes in between now.
      if (WebhookHealth.errorOf(response) === null) settle(delivered)
      heard = yield* health.hear(to, response)
    })
    const posting = post(to, { id: key, body: Message.toJson(delivery, replay), at, traceParent }, hear)
    const response = yield* PostingSpan.within(posting, name, delivery)
    if (response === undefined) return undefined
    const { status } = response
    const error = WebhookHealth.errorOf(response)
    log.push({ at, message, eventId, version, type, replay: replay ?? null, millis, status, error })
    if (error === null) return delivered
    const outcome = failed(error, heard.restMillis)
    settle(outcome)
    yield* health.conclude(to, heard, error)
    return outcome
  })

  return {
    name,
    measuredAs: MEASURED_AS,
    deliver: (consignment) =>
      Effect.suspend(() => {
        const log: Array<Logged> = []
        const inPlace: Attempt = (...asked) => places.withPermit(health.ifAllowed(attempt(...asked)))
        const record = Effect.suspend(() =>
          log.length === 0
            ? Effect.void
            : Effect.asVoid(leniently(`requests to webhook ${id} could not be logged`, store.record(id, log)))
        )
        return Effect.ensuring(
          deliver(consignment, health.current(), { attempt: inPlace, concurrency, log, owners }),
          record
        )
      })
  }
}

export const make = Effect.fnUntraced(function* (
  options: WebhookSinkOptions = {}
): Effect.fn.Return<WebhookSinks, never, AdmissionReads | WebhookStore | WebhookPost | Scope.Scope> {
  const given = { ...DEFAULTS, ...options }
  const settings = { ...given, longestRestMillis: Math.min(given.longestRestMillis, DEFAULTS.longestRestMillis) }
  const surroundings: Surroundings = {
    owners: EventOwners.make(yield* AdmissionReads),
    store: yield* WebhookStore,
    clock: yield* Clock.Clock,
    post: yield* WebhookPosting.make(settings),
    settings
  }
  return { make: (target) => Effect.sync(() => makeSink(surroundings, target)) }
})
