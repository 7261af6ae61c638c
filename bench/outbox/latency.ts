/**
 * The time from a registration until a relay in the same process hands it to a sink, when nothing else goes on.
 *
 * People register one after the other. Each waits until the message of the one before has arrived and the relay has gone to
 * sleep.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import { percentile } from "../support/Contest.ts"
import { eventId } from "../support/Database.ts"
import * as Script from "../support/Script.ts"

export interface Latency {
  readonly url: string
  readonly registrations: number
}

interface Percentiles {
  readonly p50Millis: number
  readonly p99Millis: number
}

export interface Latencies {
  /** The time since the outbox reported the commit to this process. */
  readonly sinceCommit: Percentiles
  /** The time since the call of `register`. */
  readonly sinceCall: Percentiles
}

const LONGEST_WARM_UP = 100
/** A pause that is longer than the work of the relay after a delivery, and random, so that it is not in step with anything. */
const pauseMillis = () => 10 + Math.random() * 10

const percentiles = (millis: ReadonlyArray<number>): Percentiles => {
  const sorted = millis.toSorted((a, b) => a - b)
  return { p50Millis: percentile(sorted, 0.5), p99Millis: percentile(sorted, 0.99) }
}

const measure = Effect.fnUntraced(function* (registrations: number) {
  const warmUp = Math.min(LONGEST_WARM_UP, registrations)
  const turnout = yield* Turnout.Turnout
  const outbox = yield* Outbox
  let arrived = Promise.withResolvers<number>()
  let committedAt = 0
  const sink: Sink = {
    name: "watch",
    deliver: ({ deliveries }) =>
      Effect.sync(() => {
        arrived.resolve(performance.now())
        return deliveries.map(() => delivered)
      })
  }
  outbox.onCommit(() => void (committedAt = performance.now()))
  yield* Effect.forkScoped(Relay.run(sink))
  const sinceCommit: Array<number> = []
  const sinceCall: Array<number> = []
  for (let person = 0; person < warmUp + registrations; person++) {
    yield* Effect.sleep(pauseMillis())
    arrived = Promise.withResolvers()
    const calledAt = performance.now()
    yield* turnout.register(
      eventId(1),
      { attendee: { email: `person-${person}@example.com`, name: "Ada Lovelace" } },
      { idempotencyKey: randomUUID() }
    )
    const arrivedAt = yield* Effect.promise(() => arrived.promise)
    if (person < warmUp) continue
    sinceCommit.push(arrivedAt - committedAt)
    sinceCall.push(arrivedAt - calledAt)
  }
  const latencies: Latencies = { sinceCommit: percentiles(sinceCommit), sinceCall: percentiles(sinceCall) }
  return latencies
}, Effect.scoped)

const { registrations, url } = Script.settings<Latency>()
const services = Layer.merge(Turnout.layer(), PostgresOutbox.layerFromClient()).pipe(
  Layer.provide(Layer.orDie(PostgresStore.layer({ url })))
)
Script.result(await Effect.runPromise(measure(registrations).pipe(Effect.provide(services))))
