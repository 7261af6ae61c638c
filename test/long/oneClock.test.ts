/**
 * One clock decides, that of the database server: processes whose own clocks are minutes off open, close and expire at the same
 * moment, and a server whose clock is set takes all of them along. In real time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { Clock, Effect, Fiber, Layer, Logger, Metric, Result } from "effect"
import { SqlClient } from "effect/sql"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as SettableClock from "../support/SettableClock.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const MINUTE = 60_000

/** A server whose clock is ahead by as much as a table says: it finds this function before its own. */
const SETTABLE = [
  "CREATE SCHEMA clocks",
  "CREATE TABLE clocks.ahead (by interval NOT NULL)",
  "INSERT INTO clocks.ahead VALUES ('0')",
  `CREATE FUNCTION clocks.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
   AS 'SELECT pg_catalog.clock_timestamp() + (SELECT by FROM clocks.ahead)'`
]

/** A database, and processes on it whose clocks are ahead by so many minutes. */
const make = Effect.fnUntraced(function* (leads: ReadonlyArray<number>, options: Turnout.TurnoutOptions = {}) {
  const url = yield* TestDatabase.make
  const sql = yield* TestDatabase.client(url)
  for (const statement of SETTABLE) yield* sql.unsafe(statement)
  yield* sql.unsafe(`ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET search_path = clocks, pg_catalog, public`)
  yield* Effect.provideService(Migrations.up(), SqlClient.SqlClient, sql)
  const aProcess = Effect.fnUntraced(function* (lead: number) {
    const { clock, set } = yield* SettableClock.make
    set(lead * MINUTE)
    const layer = Turnout.layer(options).pipe(Layer.provideMerge(PostgresStore.layer({ url, poolSize: 4 })))
    const context = yield* Effect.provideService(Layer.build(Layer.fresh(layer)), Clock.Clock, clock)
    /** Runs an effect in the process. */
    return {
      set,
      run: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        effect.pipe(Effect.provide(context), Effect.provideService(Clock.Clock, clock))
    }
  })
  return {
    processes: yield* Effect.forEach(leads, aProcess),
    /** Sets the clock of the server forward, or back. */
    setServer: (millis: number) => sql.unsafe(`UPDATE clocks.ahead SET by = by + interval '${millis} milliseconds'`),
    serverTime: Effect.map(sql.unsafe<{ at: Date }>("SELECT clocks.clock_timestamp() AS at"), ([row]) => row!.at)
  }
})

const answerOf = (eventId: string, n: number, options = {}) =>
  Effect.map(
    Turnout.Turnout.use((turnout) => Effect.result(turnout.register(eventId, Given.person(n), options))),
    (answer) => (Result.isSuccess(answer) ? answer.success.registration.state : answer.failure._tag)
  )

const quiet = Effect.provide(Logger.layer([]))

const LEADS = [0, 10, -10]

describe("processes at 0, +10 and −10 minutes", { timeout: 120_000 }, () => {
  it.live("R7, H2: open and close registration at the same moment, that of the server", () =>
    Effect.gen(function* () {
      const { processes, serverTime, setServer } = yield* make(LEADS)
      const [first] = processes
      const now = yield* serverTime
      const at = (minutes: number) => new Date(now.getTime() + minutes * MINUTE)
      const event = yield* first!.run(
        Given.publishedEvent({
          capacity: 100,
          registrationOpensAt: at(5),
          registrationClosesAt: at(20),
          startsAt: at(60),
          endsAt: at(90)
        })
      )
      let person = 0
      const everywhere = Effect.forEach(processes, ({ run }) => run(Effect.suspend(() => answerOf(event.id, ++person))))
      const all = (answer: string) => LEADS.map(() => answer)
      assert.deepStrictEqual(yield* everywhere, all("RegistrationNotOpen"))
      yield* setServer(6 * MINUTE)
      assert.deepStrictEqual(yield* everywhere, all("confirmed"))
      assert.deepStrictEqual(yield* everywhere, all("confirmed"))
      // The process itself may be set as well, and nothing changes.
      for (const [index, { set }] of processes.entries()) set((index - 1) * 60 * MINUTE)
      assert.deepStrictEqual(yield* everywhere, all("confirmed"))
      yield* setServer(15 * MINUTE)
      assert.deepStrictEqual(yield* everywhere, all("RegistrationClosed"))
      const { journal } = yield* first!.run(Invariants.hold(event.id))
      const ended = yield* serverTime
      for (const { occurredAt } of journal) {
        assert.isAtLeast(occurredAt.getTime(), now.getTime() - 1_000)
        assert.isAtMost(occurredAt.getTime(), ended.getTime() + 1_000)
      }
    }).pipe(quiet, Effect.scoped)
  )

  it.live("R7, W2: promote nobody after the end of an event by the server's clock, and everybody before it", () =>
    Effect.gen(function* () {
      const { processes, serverTime, setServer } = yield* make(LEADS)
      const now = yield* serverTime
      for (const { run } of processes) {
        const startsAt = new Date(now.getTime() - MINUTE)
        const endsAt = new Date(now.getTime() + 5 * MINUTE)
        const event = yield* run(Given.publishedEvent({ capacity: 1, startsAt, endsAt }))
        const [one] = yield* run(Given.registerAll(event.id, 3))
        yield* run(Turnout.Turnout.use((turnout) => turnout.cancelRegistration(event.id, one!.id)))
        const states = run(
          Effect.map(Invariants.hold(event.id), ({ registrations }) => registrations.map(({ state }) => state))
        )
        assert.deepStrictEqual(yield* states, ["cancelled", "confirmed", "waitlisted"])
        yield* setServer(6 * MINUTE)
        yield* run(Turnout.Turnout.use((turnout) => turnout.changeCapacity(event.id, { capacity: 5 })))
        assert.deepStrictEqual(yield* states, ["cancelled", "confirmed", "waitlisted"])
        yield* setServer(-6 * MINUTE)
      }
    }).pipe(quiet, Effect.scoped)
  )

  it.live("I6, I7: forget a key at the same moment", () =>
    Effect.gen(function* () {
      const { processes, setServer } = yield* make(LEADS, {
        idempotencyTtlMillis: 5 * MINUTE,
        refusalTtlMillis: MINUTE
      })
      const [first] = processes
      const event = yield* first!.run(Given.publishedEvent({ capacity: 1, waitlist: "closed" }))
      const ask = (email: string) =>
        Turnout.Turnout.use((turnout) =>
          turnout.execute(
            {
              _tag: "Register",
              eventId: event.id as EventId,
              attendee: fromInput({ email }),
              notes: "",
              registeredAt: null
            },
            { idempotencyKey: email }
          )
        )
      const replayed = (email: string) =>
        Effect.forEach(processes, ({ run }) => Effect.map(run(ask(email)), (reply) => reply.replayed))
      assert.deepStrictEqual(yield* replayed("ada@example.com"), [false, true, true])
      assert.deepStrictEqual(yield* replayed("bob@example.com"), [false, true, true])
      yield* setServer(2 * MINUTE)
      // The refusal is forgotten, and decided anew once; the effect is remembered.
      assert.deepStrictEqual(yield* replayed("bob@example.com"), [false, true, true])
      assert.deepStrictEqual(yield* replayed("ada@example.com"), [true, true, true])
      yield* setServer(4 * MINUTE)
      assert.deepStrictEqual(yield* replayed("ada@example.com"), [false, true, true])
    }).pipe(quiet, Effect.scoped)
  )
})

