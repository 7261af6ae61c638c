/**
 * The transaction of a batch: how it reads, decides and writes.
 *
 * | way | round trips | when |
 * | --- | --- | --- |
 * | on what is remembered | write | the batch is about newcomers, and no other process has written its events lately |
 * | under the lock | lock; write | the batch is about newcomers; it is closed under the lock if other processes write its events |
 * | on what there is | lock and load; write | every other batch, and every batch whose guess was wrong |
 *
 * The first two rest on a guess that the write proves (see `Guess` in the domain). A guess that is refused has changed nothing;
 * it costs one attempt, and a few batches make no guess afterwards.
 *
 * A batch is decided at the present moment by the server's clock, as this process knows it: every lock and every write tells the
 * server's time. If the process does not know it well enough, it asks once the locks are held. A decision that is written has its
 * time checked by the server, and one that changes nothing was made right after a lock told the time.
 */
import type { Batch, Reply } from "@turnout/core/admission/domain/Batch"
import { type Changes, isEmpty } from "@turnout/core/admission/domain/state/Changes"
import { withDueSteps } from "@turnout/core/admission/domain/state/Footprint"
import type { Event } from "@turnout/core/admission/domain/model/Event"
import * as Guess from "@turnout/core/admission/domain/Guess"
import { type Loaded, make as makeWorkingSet, nothing } from "@turnout/core/admission/domain/state/WorkingSet"
import type { AdmissionStore, ClosedBatch } from "@turnout/core/admission/ports/AdmissionStore"
import type { HeardClock } from "@turnout/core/kernel/application/time/HeardClock"
import type { SecureRandom } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { CommitSignal } from "../../../CommitSignal.ts"
import { type KnownEvent, KnownEvents } from "./KnownEvents.ts"
import * as Load from "./Load.ts"
import * as MessageIds from "../../journal/MessageIds.ts"
import * as Reads from "../Reads.ts"
import type { Refusals } from "../../client/Refusals.ts"
import * as Rows from "../Rows.ts"
import * as ServerTime from "../../statements/ServerTime.ts"
import type * as Session from "../../client/Session.ts"
import * as Transaction from "../../client/Transaction.ts"
import * as Write from "./Write.ts"

/** The first journal entry of a batch: it is in the journal if and only if the batch was committed. */
type Mark = Reads.JournalMark

/** The earlier attempt that turns out to have been committed, if there is one. */
export const committedBefore = <A>(
  unresolved: ReadonlyArray<Transaction.Unresolved<Mark, A>>,
  found: Session.Rows
): Transaction.Unresolved<Mark, A> | undefined =>
  unresolved.find(({ mark }) => (found as ReadonlyArray<{ id: string }>).some(({ id }) => id === mark.messageId))

export type Transact = AdmissionStore["Service"]["transact"]

interface Options {
  readonly sql: SqlClient
  readonly sessions: Session.Sessions["Service"]
  readonly refusals: Refusals
  readonly random: SecureRandom["Service"]
  /** The schema, as a quoted identifier. */
  readonly schema: string
  readonly attemptTimeoutMillis: number
  /** The server's clock. */
  readonly clock: HeardClock
  readonly signal: CommitSignal
}

type Work = Transaction.Work<Mark, ReadonlyArray<Reply>>
type Done = Transaction.Done<Mark, ReadonlyArray<Reply>>

/** A batch, and the time at which it was decided. */
interface Decided {
  readonly batch: Batch
  readonly now: Date
}

/** Decides a batch on these rows, at the present moment. */
const decideOn = ({ decide }: ClosedBatch, clock: HeardClock, loaded: Loaded): Decided => {
  const now = clock.now()
  return { batch: decide(makeWorkingSet(loaded), now), now }
}

/** Asks for the time if it is not known well enough: there may have been no row to lock, or a long wait for one. */
const tellTime = (clock: HeardClock, read: Transaction.Read): Effect.Effect<unknown, SqlError> =>
  Effect.suspend(() => (clock.isCertain() ? Effect.void : read([ServerTime.ASK])))

