/**
 * Relays to every webhook that is enabled, until `run` is interrupted.
 *
 * `run` looks from time to time for webhooks that came, changed, or are gone. Each webhook has a relay of its own, with retries
 * over days (`WebhookHealth.RETRY_POLICY`): the pauses double from five seconds up to half a day, and after about five days on
 * average the stream is parked. A relay that starts just as its webhook is removed finds no sink, and makes none
 * (`Outbox.register`).
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Struct from "effect/Struct"
import type { WebhookId } from "../domain/Webhook.ts"
import { IDLE_AFTER_MILLIS, RETRY_POLICY } from "../domain/WebhookHealth.ts"
import type { AdmissionReads } from "../../admission/ports/AdmissionReads.ts"
import type { Outbox } from "../../delivery/ports/Outbox.ts"
import type { Replays } from "../../delivery/ports/Replays.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { WebhookPost } from "../ports/WebhookPost.ts"
import { WebhookStore, type WebhookTarget } from "../ports/WebhookStore.ts"
import * as Relay from "../../delivery/application/Relay.ts"
import * as Replayer from "../../delivery/application/Replayer.ts"
import * as Outage from "../../kernel/application/Outage.ts"
import { monotonicMillis } from "../../kernel/application/time/MonotonicTime.ts"
import * as StoreOutage from "../../kernel/application/StoreOutage.ts"
import * as WebhookSink from "./WebhookSink.ts"

export interface WebhookRelayOptions extends WebhookSink.WebhookSinkOptions {
  /** How often to look for webhooks that came, changed, or are gone. Default 5 seconds. */
  readonly refreshMillis?: number
  /** How long after its last failure a webhook that nothing waits for does not count as failing any more. Default a minute. */
  readonly idleAfterMillis?: number
  /** For how long requests stay in the log. Default 30 days. */
  readonly keepAttemptsMillis?: number
  /** The options of each webhook's relay. */
  readonly relay?: Relay.RelayOptions
}

const DEFAULTS = {
  refreshMillis: 5_000,
  idleAfterMillis: IDLE_AFTER_MILLIS,
  keepAttemptsMillis: 30 * 24 * 60 * 60 * 1_000
} as const satisfies WebhookRelayOptions

/** Requests are slow, and a batch that fails may be posted twice, so batches are small. */
const RELAY: Relay.RelayOptions = { batchSize: 20, maxInFlight: 200, retryPolicy: RETRY_POLICY, startFrom: "now" }

const FORGET_INTERVAL_MILLIS = 60 * 60 * 1_000
const FORGOTTEN_AT_ONCE = 5_000

interface Running {
  target: WebhookTarget
  readonly fiber: Fiber.Fiber<unknown>
}

export const run = Effect.fnUntraced(function* (
  options: WebhookRelayOptions = {}
): Effect.fn.Return<never, never, AdmissionReads | WebhookStore | WebhookPost | Outbox | Replays | Scope.Scope> {
  const { idleAfterMillis, keepAttemptsMillis, refreshMillis } = { ...DEFAULTS, ...options }
  const store = yield* WebhookStore
  const sinks = yield* WebhookSink.make(options)
  const running = new Map<WebhookId, Running>()
  const relay = { ...RELAY, ...options.relay }
  const replayer = Struct.pick(relay, ["batchSize", "owner", "ttlMillis"])

  const begin = Effect.fnUntraced(function* (target: WebhookTarget) {
    const { id } = target.webhook
    const own = { target } as Running
    const sink = yield* sinks.make(() => own.target)
    const relaying = Effect.all([Relay.run(sink, relay), Replayer.run(sink, replayer)], { concurrency: "unbounded" })
    running.set(id, Object.assign(own, { fiber: yield* Effect.forkChild(relaying) }))
  })

  const refresh = Effect.gen(function* (): Effect.fn.Return<void, StoreError, Outbox | Replays> {
    let targets = yield* store.targets
    // The count of failures ends when nothing waits for the webhook any more.
    if (targets.some(({ webhook }) => webhook.failingSince !== null) && (yield* store.noteIdle(idleAfterMillis)) > 0)
      targets = yield* store.targets
    const wanted = new Set(targets.map(({ webhook }) => webhook.id))
    for (const [id, { fiber }] of running) {
      if (wanted.has(id)) continue
      running.delete(id)
      yield* Effect.forkChild(Fiber.interrupt(fiber))
    }
    for (const target of targets) {
      const known = running.get(target.webhook.id)
      // A relay that has ended failed in a way that nobody foresaw, and has logged it; a new one may fare better.
      if (known === undefined || known.fiber.pollUnsafe() !== undefined) yield* begin(target)
      else known.target = target
    }
  })

  const forget = Effect.suspend(() =>
    store.forget(new Date(store.clock.now().getTime() - keepAttemptsMillis), FORGOTTEN_AT_ONCE)
  ).pipe(
    Effect.repeat({ while: (count) => count === FORGOTTEN_AT_ONCE }),
    Effect.ignore,
    Effect.andThen(Effect.sleep(FORGET_INTERVAL_MILLIS)),
    Effect.forever
  )

  yield* Effect.forkScoped(forget)
  const clock = yield* Clock.Clock
  const outage = Outage.make(() => monotonicMillis(clock))
  const tellOver = Effect.suspend(() => {
    outage.worked()
    const millis = outage.over()
    return millis === undefined ? Effect.void : StoreOutage.logOver("webhooks have their store again", millis)
  })
  const patiently = Effect.matchEffect(refresh, {
    onSuccess: () => tellOver,
    onFailure: (error) =>
      outage.failed(StoreOutage.causeOf(error)) ? StoreOutage.log("webhooks wait for their store", error) : Effect.void
  })
  const watch = Effect.forever(Effect.andThen(patiently, Effect.sleep(refreshMillis)))
  return yield* Effect.ensuring(
    watch,
    Effect.suspend(() => Fiber.interruptAll([...running.values()].map(({ fiber }) => fiber)))
  )
})
