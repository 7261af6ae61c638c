/**
 * Waiting for a server that may have fallen silent: it closes no connection, and sends nothing any more.
 *
 * Neither the operating system nor the client can tell a connection to a silent server from one to a busy server. The time-out
 * is in real time, since the network does not follow a test clock.
 */
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/**
 * How long a read, or an attempt at a transaction, may take before its connection counts as lost: longer than any time-out
 * of the server, so it is only met when the server, or the network to it, has fallen silent.
 */
export const SILENCE_TIMEOUT_MILLIS = 40_000

/** By how many milliseconds the time-outs of the server were raised for the transaction at hand. */
export const RaisedMillis: Context.Reference<number> = Context.Reference<number>("@turnout/RaisedMillis", {
  defaultValue: () => 0
})

/** Nothing was heard from the server for too long. */
export class Silence {
  readonly _tag = "Silence"
}

/** The result of a fiber, unless it takes longer than this; the fiber then goes on. */
export const joinWithin = <A, E>(fiber: Fiber.Fiber<A, E>, millis: number): Effect.Effect<A, E | Silence> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.fail(new Silence())), millis)
    fiber.addObserver((exit) => {
      clearTimeout(timer)
      resume(exit)
    })
    return Effect.sync(() => clearTimeout(timer))
  })

/**
 * Waits for an answer, but no longer than this. A request without an answer is interrupted in the background: the client closes
 * the connection if the server does not answer the cancellation either.
 */
export const within = <A, E, R>(effect: Effect.Effect<A, E, R>, millis: number): Effect.Effect<A, E | Silence, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(restore(effect), { startImmediately: true }), (fiber) =>
      restore(joinWithin(fiber, millis)).pipe(
        Effect.onInterrupt(() => Fiber.interrupt(fiber)),
        Effect.tapError(() =>
          fiber.pollUnsafe() === undefined ? Effect.forkDetach(Fiber.interrupt(fiber)) : Effect.void
        )
      )
    )
  )

export const toUnavailable = (cause: unknown): StoreError.StoreError =>
  new StoreError.StoreError({ reason: new StoreError.Unavailable({ cause }) })
