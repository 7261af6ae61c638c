/**
 * The sinks that the options of the command line name.
 */
import type { SqsSinkOptions } from "@turnout/adapters/sqs"
import type { InvalidInput } from "@turnout/core/application/InvalidInput"
import * as Relay from "@turnout/core/application/Relay"
import { delivered } from "@turnout/core/domain/Delivery"
import { toJson } from "@turnout/core/domain/Message"
import type { Outbox } from "@turnout/core/ports/Outbox"
import type { Sink } from "@turnout/core/ports/Sink"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

export interface SinkOptions {
  /** URLs of queues. */
  readonly sqs?: ReadonlyArray<string>
  readonly sqsEndpoint?: string
  readonly sqsRegion?: string
  /** Print messages on stdout, a line each. */
  readonly stdout?: boolean
}

/** How long what is under way may take when the process is stopped. */
export const GRACE_MILLIS = 3_000
/** After which it is over for certain. */
export const STOP_MILLIS = GRACE_MILLIS + 1_500

const toStdout: Sink = {
  name: "stdout",
  deliver: ({ deliveries }) =>
    Effect.callback((resume) => {
      const lines = deliveries.map((delivery) => `${toJson(delivery)}\n`).join("")
      // Whoever reads slowly is waited for.
      process.stdout.write(lines, () => resume(Effect.succeed(deliveries.map(() => delivered))))
    })
}

/** The client of AWS takes a while to load: only who speaks to it waits for that. */
const toQueue = (options: SqsSinkOptions) =>
  Effect.flatMap(
    Effect.promise(() => import("@turnout/adapters/sqs")),
    (SqsSink) => SqsSink.make(options)
  )

/** The sinks, for as long as the scope is open. */
export const make = Effect.fnUntraced(function* ({
  sqs = [],
  sqsEndpoint,
  sqsRegion,
  stdout
}: SinkOptions): Effect.fn.Return<ReadonlyArray<Sink>, InvalidInput, Scope.Scope> {
  const queues = yield* Effect.forEach(sqs, (queueUrl) =>
    toQueue({
      queueUrl,
      ...(sqsEndpoint === undefined ? {} : { endpoint: sqsEndpoint }),
      ...(sqsRegion === undefined ? {} : { region: sqsRegion })
    })
  )
  return stdout === true ? [...queues, toStdout] : queues
})

/** Relays to all of them. */
export const relays = (
  options: SinkOptions,
  settings: Relay.RelayOptions = {}
): Layer.Layer<never, InvalidInput, Outbox> =>
  Layer.unwrap(
    Effect.map(make(options), (sinks) =>
      sinks
        .map((sink) => Relay.layer(sink, { graceMillis: GRACE_MILLIS, ...settings }))
        .reduce((all, one) => Layer.merge(all, one), Layer.empty as Layer.Layer<never, never, Outbox>)
    )
  )
