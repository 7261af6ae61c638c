/**
 * The moment when registration opens: everybody at once, from several processes, and with retries.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as PostgresStore from "@turnout/adapters/postgres"
import type { Reply } from "@turnout/core/admission/application/Commands"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import { decode } from "@turnout/core/journal/domain/JournalEvent"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import { Context, Effect, Layer, Result } from "effect"
import { SqlClient } from "effect/sql"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TwoProcesses from "../support/TwoProcesses.ts"
import * as Worker from "../support/Worker.ts"

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

const upTo = CommandLine.upTo

/** Turnout on a database of its own, and the client of that database. */
const onPostgres = Turnout.layer().pipe(Layer.provideMerge(TestDatabase.layer()))
const stores: ReadonlyArray<readonly [string, Layer.Layer<Turnout.Turnout>]> = [
  ["memory", Turnout.layer().pipe(Layer.provide(Memory.layer))],
  ["Postgres", onPostgres]
]

/** Turnout in two processes, and the client of the second. */
const twice = (options?: Turnout.TurnoutOptions) =>
  Effect.map(
    TwoProcesses.make(options),
    ({ elsewhere, here }) =>
      [Context.get(elsewhere, Turnout.Turnout), Context.get(here, Turnout.Turnout), here] as const
  )

const sql = <Row extends object>(statement: string) =>
  Effect.flatMap(SqlClient.SqlClient, (client) => client.unsafe<Row>(statement))

const registering = (eventId: string, email: string): Command => ({
  _tag: "Register",
  eventId: eventId as EventId,
  attendee: fromInput({ email }),
  notes: "",
  registeredAt: null
})

/** Why each was refused; "" for success. */
const refusals = (replies: ReadonlyArray<Reply<Command>>) =>
  replies.map(({ answer }) => (Result.isSuccess(answer) ? "" : answer.failure._tag))

/** The registrations that were answered. */
const answered = (replies: ReadonlyArray<Reply<Command>>) =>
  replies.flatMap(({ answer }) =>
    Result.isSuccess(answer) && "registration" in answer.success ? [answer.success.registration] : []
  )

const CALLERS = 256

describe.each(stores)("a conference on sale, on %s", (_name, turnout) => {
  it.live("R1, R4, W6, G1: whoever comes first has a seat, the others wait in order, and nobody gets in twice", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent({ capacity: 1_000 })
      const answers = yield* Effect.forEach(
        CommandLine.arrivals,
        (email) => Effect.result(use((turnout) => turnout.register(event.id, { attendee: { email } }))),
        { concurrency: CALLERS }
      )
      const refused = answers.flatMap((answer, index) =>
        Result.isFailure(answer) ? [[index + 1, answer.failure._tag]] : []
      )
      assert.deepStrictEqual(refused, [[CommandLine.REPEATED_ROW, "AlreadyRegistered"]])

      const { event: after, journal, registrations, waitlist } = yield* Invariants.hold(event.id)
      assert.deepStrictEqual(after.counts, { confirmed: 1_000, waitlisted: 4_174, attended: 0, noShow: 0 })
      const told = new Map(
        answers.filter(Result.isSuccess).map(({ success }) => [success.registration.id, success] as const)
      )
      assert.deepStrictEqual(
        registrations.map(({ id }) => told.get(id)?.registration),
        [...registrations]
      )
      // Nobody has left, so everybody has the place that was told on entry.
      const entered = journal
        .map(({ payload, schemaVersion, type }) => decode(type, schemaVersion, payload))
        .flatMap((happened) => (happened._tag === "AttendeeWaitlisted" ? [happened.registration.id] : []))
      assert.deepStrictEqual(
        waitlist.map(({ position, registration: { id } }) => [position, id, told.get(id)?.waitlistPosition]),
        entered.map((id, index) => [index + 1, id, index + 1])
      )
      // Nobody overtakes but those who are under way at that moment: the other callers, and the one who was refused.
      const arrival = new Map(
        answers.flatMap((answer, n) => (Result.isSuccess(answer) ? [[answer.success.registration.id, n]] : []))
      )
      for (const [place, { id }] of registrations.entries()) {
        assert.isBelow(arrival.get(id)! - place, CALLERS + 1)
      }
    }).pipe(Effect.provide(turnout))
  )

  it.live("R1: 10,000 callers at once are all answered, and 4,000 seats are not oversold", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent({ capacity: 4_000 })
      const answers = yield* Effect.forEach(
        upTo(10_000),
        (n) => use((turnout) => turnout.register(event.id, Given.person(n))),
        { concurrency: "unbounded" }
      )
      const confirmed = answers.filter(({ registration }) => registration.state === "confirmed")
      assert.deepStrictEqual([answers.length, confirmed.length], [10_000, 4_000])
      const { event: after } = yield* Invariants.hold(event.id)
      assert.deepStrictEqual(after.counts, { confirmed: 4_000, waitlisted: 6_000, attended: 0, noShow: 0 })
    }).pipe(Effect.provide(turnout))
  )
})

