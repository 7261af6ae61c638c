/**
 * The handlers of the group `health`: a server is not ready while it shuts down, and while its store is not ready. Its neighbours only
 * degrade it. A server whose clock differs from the store's is ready, since the store's clock decides; the answer has the difference.
 */
import { Turnout } from "@turnout/core/admission/application/Turnout"
import * as StoreOutage from "@turnout/core/kernel/application/StoreOutage"
import { CurrentNeighbours, observed } from "@turnout/core/kernel/ports/Neighbours"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Api } from "../Api.ts"
import { RETRY_AFTER_SECONDS, retryLater } from "../problems/RetryLater.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import * as ServerProblems from "../problems/ServerProblems.ts"
import * as Lifecycle from "../server/Lifecycle.ts"
import * as Exchange from "../pipeline/Exchange.ts"
import type { Component } from "./Component.ts"
import type { Health } from "./HealthApi.ts"

/** The header that has the milliseconds by which the store's clock is ahead of that of the process; below 0 if it is behind. */
const STORE_CLOCK_OFFSET = "store-clock-offset"

/** The time in which the store has to say that it is ready. */
const READY_TIMEOUT_MILLIS = 5_000

/**
 * Gives the store its time. `Effect.timeout` would wait for the interrupted look to end, which a store that hangs does not let it.
 */
const withinTime = <E, R>(look: Effect.Effect<void, E, R>): Effect.Effect<void, E | ServerProblems.RequestTimeout, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.callback<void, E | ServerProblems.RequestTimeout>((resume) => {
      const fiber = Effect.runForkWith(context)(look)
      const timer = setTimeout(() => {
        resume(Effect.fail(new ServerProblems.RequestTimeout()))
        fiber.interruptUnsafe()
      }, READY_TIMEOUT_MILLIS)
      fiber.addObserver((exit) => {
        clearTimeout(timer)
        resume(exit)
      })
      return Effect.sync(() => fiber.interruptUnsafe())
    })
  )

/** What a look has shown. */
interface Seen {
  readonly components: ReadonlyArray<Component>
  /** Why the server cannot do its work; `undefined` if it can. */
  readonly reason: string | undefined
}

const toHealth = ({ components, reason }: Seen): Health => {
  const isDegraded = components.some(({ status }) => status === "down")
  return { status: reason !== undefined ? "down" : isDegraded ? "degraded" : "up", components }
}

export const layer = Handlers.group(
  Api,
  "health",
  Effect.gen(function* () {
    const turnout = yield* Turnout
    const lifecycle = yield* Lifecycle.Lifecycle
    const neighbours = yield* CurrentNeighbours
    const store = yield* observed
    /** Why the store is not ready; `undefined` if it is. */
    const lookAtStore = Effect.match(
      turnout.ready.pipe(
        withinTime,
        Effect.catchTags({
          RequestTimeout: () => Effect.fail("The store does not answer."),
          // The message of an unexpected failure may have internal details, so only the log gets it.
          StoreError: (error) =>
            Effect.andThen(
              StoreOutage.log("the store is not ready", error),
              Effect.fail(error.reason._tag === "Unexpected" ? "The store failed." : error.message)
            )
        })
      ),
      { onFailure: (reason) => reason, onSuccess: () => undefined }
    )
    const look: Effect.Effect<Seen> = Effect.gen(function* () {
      const failure = yield* lookAtStore
      if (failure === undefined) store.worked()
      else store.failed()
      const others = yield* Effect.forEach(neighbours?.all ?? [], ({ name, state }) =>
        Effect.map(state, (known): Component => ({ name, ...known }))
      )
      return {
        components: [{ name: "store", ...store.state() }, ...others],
        reason: lifecycle.draining ? "The server is shutting down." : failure
      }
    })
    const tellOffset = Effect.suspend(() => {
      const ahead = turnout.clock.aheadMillis()
      return ahead === undefined ? Effect.void : Exchange.setHeader(STORE_CLOCK_OFFSET, String(ahead))
    })
    return {
      live: () => Effect.void,
      ready: () =>
        Effect.flatMap(look, (seen) => {
          const { components, reason } = seen
          return reason === undefined
            ? Effect.as(tellOffset, toHealth(seen))
            : retryLater(new ServerProblems.NotReady({ reason, retryAfterSeconds: RETRY_AFTER_SECONDS, components }))
        }),
      health: () => Effect.map(look, toHealth)
    }
  })
)
