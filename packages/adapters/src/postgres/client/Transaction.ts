/**
 * Transactions of the store, and what happens when one of their steps fails.
 *
 * ```text
 *            work fails                      commit is answered
 *  begin ──────┬─────────────▶ rolled back ◀─── with an error ──┐
 *              │ done                                           │
 *              └─────────────▶ commit ──────────────────────────┼──▶ committed
 *                                 │ connection lost             │
 *                                 ▼                             │
 *                              unknown ── next attempt, under the same locks, looks for what this one wrote
 * ```
 *
 * Work that fails has changed nothing, and is tried again if that may help. If the connection is lost while committing, the
 * outcome is unknown, and the work is never simply tried again. The next attempt first waits for the locks, which the lost
 * transaction holds until the server has ended it, and then looks for the message id that it would have written.
 *
 * Whatever the server tells of its time is noted. A write that it refuses because the work was decided at another time than it is
 * (`mistimed`) is tried again at once, the first time: what was known of the server's clock is forgotten.
 */
import type { HeardClock } from "@turnout/core/kernel/application/time/HeardClock"
import { monotonicMillis } from "@turnout/core/kernel/application/time/MonotonicTime"
import * as StoreError from "@turnout/core/kernel/ports/StoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as ServerTime from "../statements/ServerTime.ts"
import type { Refusals } from "./Refusals.ts"
import * as Savepoint from "./Savepoint.ts"
import { atAnyTime, ofConnection, type Session, type Sessions, type Statement } from "./Session.ts"
import { joinWithin, type Silence, toUnavailable } from "./Silence.ts"
import { isAway, isRefusal, isSqlError, kindOf, type Kind, toStoreError } from "./SqlFailure.ts"

/**
 * For how long to try again, counted from the first attempt; if the server takes no writes, counted from its first refusal. The
 * pauses double, up to a maximum.
 */
export const RETRY_WINDOW_MILLIS = 5_000
const FIRST_PAUSE_MILLIS = 10
const LONGEST_PAUSE_MILLIS = 500

/** Counts the transactions that were tried again, by the reason. */
const retry = Metric.counter("turnout_store_retries_total", {
  description: "Transactions tried again",
  incremental: true
})
const retries = {
  lost: Metric.withAttributes(retry, { reason: "lost" }),
  refused: Metric.withAttributes(retry, { reason: "refused" }),
  contended: Metric.withAttributes(retry, { reason: "contended" }),
  guessed: Metric.withAttributes(retry, { reason: "guessed" }),
  mistimed: Metric.withAttributes(retry, { reason: "mistimed" })
}

/** An attempt whose connection was lost while committing. */
export interface Unresolved<Mark, A> {
  readonly mark: Mark
  readonly value: A
}

export interface Done<Mark, A> {
  readonly value: A
  /** The statements to write; none, if nothing changes. */
  readonly writes: ReadonlyArray<Statement>
  /**
   * The mark to look for in the database to learn whether it was committed; `null` if doing the work again tells this as well.
   */
  readonly mark: Mark | null
  /**
   * Whether the work rests on a guess that the writes prove: if they are refused, it is done again at once, without the guess.
   */
  readonly isGuess: boolean
}

/** Opens the transaction with these statements, or goes on with them, and returns the rows of each. */
export type Read = Session["send"]

/** The work of a transaction. It looks whether the `unresolved` attempts were committed. */
export type Work<Mark, A> = (
  read: Read,
  unresolved: ReadonlyArray<Unresolved<Mark, A>>
) => Effect.Effect<Done<Mark, A>, SqlError>

type Failure = SqlError | Silence

const kindOfFailure = (failure: Failure): Kind => (failure._tag === "Silence" ? "lost" : kindOf(failure))

const isLost = (failure: Failure): boolean => kindOfFailure(failure) === "lost"

/** The kinds of failure after which it may help to try again. */
const isRetryable = (kind: Kind): kind is "lost" | "refused" | "contended" | "mistimed" =>
  kind === "lost" || kind === "refused" || kind === "contended" || kind === "mistimed"