describe("two processes on sale", () => {
  it.live("R1, G2: sell one hot event and five others at the same pace, without a deadlock", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const turnout = yield* Layer.build(
        Turnout.layer().pipe(
          Layer.provideMerge(Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ url, poolSize: 2 }))))
        )
      )
      yield* Effect.gen(function* () {
        const hot = yield* Given.publishedEvent({ capacity: 300 })
        const shared = yield* Effect.forEach(upTo(5), () => Given.publishedEvent({ capacity: 300 }))
        const names = ["one", "two"]
        const workers = yield* Effect.forEach(
          names,
          (name) => Worker.start("onSaleWorker.ts", [url, name, hot.id, ...shared.map(({ id }) => id)]),
          { concurrency: "unbounded" }
        )
        // Neither has a head start: both stand at the lock when it is let go.
        const release = yield* Effect.promise(() => CommandLine.lockEvents(url))
        yield* Effect.forEach(workers, ({ go }) => go)
        yield* Effect.repeat(
          sql("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
          { until: (waiting) => waiting.length >= workers.length }
        )
        yield* Effect.promise(release)

        const millis = yield* Effect.forEach(workers, ({ result }) => Effect.map(result, Number))
        assert.isBelow(Math.max(...millis), 30_000)
        assert.isBelow(Math.max(...millis), 3 * Math.min(...millis), `one process starved: ${millis.join(", ")} ms`)

        for (const { id } of [hot, ...shared]) {
          const { event, journal } = yield* Invariants.hold(id)
          const registered = id === hot.id ? 1_000 : 600
          assert.deepInclude(event.counts, { confirmed: 300, waitlisted: registered - 300 })
          const actors = journal.map(({ metadata }) => metadata.actor).filter((actor) => names.includes(actor))
          const half = actors.slice(0, registered / 2)
          const share = half.filter((actor) => actor === names[0]).length / half.length
          assert.isTrue(share > 0.2 && share < 0.8, `process one had ${share} of the first half`)
        }
        // The statistics of a backend are written when it has been idle for a second, or ends.
        yield* Effect.sleep("1500 millis")
        const [row] = yield* sql<{ deadlocks: number }>(
          "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()"
        )
        assert.strictEqual(row?.deadlocks, 0)
      }).pipe(Effect.provide(turnout))
    })
  )
})

