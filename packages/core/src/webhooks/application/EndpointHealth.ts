/**
 * What a process knows of the endpoint of a webhook, and writes down of it, by the rules of `WebhookHealth`.
 *
 * The store counts failures and keeps for how long the endpoint is to be left alone, for all processes and across restarts. A
 * process heeds what it has heard itself at once, and what others have noted when it has read the webhook again. If something
 * cannot be noted, requests go on; what was heard is heeded all the same.
 */
import * as Effect from "effect/Effect"
import { visible } from "../../kernel/domain/text/VisibleText.ts"
import * as WebhookHealth from "../domain/WebhookHealth.ts"
import type { WebhookStore, WebhookTarget } from "../ports/WebhookStore.ts"

export interface EndpointHealthSettings {
  readonly disableAfterMillis: number
  readonly longestGapMillis: number
  readonly longestRestMillis: number
}

interface Surroundings extends EndpointHealthSettings {
  readonly store: WebhookStore["Service"]
  /** Monotonic time, in milliseconds. */
  readonly now: () => number
  /** Returns the webhook as it was read last. */
  readonly target: () => WebhookTarget
}

/** What a response says of its endpoint. */
export interface Heard {
  /** For how long the endpoint asks to be left alone; 0 if it does not. */
  readonly restMillis: number
  /** The failures since the last success, if this is one, and could be noted. */
  readonly failing: WebhookHealth.Failing | undefined
}

export interface EndpointHealth {
  /** The webhook as it was read last. */
  readonly current: () => WebhookTarget
  /** Makes a request, if one may be made now; `undefined` if not. */
  readonly ifAllowed: <A>(request: Effect.Effect<A>) => Effect.Effect<A | undefined>
  /**
   * Heeds the response to a request that was made to this target, at once, and notes it. Nothing comes of it if an operator has
   * begun another edition meanwhile: the endpoint is none any more.
   */
  readonly hear: (to: WebhookTarget, response: WebhookHealth.WebhookResponse) => Effect.Effect<Heard>
  /** Disables the webhook if it has failed for too long; `error` is what went wrong at last. */
  readonly conclude: (to: WebhookTarget, heard: Heard, error: string) => Effect.Effect<void>
}

const WHO = "turnout"

/** Returns `undefined` after a failure, which is logged. */
export const leniently = <A>(what: string, effect: Effect.Effect<A, unknown>): Effect.Effect<A | undefined> =>
  Effect.catch(effect, (error) => Effect.as(Effect.logWarning(what, error), undefined))

export const make = (surroundings: Surroundings): EndpointHealth => {
  const { disableAfterMillis, longestGapMillis, longestRestMillis, now, store, target } = surroundings
  const { id } = target().webhook
  let seen: WebhookTarget | undefined
  let health = WebhookHealth.unknown
  /** Whether the one request is under way that is allowed for now. */
  let isProbing = false

  const current = (): WebhookTarget => {
    const latest = target()
    if (latest === seen) return latest
    const { edition, restMillis, webhook } = latest
    health = WebhookHealth.asNoted(health, { edition, restMillis, isFailing: webhook.failingSince !== null }, now())
    seen = latest
    return latest
  }

  const disable = (reason: string, edition: number) =>
    Effect.andThen(
      Effect.logWarning(`webhook ${id} is disabled: ${visible(reason)}`),
      leniently(`webhook ${id} could not be disabled`, store.disable(id, reason, WHO, edition))
    )

  /** Logs that the webhook begins to fail, or works again. */
  const tell = (
    { _tag }: WebhookHealth.Consequence,
    response: WebhookHealth.WebhookResponse,
    wasFailing: boolean
  ): Effect.Effect<void> => {
    if (_tag === "NoteWorking") return Effect.logInfo(`webhook ${id} works again`)
    if (_tag !== "NoteFailed" || wasFailing) return Effect.void
    return Effect.logWarning(`webhook ${id} fails: ${visible(WebhookHealth.errorOf(response) ?? "")}`)
  }

  /** Notes what follows from a response, and returns the failures since the last success, if it is one. */
  const note = (
    consequence: WebhookHealth.Consequence,
    edition: number
  ): Effect.Effect<WebhookHealth.Failing | undefined> => {
    switch (consequence._tag) {
      case "Nothing":
        return Effect.succeed(undefined)
      case "NoteWorking":
        return Effect.as(
          leniently(`webhook ${id} could not be noted as working`, store.noteWorking(id, edition)),
          undefined
        )
      case "NoteFailed": {
        const { restMillis } = consequence
        return leniently(
          `webhook ${id} could not be noted as failing`,
          store.noteFailed(id, edition, { restMillis, longestGapMillis })
        )
      }
      case "Disable":
        return Effect.as(disable(consequence.reason, edition), undefined)
    }
  }

  return {
    current,
    ifAllowed: (request) =>
      Effect.suspend(() => {
        current()
        switch (WebhookHealth.allowed(health, now())) {
          case "none":
            return Effect.succeed(undefined)
          case "any":
            return request
          case "one":
            if (isProbing) return Effect.succeed(undefined)
            isProbing = true
            return Effect.ensuring(
              request,
              Effect.sync(() => (isProbing = false))
            )
        }
      }),
    hear: ({ edition }, response) =>
      Effect.suspend(() => {
        if (edition !== health.edition) return Effect.succeed({ restMillis: 0, failing: undefined })
        const wasFailing = health.isFailing
        const [next, consequence] = WebhookHealth.after(health, response, now(), longestRestMillis)
        health = next
        const restMillis = consequence._tag === "NoteFailed" ? consequence.restMillis : 0
        return Effect.andThen(
          tell(consequence, response, wasFailing),
          Effect.map(note(consequence, edition), (failing) => ({ restMillis, failing }))
        )
      }),
    conclude: ({ edition }, { failing }, error) =>
      Effect.suspend(() => {
        const reason = failing && WebhookHealth.disabledBecause(failing, error, disableAfterMillis)
        if (reason === undefined) return Effect.void
        if (health.edition === edition) health = WebhookHealth.disabling(health, now())
        return Effect.asVoid(disable(reason, edition))
      })
  }
}
