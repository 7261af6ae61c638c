/**
 * A sink that posts to a webhook, by the rules of Standard Webhooks (https://www.standardwebhooks.com).
 *
 * Every message is a POST request of its own: the body is the message as every other system is given it (`domain/Message`),
 * `webhook-id` is the message id (and that of the replay, if it is one), and `webhook-signature` is made with every secret
 * that is in force. Any answer of 2xx within the time-out means that it has arrived; redirects are not followed.
 *
 * - **Order.** The messages of a stream are posted one after the other. One that fails is tried again later, and holds up its
 *   stream and nothing else. Types that the webhook does not want are left out.
 * - **An endpoint that is down** opens its circuit after a few failures in a row: nothing is posted, and nothing counts as an
 *   attempt, until a probe succeeds. `Retry-After` is heeded.
 * - **410** disables the webhook, and so does failing for days on end.
 * - **Where to.** Only to public addresses, and by https only, unless `allowPrivate`.
 * - Every request is written to the log of the webhook.
 */
import type { Delivery, DeliveryOutcome } from "@turnout/core/domain/Delivery"
import { delivered } from "@turnout/core/domain/Delivery"
import * as Message from "@turnout/core/domain/Message"
import { sinkOf, type WebhookAttempt } from "@turnout/core/domain/Webhook"
import { type Sink, SinkUnavailable } from "@turnout/core/ports/Sink"
import { WebhookStore, type WebhookTarget } from "@turnout/core/ports/WebhookStore"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import type * as Scope from "effect/Scope"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import * as WebhookRequest from "./WebhookRequest.ts"

export interface WebhookOptions {
  /** Whether addresses of private networks, and plain http, are allowed: for development, and inside of one's own network. */
  readonly allowPrivate?: boolean
  /** How long a request may take. Default 15 seconds. */
  readonly timeoutMillis?: number
  /** The most requests under way for each webhook. Default 10. */
  readonly concurrency?: number
  /** After how many failures in a row nothing is posted for a while. Default 5. */
  readonly failuresToOpen?: number
  /** For how long at first, and at most; it doubles each time. Default 5 seconds, and 5 minutes. */
  readonly openMillis?: number
  readonly longestOpenMillis?: number
  /** After how long without a success a webhook is disabled. Default 5 days. */
  readonly disableAfterMillis?: number
}

const DEFAULTS = {
  allowPrivate: false,
  timeoutMillis: 15_000,
  concurrency: 10,
  failuresToOpen: 5,
  openMillis: 5_000,
  longestOpenMillis: 5 * 60 * 1_000,
  disableAfterMillis: 5 * 24 * 60 * 60 * 1_000
} as const satisfies WebhookOptions

const WHO = "turnout"

/** Makes sinks that share connections and circuits. */
export interface WebhookSinks {
  /** The sink of a webhook; `target` gives it as it is at the time. */
  readonly make: (target: () => WebhookTarget) => Effect.Effect<Sink>
}

const failed = (error: string): DeliveryOutcome => ({ _tag: "Failed", error, isFinal: false })
const NOT_POSTED: DeliveryOutcome = {
  _tag: "NotTried",
  error: "the endpoint has failed too often; nothing is posted for a while"
}
const BEHIND = failed("an earlier message of the stream was not delivered")