export const make = (options: Options): Transact => {
  const { attemptTimeoutMillis, clock, random, refusals, schema, sessions, signal, sql } = options
  const reads = Reads.make(schema)
  const load = Load.make(schema)
  const write = Write.make(schema)
  const knownEvents = new KnownEvents()

  return (events, close) => {
    let closed: ClosedBatch | undefined
    const batch = (): ClosedBatch => (closed ??= close())

    /** The changes that the last attempt wrote, if it wrote any. */
    let written: { readonly changes: Changes; readonly messageIds: ReadonlyArray<string> } | undefined

    const done = (
      { batch: { changes, replies }, now }: Decided,
      { expected, isGuess }: { readonly isGuess: boolean; readonly expected?: ReadonlyArray<KnownEvent> }
    ): Effect.Effect<Done> => {
      if (isEmpty(changes)) return Effect.succeed({ value: replies, writes: [], mark: null, isGuess })
      return Effect.map(random.uuidV7(), (id) => {
        const messageIds = MessageIds.messageIds(id, changes.journal.length)
        written = { changes, messageIds }
        const [first] = changes.journal
        const mark =
          first === undefined ? null : { eventId: first.eventId, version: first.version, messageId: messageIds[0]! }
        return { value: replies, writes: [write(changes, messageIds, now, expected)], mark, isGuess }
      })
    }

    /**
     * Decides as if none of the rows that the batch looks for were there; `undefined` if writing the result would not prove
     * that.
     */
    const guess = (found: ReadonlyArray<Event>, areLocked: boolean): Decided | undefined => {
      const { footprint } = batch()
      if (!Guess.isGuessable(footprint) || withDueSteps(footprint, found) !== footprint) return undefined
      const guessed = decideOn(batch(), clock, { ...nothing, events: found })
      if (!Guess.provesNewcomers(footprint, guessed.batch.changes)) {
        knownEvents.metOthers(events)
        return undefined
      }
      return areLocked || Guess.provesEvents(footprint, guessed.batch.changes) ? guessed : undefined
    }

    const lock = Reads.lock(reads, events)
    const toEvents = (rows: Session.Rows) => {
      const found = (rows as ReadonlyArray<Rows.EventRow>).map(Rows.toEvent)
      knownEvents.compare(found)
      return found
    }

    const onWhatThereIs = (found: ReadonlyArray<Event>, rows: Session.Rows): Effect.Effect<Done> => {
      if (rows.length > 0) knownEvents.metOthers(events)
      return done(decideOn(batch(), clock, Load.read(found, rows)), { isGuess: false })
    }

    const lockAndLoad: Work = Effect.fnUntraced(function* (read, unresolved) {
      const { footprint } = batch()
      const [locked = [], ...further] = yield* read([
        lock,
        ...(unresolved.length === 0 ? [] : [Reads.probe(reads, unresolved)]),
        ...load(footprint)
      ])
      const committed = committedBefore(unresolved, unresolved.length === 0 ? [] : (further.shift() ?? []))
      if (committed !== undefined) return { value: committed.value, writes: [], mark: null, isGuess: false }
      const found = toEvents(locked)
      const needed = withDueSteps(footprint, found)
      const [rows = []] = needed === footprint ? further : yield* read(load(needed))
      yield* tellTime(clock, read)
      return yield* onWhatThereIs(found, rows)
    })

    const underLock: Work = Effect.fnUntraced(function* (read) {
      const [locked = []] = yield* read([lock])
      const found = toEvents(locked)
      yield* tellTime(clock, read)
      const guessed = guess(found, true)
      if (guessed !== undefined) return yield* done(guessed, { isGuess: true })
      const [rows = []] = yield* read(load(withDueSteps(batch().footprint, found)))
      return yield* onWhatThereIs(found, rows)
    })

    const onWhatIsRemembered: Work = (read, unresolved) => {
      const expected = knownEvents.recall(batch().footprint.events) ?? []
      const found = expected.map(({ event }) => event)
      const guessed = guess(found, false)
      return guessed === undefined ? lockAndLoad(read, unresolved) : done(guessed, { isGuess: true, expected })
    }

    const firstWay = (): Work => {
      if (!knownEvents.expectsNewcomers(events)) return lockAndLoad
      if (knownEvents.recall(events) !== undefined && clock.isCertain()) return onWhatIsRemembered
      // Closing the batch late pays only if other processes hold the locks.
      return knownEvents.areShared(events) || Guess.isGuessable(batch().footprint) ? underLock : lockAndLoad
    }

    let isFirst = true
    const work: Work = (read, unresolved) => {
      const way = isFirst ? firstWay() : lockAndLoad
      isFirst = false
      written = undefined
      return way(read, unresolved)
    }

    const replies = Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) =>
      Option.isSome(open)
        ? Transaction.join(sql, lockAndLoad, clock)
        : Effect.tap(Transaction.run(sessions, refusals, work, { attemptTimeoutMillis, serverClock: clock }), () =>
            Effect.sync(() => {
              if (written !== undefined) knownEvents.learn(written.changes, written.messageIds)
            })
          )
    )
    // Notifies at once, or when the host commits.
    return Effect.tap(replies, () => sql.afterCommit(Effect.sync(signal.notify)))
  }
}
