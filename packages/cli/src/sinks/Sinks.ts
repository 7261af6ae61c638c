/**
 * The sinks that the options of the command line name.
 */
import type { SqsSinkOptions } from "@turnout/adapters/sqs"
import type { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import * as ProjectionSink from "@turnout/core/projections/application/ProjectionSink"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Sales from "@turnout/core/projections/application/Sales"
import * as SinkNames from "@turnout/core/delivery/application/SinkNames"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { toJson } from "@turnout/core/delivery/domain/Message"
import type { JournalReader, StartFrom } from "@turnout/core/journal/ports/JournalReader"
import * as Following from "@turnout/core/journal/application/Following"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Neighbours from "@turnout/core/kernel/ports/Neighbours"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Streams from "../output/Streams.ts"
import type { NamedQueue } from "./NamedQueue.ts"
import * as Sqs from "./Sqs.ts"

export interface SinkOptions extends Sqs.SqsOptions {
  readonly sqs?: ReadonlyArray<NamedQueue>
  /** Print messages on stdout, one a line: with a name as a sink, whose place is kept, and otherwise without one. */
  readonly stdout?: boolean | string
  /** Post to webhooks. */
  readonly webhooks?: boolean
  /** Keep sales summaries up to date. */
  readonly sales?: boolean
  readonly allowPrivateWebhooks?: boolean
}

/** The time that deliveries under way may take when the process is stopped. */
export const GRACE_MILLIS = 3_000
/** The time after which all relays have stopped for certain. */
export const STOP_MILLIS = GRACE_MILLIS + 1_500

/** Prints messages. It waits for a slow reader. */
const print = (messages: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.callback((resume) => Streams.writeJson("stdout", messages, () => resume(Effect.void)))

const toStdout = (name: string): Sink => ({
  name: `stdout:${name}`,
  deliver: ({ deliveries, replay }) =>
    Effect.as(
      print(deliveries.map((delivery) => toJson(delivery, replay))),
      deliveries.map(() => delivered)
    )
})

/** Prints messages without a sink: nothing of it is stored, so nothing waits for it once it has ended, however it ends. */
const onStdout = (from: StartFrom): Layer.Layer<never, never, JournalReader> =>
  Layer.effectDiscard(
    Effect.forkScoped(Following.follow(from, (entries) => print(entries.map((entry) => toJson(entry)))))
  )

const toQueue = (options: SqsSinkOptions) =>
  Effect.flatMap(
    Effect.promise(() => import("@turnout/adapters/sqs")),
    (SqsSink) => SqsSink.make(options)
  )

/** A queue that is registered as a neighbour. */
const watchedQueue = Effect.fnUntraced(function* (options: SqsSinkOptions) {
  const sink = yield* toQueue(options)
  const { failed, worked } = yield* Neighbours.observe(`queue ${sink.name}`)
  const watched: Sink = {
    ...sink,
    deliver: (consignment) =>
      sink.deliver(consignment).pipe(
        Effect.tap(() => Effect.sync(worked)),
        Effect.tapError(() => Effect.sync(failed))
      )
  }
  return watched
})

/** The stores that relays need. */
export type Stores = JournalReader | Outbox | Replays | WebhookStore | ProjectionStore | AdmissionReads

/** Makes the sinks that the options name, except webhooks and stdout without a name. They live as long as the scope. */
export const make = Effect.fnUntraced(function* (
  options: SinkOptions
): Effect.fn.Return<ReadonlyArray<Sink>, InvalidInput, Scope.Scope | ProjectionStore | AdmissionReads> {
  const { sales, sqs = [], stdout } = options
  const queues = yield* Effect.forEach(sqs, ({ name, url }) =>
    watchedQueue({ ...Sqs.connectionOf(url, options), ...(name === undefined ? {} : { name }) })
  )
  const projections = sales === true ? [yield* ProjectionSink.make(Sales.projection)] : []
  return [...queues, ...projections, ...(typeof stdout === "string" ? [toStdout(stdout)] : [])]
})

const toWebhooks = (
  { allowPrivateWebhooks: allowPrivate = false }: SinkOptions,
  relay: Relay.RelayOptions
): Layer.Layer<never, never, Stores> =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => import("@turnout/adapters/webhooks")),
      (WebhookRelays) => WebhookRelays.layer({ allowPrivate, relay })
    )
  )

/** Relays to all sinks that the options name, webhooks included. */
export const relays = (
  options: SinkOptions,
  given: Relay.RelayOptions = {}
): Layer.Layer<never, InvalidInput, Stores> => {
  const settings = { graceMillis: GRACE_MILLIS, ...given }
  // The place where a webhook begins was chosen when it was added.
  const { startFrom: _, ...forWebhooks } = settings
  const webhooks = options.webhooks === true ? toWebhooks(options, forWebhooks) : Layer.empty
  const look = options.stdout === true ? onStdout(given.startFrom ?? "beginning") : Layer.empty
  return Layer.unwrap(
    Effect.map(Effect.tap(make(options), SinkNames.check), (sinks) =>
      Layer.mergeAll(Relay.layers(sinks, settings), webhooks, look)
    )
  )
}