describe("a storm of retries", () => {
  it.live("I1, I3: whatever is sent again while it is under way has one effect, and one answer", () =>
    Effect.gen(function* () {
      const [first, second, both] = yield* twice()
      const event = yield* Given.publishedEvent({ capacity: 20 }).pipe(Effect.provide(both))
      const sends = upTo(200).map((n) => ({ via: n % 2 === 0 ? first : second, person: (n * 7) % 50 }))
      const replies = yield* Effect.forEach(
        sends,
        ({ person, via }) =>
          Effect.map(
            via.execute(registering(event.id, `person-${person}@example.com`), { idempotencyKey: `key ${person}` }),
            (reply) => ({ person, ...reply })
          ),
        { concurrency: "unbounded" }
      )
      for (const person of upTo(50).map((n) => n - 1)) {
        const own = replies.filter((reply) => reply.person === person)
        assert.deepStrictEqual(own.map(({ replayed }) => replayed).toSorted(), [false, true, true, true])
        for (const { answer } of own) assert.deepStrictEqual(answer, own[0]!.answer)
        assert.strictEqual(own[0]!.answer._tag, "Success")
      }
      const { event: after, journal } = yield* Invariants.hold(event.id).pipe(Effect.provide(both))
      assert.deepStrictEqual(after.counts, { confirmed: 20, waitlisted: 30, attended: 0, noShow: 0 })
      assert.strictEqual(journal.length, 52)
    })
  )
})

