/**
 * The limit of time of a handler.
 *
 * A handler that reaches its limit is interrupted, and gets a moment to end; then it is left alone, whether it has ended or
 * not, and whatever it comes to is thrown away. So a handler that cannot be interrupted, or that waits for a promise that is
 * never settled, holds nobody up. A handler that never gives the thread back cannot be given up.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { HandlerTimedOut } from "../ports/Inbox.ts"

/** How long a handler that was interrupted may take to end, before it is left alone. */
export const LEAVE_MILLIS = 1_000

/**
 * Runs a handler, and fails with `HandlerTimedOut` once it has run for this long. Also when it is interrupted from outside, it
 * is left alone after a moment.
 */
export const within = <A, E, R>(
  handler: Effect.Effect<A, E, R>,
  timeoutMillis: number
): Effect.Effect<A, E | HandlerTimedOut, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(handler, { startImmediately: true }), (fiber) => {
      const leave = Effect.suspend(() => {
        fiber.interruptUnsafe()
        return Effect.timeoutOption(Fiber.await(fiber), LEAVE_MILLIS)
      })
      return restore(Effect.timeoutOption(Fiber.await(fiber), timeoutMillis)).pipe(
        Effect.onInterrupt(() => leave),
        Effect.flatMap(
          Option.match({
            onSome: (exit): Effect.Effect<A, E | HandlerTimedOut> => exit,
            onNone: () => Effect.andThen(leave, Effect.fail(new HandlerTimedOut({ timeoutMillis })))
          })
        )
      )
    })
  )
