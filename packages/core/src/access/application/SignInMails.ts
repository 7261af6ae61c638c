/**
 * The mails with sign-in links that wait to be sent.
 *
 * A request does not wait for its mail, so its time tells nothing about the address, and a mail server that is slow or away holds up
 * nobody. The number of mails that wait is bounded. A mail that cannot be sent is given up, and the log says why: the person asks for
 * another link. Mails that wait when the process ends are sent before, for up to `STOP_MILLIS`.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { Overloaded } from "../../kernel/application/Overloaded.ts"
import { SignInMail } from "../ports/SignInMail.ts"

/** The most mails that wait. */
export const MAX_WAITING = 1_000
/** The number of mails that are sent at a time. */
const AT_ONCE = 4
/** The longest time for one mail. */
const SEND_MILLIS = 30_000
/** The longest time for the mails that wait when the process ends. */
export const STOP_MILLIS = 5_000
/** When one who was refused may come back. */
const RETRY_AFTER_MILLIS = 30_000

export interface Mail {
  readonly address: string
  readonly linkText: string
  readonly expiresAt: Date
}

export interface SignInMails {
  /** Refuses if as many mails wait as may. */
  readonly checkRoom: Effect.Effect<void, Overloaded>
  /** Adds a mail to those that wait, if there is room. */
  readonly add: (mail: Mail) => Effect.Effect<void, Overloaded>
}

export const make: Effect.Effect<SignInMails, never, SignInMail | Scope.Scope> = Effect.gen(function* () {
  const { send } = yield* SignInMail
  const waiting = yield* Queue.dropping<Mail, Cause.Done>(MAX_WAITING)
  const sendNext = Effect.flatMap(Queue.take(waiting), ({ address, expiresAt, linkText }) =>
    send(address, linkText, expiresAt).pipe(
      Effect.timeout(SEND_MILLIS),
      Effect.catchCause((cause) => Effect.logWarning("a sign-in link could not be mailed", cause))
    )
  )
  const sendAll = Effect.ignore(Effect.forever(sendNext))
  const senders = yield* Effect.replicateEffect(Effect.forkScoped(sendAll), AT_ONCE)
  yield* Effect.addFinalizer(() =>
    Effect.andThen(Queue.end(waiting), Effect.interruptible(Effect.timeoutOption(Fiber.awaitAll(senders), STOP_MILLIS)))
  )

  const overloaded = Effect.fail(new Overloaded({ retryAfterMillis: RETRY_AFTER_MILLIS }))
  return {
    checkRoom: Effect.flatMap(Queue.isFull(waiting), (isFull) => (isFull ? overloaded : Effect.void)),
    add: (mail) => Effect.flatMap(Queue.offer(waiting, mail), (isAdded) => (isAdded ? Effect.void : overloaded))
  }
})