describe("an idempotency key on Postgres", () => {
  it.live("I1, I6: whose time is over is renewed by the next command, and replays that one from then on", () =>
    Effect.gen(function* () {
      const [turnout, , both] = yield* twice({ idempotencyTtlMillis: 1_000 })
      const event = yield* Given.publishedEvent({ capacity: 9 }).pipe(Effect.provide(both))
      const send = (n: number) =>
        turnout.execute(registering(event.id, `person-${n}@example.com`), { idempotencyKey: "key" })
      const first = yield* send(1)
      assert.deepStrictEqual(refusals([yield* send(2)]), ["IdempotencyKeyReused"])
      yield* Effect.sleep("1100 millis")
      // The very command that was remembered: it counts as new, and is answered by what is true now.
      const again = yield* send(1)
      assert.deepStrictEqual([again.replayed, refusals([again])], [false, ["AlreadyRegistered"]])
      assert.deepStrictEqual(yield* send(1), { ...again, replayed: true })
      yield* Effect.sleep("1100 millis")
      const renewed = yield* Effect.forEach(upTo(4), () => send(2), { concurrency: "unbounded" })
      assert.deepStrictEqual(renewed.map(({ replayed }) => replayed).toSorted(), [false, true, true, true])
      for (const { answer } of renewed) assert.deepStrictEqual(answer, renewed[0]!.answer)

      const { registrations } = yield* Invariants.hold(event.id).pipe(Effect.provide(both))
      assert.deepStrictEqual(registrations, answered([first, renewed[0]!]))
      const records = yield* sql<{ lasts: number }>(
        "SELECT extract(epoch FROM expires_at - created_at)::int AS lasts FROM turnout.idempotency"
      ).pipe(Effect.provide(both))
      assert.deepStrictEqual(
        records.map(({ lasts }) => lasts),
        [1]
      )
    })
  )

  it.live.each([
    { age: "new", write: "INSERT" },
    { age: "expired", write: "UPDATE" }
  ])(
    "I2, I3: two processes that use a key that is $age for different events: one wins, and nobody else loses anything",
    ({ age, write }) =>
      Effect.gen(function* () {
        const [first, second, both] = yield* twice()
        yield* Effect.gen(function* () {
          if (age === "expired") {
            const other = yield* Given.publishedEvent()
            yield* first.execute(registering(other.id, "before@example.com"), { idempotencyKey: "key" })
            yield* sql("UPDATE turnout.idempotency SET created_at = 'epoch', expires_at = 'epoch'")
          }
          const events = [yield* Given.publishedEvent({ capacity: 3 }), yield* Given.publishedEvent({ capacity: 3 })]
          // Slow enough that both have looked for the key before either has committed it.
          yield* sql("CREATE SEQUENCE attempts")
          yield* sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM nextval('attempts'), pg_sleep(0.3); RETURN NULL; END $$`)
          yield* sql(`CREATE TRIGGER slow BEFORE ${write} ON turnout.idempotency EXECUTE FUNCTION slow()`)
          const replies = yield* Effect.forEach(
            [first, second],
            (turnout, index) =>
              Effect.forEach(
                upTo(5),
                (n) =>
                  turnout.execute(
                    registering(events[index]!.id, `person-${n}@example.com`),
                    n === 3 ? { idempotencyKey: "key" } : {}
                  ),
                { concurrency: "unbounded" }
              ),
            { concurrency: "unbounded" }
          )
          const [row] = yield* sql<{ attempts: number }>("SELECT last_value::int AS attempts FROM attempts")
          assert.strictEqual(row?.attempts, 2, "both have tried to write the key")
          const outcomes = replies.map(refusals)
          const winner = outcomes.findIndex((outcome) => outcome[2] === "")
          assert.deepStrictEqual(outcomes[winner], ["", "", "", "", ""])
          assert.deepStrictEqual(outcomes[1 - winner], ["", "", "IdempotencyKeyReused", "", ""])

          const stored = yield* Effect.forEach(events, ({ id }) => Invariants.hold(id))
          assert.deepStrictEqual(
            stored.flatMap(({ registrations }) => registrations),
            answered(replies.flat())
          )
          const records = yield* sql<{ event: string; alive: boolean }>(
            `SELECT r.event_id AS event, i.expires_at > now() AS alive
             FROM turnout.idempotency i JOIN turnout.registrations r ON r.id = i.registration_id`
          )
          assert.deepStrictEqual(
            records.map(({ alive, event }) => [event, alive]),
            [[events[winner]!.id, true]]
          )
        }).pipe(Effect.provide(both))
      })
  )
})

describe.each(stores)("somebody who cancels and comes back, on %s", (_name, turnout) => {
  it.live("R2, R6, W2: gets in again in the same batch, behind whoever waits", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent({ capacity: 1 })
      const [one, two, three] = yield* Given.registerAll(event.id, 3)
      const cancel = (registration: Registration): Command => ({
        _tag: "CancelRegistration",
        eventId: event.id,
        registrationId: registration.id
      })
      const again = ({ attendee }: Registration) => registering(event.id, attendee.email)
      const batch = [cancel(one!), again(one!), cancel(two!), again(two!), again(two!), cancel(two!), cancel(three!)]
      const replies = yield* use((turnout) => turnout.executeAll(batch.map((command) => ({ command }))))
      assert.deepStrictEqual(refusals(replies), ["", "", "", "", "AlreadyRegistered", "", ""])
      const { registrations } = yield* Invariants.hold(event.id)
      assert.deepStrictEqual(
        registrations.map(({ attendee, state }) => `${attendee.name || attendee.email} ${state}`),
        [
          "Person 1 cancelled",
          "Person 2 cancelled",
          "Person 3 cancelled",
          "person-1@example.com confirmed",
          "person-2@example.com waitlisted"
        ]
      )
      // And who came back within one batch can be cancelled within one batch as well.
      yield* use((turnout) =>
        turnout.executeAll([cancel(registrations[3]!), again(one!)].map((command) => ({ command })))
      )
      assert.deepInclude((yield* Invariants.hold(event.id)).event.counts, { confirmed: 1, waitlisted: 1 })
    }).pipe(Effect.provide(turnout))
  )

  it.live("R2, W1 to W4: gets in again while everybody else does the same", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent({ capacity: 20 })
      const registered = yield* Given.registerAll(event.id, 40)
      // Both are sent at once: the cancellation first, and without waiting for its answer the registration.
      const sends = registered.flatMap(({ attendee, id }) => [
        Effect.asVoid(use((turnout) => turnout.cancelRegistration(event.id, id))),
        Effect.asVoid(use((turnout) => turnout.register(event.id, { attendee: { email: attendee.email } })))
      ])
      yield* Effect.all(sends, { concurrency: "unbounded" })
      const { registrations } = yield* Invariants.hold(event.id)
      assert.deepStrictEqual(
        registrations.map(({ state }) => state),
        [
          ...registered.map(() => "cancelled" as const),
          ...upTo(20).map(() => "confirmed" as const),
          ...upTo(20).map(() => "waitlisted" as const)
        ]
      )
    }).pipe(Effect.provide(turnout))
  )
})
