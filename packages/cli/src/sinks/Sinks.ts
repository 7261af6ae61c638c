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
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { Replays } from "@turnout/core/delivery/ports/Replays"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Streams from "../output/Streams.ts"
import type { NamedQueue } from "./NamedQueue.ts"
import * as Sqs from "./Sqs.ts"

export interface SinkOptions extends Sqs.SqsOptions {
  readonly sqs?: ReadonlyArray<NamedQueue>
  /** Print messages on stdout, one a line. */
  readonly stdout?: boolean
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

const toStdout: Sink = {
  name: "stdout",
  deliver: ({ deliveries, replay }) =>
    Effect.callback((resume) => {
      const messages = deliveries.map((delivery) => toJson(delivery, replay))
      // The relay waits for a slow reader.
      Streams.writeJson("stdout", messages, () => resume(Effect.succeed(deliveries.map(() => delivered))))
    })
}

const toQueue = (options: SqsSinkOptions) =>
  Effect.flatMap(
    Effect.promise(() => import("@turnout/adapters/sqs")),
    (SqsSink) => SqsSink.make(options)
  )

/** The stores that relays need. */
export type Stores = Outbox | Replays | WebhookStore | ProjectionStore | AdmissionReads

/** Makes the sinks that the options name, except webhooks. They live as long as the scope. */
export const make = Effect.fnUntraced(function* (
  options: SinkOptions
): Effect.fn.Return<ReadonlyArray<Sink>, InvalidInput, Scope.Scope | ProjectionStore | AdmissionReads> {
  const { sales, sqs = [], stdout } = options
  const queues = yield* Effect.forEach(sqs, ({ name, url }) =>
    toQueue({ ...Sqs.connectionOf(url, options), ...(name === undefined ? {} : { name }) })
  )
  const projections = sales === true ? [yield* ProjectionSink.make(Sales.projection)] : []
  return [...queues, ...projections, ...(stdout === true ? [toStdout] : [])]
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
  return Layer.unwrap(
    Effect.map(Effect.tap(make(options), SinkNames.check), (sinks) =>
      Layer.merge(Relay.layers(sinks, settings), webhooks)
    )
  )
}