const BEGIN: Statement = { text: "BEGIN ISOLATION LEVEL READ COMMITTED", parameters: [] }
const COMMIT: Statement = { text: "COMMIT", parameters: [] }
const ROLLBACK: Statement = { text: "ROLLBACK", parameters: [] }

/** A session whose answers tell the clock what the server's time is. */
const listening = (session: Session, clock: HeardClock): Session => ({
  send: (statements) =>
    Effect.suspend(() => {
      const askedAt = clock.steady()
      return Effect.tap(session.send(statements), (answers) =>
        Effect.sync(() => ServerTime.hear(clock, askedAt, answers))
      )
    })
})

/** Whether a statement is part of the work, and does not begin or end the transaction. */
const isOfTheWork = (statement: Statement): boolean => statement !== BEGIN && statement !== COMMIT

/**
 * Runs work in a transaction of its own, tries again where that is safe, and succeeds only after the commit. Waiting for a
 * connection and between attempts can be interrupted; from BEGIN to the answer to COMMIT, nothing can.
 */
export const run = <Mark, A>(
  { take }: Sessions["Service"],
  refusals: Refusals,
  work: Work<Mark, A>,
  { attemptTimeoutMillis, serverClock }: { readonly attemptTimeoutMillis: number; readonly serverClock: HeardClock }
): Effect.Effect<A, StoreError.StoreError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const deadline = monotonicMillis(clock) + RETRY_WINDOW_MILLIS
      const unresolved: Array<Unresolved<Mark, A>> = []
      let isUnknown = false
      let hasBeenMistimed = false
      /** Whether the last attempt rested on a guess. */
      let isGuess = false
      /** The statements that the last attempt sent last. */
      let asked: ReadonlyArray<Statement> = []

      const transaction = (given: Session, onCommit: (done: Done<Mark, A>) => void) => {
        let isOpen = false
        const heard = listening(given, serverClock)
        const session: Session = {
          send: (statements) =>
            Effect.suspend(() => {
              asked = statements
              return heard.send(statements)
            })
        }
        // BEGIN travels with the first statements, and COMMIT with the last. A single statement needs neither.
        const read: Read = (statements) => {
          if (isOpen) return session.send(statements)
          isOpen = true
          return Effect.map(session.send([BEGIN, ...statements]), ([, ...rows]) => rows)
        }
        const finish = (writes: ReadonlyArray<Statement>): ReadonlyArray<Statement> => {
          if (isOpen) return [...writes, COMMIT]
          return writes.length > 1 ? [BEGIN, ...writes, COMMIT] : writes
        }
        return work(read, unresolved).pipe(
          Effect.tap((done) => {
            onCommit(done)
            return session.send(finish(done.writes))
          }),
          Effect.map(({ value }) => value),
          // If the rollback fails as well, the connection is gone, and the transaction with it.
          Effect.onError(() => (isOpen ? Effect.ignore(given.send([ROLLBACK])) : Effect.void))
        )
      }

      const attempt = Effect.gen(function* () {
        let committing: Done<Mark, A> | undefined
        isGuess = false
        asked = []
        const scope = yield* Scope.make()
        const session = yield* restore(Scope.provide(take, scope)).pipe(
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
        )
        // A fiber of its own, so that a silent connection holds up no other attempt.
        const fiber = yield* transaction(session, (done) => {
          committing = done
          isGuess = done.isGuess
        }).pipe(
          Effect.onExit((exit) => Scope.close(scope, exit)),
          Effect.forkDetach({ startImmediately: true })
        )
        const value = yield* joinWithin(fiber, attemptTimeoutMillis).pipe(
          Effect.tapError((failure) => {
            if (committing !== undefined && committing.writes.length > 0 && isLost(failure)) {
              isUnknown = true
              if (committing.mark !== null) unresolved.push({ mark: committing.mark, value: committing.value })
            }
            // A session that is given back in the middle of a statement is closed, which ends the fiber as well.
            return failure._tag === "Silence" ? Effect.forkDetach(Scope.close(scope, Exit.void)) : Effect.void
          })
        )
        if (committing !== undefined && committing.writes.length > 0) refusals.over()
        return value
      })

      const attempts = (pauseMillis: number): Effect.Effect<A, Failure> =>
        Effect.catch(attempt, (failure: Failure) => {
          const kind = kindOfFailure(failure)
          if (isRefusal(kind)) refusals.note(monotonicMillis(clock), asked.filter(isOfTheWork))
          const until = kind === "refused" ? Math.min(deadline, refusals.since + RETRY_WINDOW_MILLIS) : deadline
          if (!isRetryable(kind) || monotonicMillis(clock) >= until) return Effect.fail(failure)
          const isFirstMistimed = kind === "mistimed" && !hasBeenMistimed
          if (kind === "mistimed") {
            hasBeenMistimed = true
            serverClock.forget()
          }
          if (isFirstMistimed) return Effect.andThen(Metric.update(retries.mistimed, 1), attempts(pauseMillis))
          if (isGuess && kind === "contended") {
            return Effect.andThen(Metric.update(retries.guessed, 1), attempts(pauseMillis))
          }
          return Metric.update(retries[kind], 1).pipe(
            Effect.andThen(Random.nextBetween(pauseMillis / 2, pauseMillis)),
            Effect.flatMap((millis) => restore(Effect.sleep(millis))),
            Effect.andThen(attempts(Math.min(pauseMillis * 2, LONGEST_PAUSE_MILLIS)))
          )
        })

      return yield* Effect.mapError(attempts(FIRST_PAUSE_MILLIS), (cause) => {
        if (isUnknown) return new StoreError.StoreError({ reason: new StoreError.OutcomeUnknown({ cause }) })
        return cause._tag === "SqlError" ? toStoreError(cause) : toUnavailable(cause)
      })
    })
  )