export const make = Effect.fnUntraced(function* (
  options: WebhookOptions = {}
): Effect.fn.Return<WebhookSinks, never, WebhookStore | Scope.Scope> {
  const settings = { ...DEFAULTS, ...options }
  const { allowPrivate, concurrency, disableAfterMillis, timeoutMillis } = settings
  const store = yield* WebhookStore
  const clock = yield* Clock.Clock
  const now = (): number => clock.currentTimeMillisUnsafe()
  const post = yield* WebhookRequest.make({ allowPrivate, timeoutMillis, connections: concurrency })
  const breaker = yield* CircuitBreaker.make({
    tripPolicy: CircuitBreaker.consecutive(settings.failuresToOpen),
    openDuration: Schedule.min([Schedule.exponential(settings.openMillis), Schedule.spaced(settings.longestOpenMillis)])
  }).pipe(Effect.provide(CircuitBreaker.layerStoreMemory()))

  const classify = (exit: Exit.Exit<WebhookRequest.Answer>): CircuitBreaker.Outcome => {
    if (Exit.isFailure(exit)) return CircuitBreaker.ignored
    const { error, retryAfterMillis: after } = exit.value
    if (error === null) return CircuitBreaker.success
    return CircuitBreaker.failure(after === undefined ? undefined : { retryAfter: Duration.millis(after) })
  }

  const leniently = (what: string, effect: Effect.Effect<unknown, unknown>): Effect.Effect<void> =>
    Effect.catch(Effect.asVoid(effect), (error) => Effect.logWarning(what, error))

  const makeSink = (target: () => WebhookTarget): Effect.Effect<Sink> =>
    Effect.sync(() => {
      const { id } = target().webhook
      const places = Semaphore.makeUnsafe(concurrency)
      let seen: WebhookTarget | undefined
      let failingSince: Date | null = null
      let isDisabled = false
      /** The webhook as it is now; what an operator has changed counts more than what was found out before. */
      const current = (): WebhookTarget => {
        const now = target()
        if (now !== seen) {
          seen = now
          failingSince = now.webhook.failingSince
          isDisabled = false
        }
        return now
      }

      const disable = (reason: string) => {
        isDisabled = true
        return leniently(`webhook ${id} could not be disabled`, store.disable(id, reason, WHO))
      }
      /** Draws the consequences of an answer for the webhook as a whole. */
      const conclude = (answer: WebhookRequest.Answer): Effect.Effect<void> =>
        Effect.suspend(() => {
          if (answer.error === null) {
            if (failingSince === null) return Effect.void
            failingSince = null
            return leniently(`webhook ${id} could not be noted as working`, store.noteFailing(id, false))
          }
          if (answer.status === 410) return disable("it answered 410 Gone")
          if (failingSince === null) {
            failingSince = new Date(now())
            return leniently(`webhook ${id} could not be noted as failing`, store.noteFailing(id, true))
          }
          const isOver = now() - failingSince.getTime() >= disableAfterMillis
          return isOver
            ? disable(`it has failed since ${failingSince.toISOString()}; at last: ${answer.error}`)
            : Effect.void
        })

      /** `undefined` if nothing was posted, since the circuit is open. */
      const attempt = Effect.fnUntraced(function* (
        delivery: Delivery,
        replay: string | undefined,
        log: Array<Omit<WebhookAttempt, "id">>
      ): Effect.fn.Return<DeliveryOutcome | undefined> {
        const { eventId, id: message, type, version } = delivery
        const to = current()
        if (isDisabled) return undefined
        const beganAt = now()
        const key = replay === undefined ? message : `${message}_${replay}`
        const answer = yield* post(to, key, Message.toJson(delivery, replay)).pipe(
          breaker.execute({ key: id, classify }),
          Effect.catch(() => Effect.succeed(undefined))
        )
        if (answer === undefined) return undefined
        const { error, status } = answer
        const millis = Math.max(0, Math.round(now() - beganAt))
        const rest = { replay: replay ?? null, millis, status, error }
        log.push({ at: new Date(beganAt), message, eventId, version, type, ...rest })
        yield* conclude(answer)
        return error === null ? delivered : failed(error)
      })

      return {
        name: sinkOf(id),
        deliver: ({ deliveries, replay }) => {
          const log: Array<Omit<WebhookAttempt, "id">> = []
          const { types } = current().webhook
          const isWanted = ({ type }: Delivery): boolean => types === null || types.includes(type)
          const outcomes = deliveries.map((delivery): DeliveryOutcome => (isWanted(delivery) ? BEHIND : delivered))
          const wanted = [...deliveries.keys()].filter((index) => isWanted(deliveries[index]!))
          const streams = [...Map.groupBy(wanted, (index) => deliveries[index]!.eventId).values()]
          let isFirst = true
          const send = (index: number): Effect.Effect<boolean, SinkUnavailable> =>
            Effect.flatMap(places.withPermit(attempt(deliveries[index]!, replay, log)), (outcome) => {
              // As long as nothing has been posted, nobody's message has failed.
              if (outcome === undefined && isFirst)
                return Effect.fail(
                  new SinkUnavailable({ cause: new Error(`nothing is posted to webhook ${id} for now`) })
                )
              isFirst = false
              outcomes[index] = outcome ?? NOT_POSTED
              return Effect.succeed(outcomes[index]._tag === "Delivered")
            })
          const sendStream = Effect.fnUntraced(function* (indexes: ReadonlyArray<number>) {
            for (const index of indexes) if (!(yield* send(index))) return
          })
          const [first = [], ...others] = streams
          return Effect.gen(function* () {
            // One alone to begin with: it may be the probe of an open circuit.
            const hasArrived = first.length === 0 || (yield* send(first[0]!))
            const rest = hasArrived ? [first.slice(1), ...others] : others
            yield* Effect.forEach(rest, sendStream, { concurrency, discard: true })
            return outcomes
          }).pipe(
            Effect.ensuring(
              Effect.suspend(() =>
                log.length === 0
                  ? Effect.void
                  : leniently(`requests to webhook ${id} could not be logged`, store.record(id, log))
              )
            )
          )
        }
      }
    })

  return { make: makeSink }
})