describe("a server whose clock is set", { timeout: 120_000 }, () => {
  const retries = Metric.counter("turnout_store_retries_total", {
    description: "Transactions tried again",
    incremental: true
  })
  const mistimed = Effect.map(
    Metric.value(Metric.withAttributes(retries, { reason: "mistimed" })),
    ({ count }) => count
  )

  it.live.each([-60, -1, 1, 60])(
    "R7: by %i minutes is followed at once, and times of a stream never go back",
    (minutes) =>
      Effect.gen(function* () {
        const { processes, serverTime, setServer } = yield* make([0])
        const [{ run }] = processes as [(typeof processes)[number]]
        const event = yield* run(Given.publishedEvent({ capacity: 100 }))
        yield* run(Given.registerAll(event.id, 3))
        const before = yield* mistimed
        const last = (yield* run(Invariants.hold(event.id))).journal.at(-1)!.occurredAt
        yield* setServer(minutes * MINUTE)
        // What the process remembers is right but for the time, which the server refuses once.
        const registration = yield* run(Given.register(event.id, 4))
        assert.strictEqual((yield* mistimed) - before, 1)
        if (minutes < 0) assert.deepStrictEqual(registration.changedAt, last)
        else assert.isAtMost(Math.abs(registration.changedAt.getTime() - (yield* serverTime).getTime()), 2_000)
        yield* run(Given.register(event.id, 5))
        assert.strictEqual((yield* mistimed) - before, 1, "from then on, the time is known")
        const other = yield* run(Given.publishedEvent())
        assert.isAtMost(Math.abs(other.createdAt.getTime() - (yield* serverTime).getTime()), 2_000)
        yield* run(Invariants.hold(event.id))
      }).pipe(quiet, Effect.scoped)
  )

  it.live("R7: is followed within a transaction of the host as well", () =>
    Effect.gen(function* () {
      const { processes, serverTime, setServer } = yield* make([10])
      const [{ run }] = processes as [(typeof processes)[number]]
      const event = yield* run(Given.publishedEvent({ capacity: 100 }))
      for (const person of [1, 2, 3]) {
        yield* setServer(30 * MINUTE)
        const registration = yield* run(
          SqlClient.SqlClient.use((sql) => sql.withTransaction(Given.register(event.id, person)))
        )
        assert.isAtMost(Math.abs(registration.changedAt.getTime() - (yield* serverTime).getTime()), 2_000)
      }
      yield* run(Invariants.hold(event.id))
    }).pipe(quiet, Effect.scoped)
  )

  it.live("R7: a decision that waits for a lock for more than a second is made again, when it has the lock", () =>
    Effect.gen(function* () {
      const { processes } = yield* make([0, 0])
      const [one, two] = processes as [(typeof processes)[number], (typeof processes)[number]]
      const event = yield* one.run(Given.publishedEvent({ capacity: 100 }))
      yield* one.run(Given.register(event.id, 1))
      const before = yield* mistimed
      // Another transaction holds the row, and changes nothing.
      const holding = two.run(
        SqlClient.SqlClient.use((sql) =>
          sql.withTransaction(
            Effect.andThen(
              sql.unsafe("SELECT FROM turnout.events WHERE id = $1 FOR UPDATE", [event.id]),
              Effect.sleep(2_500)
            )
          )
        )
      )
      const startedAt = Date.now()
      const fiber = yield* Effect.forkChild(holding, { startImmediately: true })
      yield* Effect.sleep(300)
      const registration = yield* one.run(Given.register(event.id, 2))
      assert.isAtLeast(registration.changedAt.getTime() - startedAt, 2_300)
      assert.strictEqual((yield* mistimed) - before, 1)
      yield* Fiber.join(fiber)
      yield* one.run(Invariants.hold(event.id))
    }).pipe(quiet, Effect.scoped)
  )
})