/** How often work inside a transaction of the host is done again because it was mistimed. */
const MISTIMED_RETRIES = 3

/**
 * Runs work inside the open transaction of the host, under a savepoint: once, unless it was mistimed. A connection that is lost
 * takes the host's transaction with it, so nothing has changed.
 */
export const join = <Mark, A>(
  sql: SqlClient,
  work: Work<Mark, A>,
  serverClock: HeardClock
): Effect.Effect<A, StoreError.StoreError> => {
  const connection = Effect.map(Effect.serviceOption(sql.transactionService), (open) => Option.getOrThrow(open)[0])
  const joined = Effect.gen(function* () {
    const session = listening(ofConnection(yield* connection), serverClock)
    const done = yield* work(session.send, [])
    yield* session.send(done.writes)
    return done.value
  })
  return Effect.flatMap(Savepoint.IsOfDriver, (isOfDriver) =>
    isOfDriver ? Effect.flatMap(connection, (given) => Savepoint.around(given, joined)) : sql.withTransaction(joined)
  ).pipe(
    Effect.tapError((error) => (kindOf(error) === "mistimed" ? Effect.sync(serverClock.forget) : Effect.void)),
    Effect.retry({ while: (error) => kindOf(error) === "mistimed", times: MISTIMED_RETRIES }),
    Effect.mapError(toStoreError),
    Effect.catchDefect((defect) => (isSqlError(defect) ? Effect.fail(toStoreError(defect)) : Effect.die(defect)))
  )
}

/**
 * Sends the server the statements that it refused last, if it has committed nothing since, and rolls them back. Fails if they
 * are refused again. Only a write shows whether a disk is full.
 */
export const tryRefused = (
  { take }: Sessions["Service"],
  refusals: Refusals
): Effect.Effect<void, StoreError.StoreError> =>
  Effect.suspend(() => {
    const { statements } = refusals
    if (statements === undefined) return Effect.void
    const attempt = Effect.gen(function* () {
      const session = yield* take
      // BEGIN goes first and alone: the statements after it must not be carried out without it.
      yield* session.send([BEGIN])
      yield* Effect.ensuring(session.send(statements.map(atAnyTime)), Effect.ignore(session.send([ROLLBACK])))
    })
    return Effect.matchEffect(Effect.scoped(attempt), {
      onSuccess: () => Effect.sync(() => refusals.over()),
      // Any other failure shows that the server takes statements.
      onFailure: (error) => (isAway(kindOf(error)) ? Effect.fail(toStoreError(error)) : Effect.void)
    })
  })
