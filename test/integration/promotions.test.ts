/**
 * A raise of capacity that promotes more waiters than one commit takes: it goes on in steps, whoever is there to take them.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import * as PostgresStore from "@turnout/adapters/postgres"
import { MAX_COMMANDS } from "@turnout/core/admission/application/Commands"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import { promotionsDue } from "@turnout/core/admission/domain/model/Seats"
import { STEP_SIZE } from "@turnout/core/admission/domain/model/Steps"
import { Effect, Exit, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as Worker from "../support/Worker.ts"

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

const onPostgres = Turnout.layer().pipe(Layer.provideMerge(TestDatabase.layer()))

/** The addresses of persons `from` to `to`. */
const people = (from: number, to: number) =>
  CommandLine.upTo(to)
    .slice(from - 1)
    .map(CommandLine.email)

const SEATS = 20

/** An event of which persons 1 to 20 have the seats, and for which as many as given wait: persons 21 and so on. */
const crowded = Effect.fnUntraced(function* (waiters: number) {
  const event = yield* Given.publishedEvent({ capacity: SEATS })
  const commands = people(1, SEATS + waiters).map((email) => ({
    command: {
      _tag: "Register" as const,
      eventId: event.id,
      attendee: fromInput({ email }),
      notes: "",
      registeredAt: null
    }
  }))
  for (let first = 0; first < commands.length; first += MAX_COMMANDS) {
    yield* use((turnout) => turnout.executeAll(commands.slice(first, first + MAX_COMMANDS)))
  }
  return event.id
})

/**
 * Resolves when no more promotions are due; reads only, so none of the test's own commands carries them on. Sooner than the
 * next sweep, which would do it as well.
 */
const ended = (eventId: string) =>
  Effect.repeat(
    Effect.delay(
      use((turnout) => turnout.getEvent(eventId)),
      "20 millis"
    ),
    { until: (event) => promotionsDue(event, new Date()) === 0 }
  ).pipe(Effect.timeout("10 seconds"))

const emails = (entries: ReadonlyArray<{ readonly registration: Invariants.Snapshot["registrations"][number] }>) =>
  entries.map(({ registration }) => registration.attendee.email)

describe.each([
  ["memory", Turnout.layer().pipe(Layer.provide(Memory.layer))],
  ["Postgres", onPostgres]
] as const)("a raise of capacity in steps, on %s", (_name, turnout) => {
  it.live("W1, W2: goes on although nobody asks for anything", () =>
    Effect.gen(function* () {
      const eventId = yield* crowded(3_500)
      const raised = yield* use((turnout) => turnout.changeCapacity(eventId, { capacity: SEATS + 3_000 }))
      assert.strictEqual(promotionsDue(raised, new Date()), 3_000 - STEP_SIZE)
      yield* ended(eventId)
      const { event, waitlist } = yield* Invariants.hold(eventId)
      assert.deepInclude(event.counts, { confirmed: SEATS + 3_000, waitlisted: 500 })
      assert.deepStrictEqual(emails(waitlist), people(SEATS + 3_001, SEATS + 3_500))
    }).pipe(Effect.provide(turnout))
  )

  it.live("W1, W6, G2: answers other commands in between, and nobody overtakes", () =>
    Effect.gen(function* () {
      const WAITERS = 12_500
      const eventId = yield* crowded(WAITERS)
      const { items: seated } = yield* use((turnout) => turnout.listRegistrations(eventId, { limit: SEATS }))
      yield* use((turnout) => turnout.changeCapacity(eventId, { capacity: SEATS + 12_000 }))

      let slowest = 0
      const timed = <A, E, R>(command: Effect.Effect<A, E, R>) =>
        Effect.suspend(() => {
          const began = performance.now()
          const note = () => {
            slowest = Math.max(slowest, performance.now() - began)
          }
          return Effect.tap(command, () => Effect.sync(note))
        })
      // Whoever has a seat gives it up, and a newcomer comes: two at a time.
      const newcomers = yield* Effect.forEach(
        seated,
        ({ id }, index) =>
          Effect.andThen(
            timed(use((turnout) => turnout.cancelRegistration(eventId, id))),
            timed(
              use((turnout) =>
                turnout.register(eventId, { attendee: { email: CommandLine.email(SEATS + WAITERS + 1 + index) } })
              )
            )
          ),
        { concurrency: 2 }
      )
      yield* ended(eventId)
      assert.isBelow(slowest, 1_000, "milliseconds that the slowest of them took")

      const { event, journal, waitlist } = yield* Invariants.hold(eventId)
      assert.deepInclude(event.counts, { confirmed: SEATS + 12_000, waitlisted: 500 })
      const behind = newcomers.toSorted((a, b) => a.registration.sequence - b.registration.sequence)
      assert.deepStrictEqual(emails(waitlist), [
        ...people(SEATS + 12_000 + SEATS + 1, SEATS + WAITERS),
        ...emails(behind)
      ])
      // The first of them came before the last step was taken, and each was told the place at that moment.
      const steps = journal.filter(({ metadata }) => metadata.actor === "turnout")
      assert.isBelow(behind[0]!.registration.sequence, steps.at(-1)!.version)
      let waiting = 0
      const lengths = journal.map(({ type }) => {
        if (type === "AttendeeWaitlisted") waiting += 1
        if (type === "RegistrationPromoted") waiting -= 1
        return waiting
      })
      assert.deepStrictEqual(
        behind.map(({ waitlistPosition }) => waitlistPosition),
        behind.map(({ registration }) => lengths[registration.sequence - 1]!)
      )
    }).pipe(Effect.provide(turnout))
  )
})

describe("a process that is killed in the middle of a raise", () => {
  it.live(
    "W1, W2: leaves the rest to whoever is asked next, and to the next one that starts, without being asked",
    () =>
      Effect.gen(function* () {
        const url = yield* TestDatabase.make
        const ask = <Row>(statement: string) =>
          Effect.promise(() => CommandLine.sql(url, statement) as Promise<ReadonlyArray<Row>>)
        const blocked = (count: number) =>
          Effect.repeat(
            ask<{ pid: number }>(
              "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ),
            { until: (waiting) => waiting.length === count }
          )
        const due = Effect.map(
          ask<{ due: number }>("SELECT least(capacity - confirmed, waitlisted) AS due FROM turnout.events"),
          ([row]) => row!.due
        )
        const store = Layer.orDie(PostgresStore.layer({ url }))
        const turnout = Turnout.layer().pipe(Layer.provide(store))
        const eventId = yield* crowded(6_500).pipe(
          Effect.provide(Turnout.layer().pipe(Layer.provide(TestDatabase.migrated(store))))
        )
        const worker = yield* Worker.start("raiseWorker.ts", [url, eventId, String(SEATS + 6_000)])
        const scope = yield* Scope.make()
        const other = yield* Layer.buildWithScope(turnout, scope)

        // In this order at the lock of the event: the first step of the raise, the test, the second step.
        const before = yield* Effect.promise(() => CommandLine.lockEvents(url))
        yield* worker.go
        yield* blocked(1)
        const locking = CommandLine.lockEvents(url)
        yield* blocked(2)
        yield* Effect.promise(before)
        const release = yield* Effect.promise(() => locking)
        yield* worker.result
        const [second] = yield* blocked(1)
        yield* worker.kill
        const left = yield* due
        assert.isTrue(left > 0 && left < 6_000, `${left} promotions are left`)
        yield* Effect.promise(release)
        yield* Effect.repeat(ask(`SELECT 1 FROM pg_stat_activity WHERE pid = ${second!.pid}`), {
          until: (backends) => backends.length === 0
        })
        assert.strictEqual(yield* due, left, "what was under way is rolled back")

        // A process that was there all along, and looks for such things by itself only now and then.
        const newcomer = CommandLine.email(SEATS + 6_501)
        const { waitlistPosition } = yield* use((turnout) =>
          turnout.register(eventId, { attendee: { email: newcomer } })
        ).pipe(Effect.provide(other))
        assert.isAtMost(yield* due, left - STEP_SIZE)
        assert.isAtMost(waitlistPosition!, 500 + left - STEP_SIZE + 1)
        yield* Scope.close(scope, Exit.void)
        assert.isAbove(yield* due, 0)

        yield* Effect.gen(function* () {
          yield* ended(eventId)
          const { event, waitlist } = yield* Invariants.hold(eventId)
          assert.deepInclude(event.counts, { confirmed: SEATS + 6_000, waitlisted: 501 })
          assert.deepStrictEqual(emails(waitlist), people(SEATS + 6_001, SEATS + 6_501))
        }).pipe(Effect.provide(turnout))
      })
  )
})

const clients: ReadonlyArray<readonly [string, Layer.Layer<SqlClient.SqlClient>]> = [
  [
    "Postgres",
    Layer.unwrap(Effect.map(TestDatabase.make, (url) => Layer.orDie(PostgresStore.layerClient({ url, poolSize: 3 }))))
  ],
  ["PGlite", Layer.orDie(Pglite.layerClient())]
]

describe.each(clients)("a raise of capacity within a transaction of the host, on %s", (_name, client) => {
  it.live("W1, W2: is finished when the transaction commits, and undone when it does not", () =>
    Effect.gen(function* () {
      const eventId = yield* crowded(2_400)
      const sql = yield* SqlClient.SqlClient
      const change = use((turnout) =>
        turnout.changeCapacity(eventId, { capacity: SEATS + 2_100 }, { idempotencyKey: "raise" })
      )
      const raise = Effect.gen(function* () {
        const raised = yield* change
        const event = yield* use((turnout) => turnout.getEvent(eventId))
        assert.deepInclude(event.counts, { confirmed: SEATS + 2_100, waitlisted: 300 })
        assert.deepStrictEqual(raised, event, "the answer shows what the last step left")
        assert.deepStrictEqual(yield* change, raised, "the key remembers it")
        return raised
      })
      yield* Effect.flip(sql.withTransaction(Effect.andThen(raise, Effect.fail("undo"))))
      const undone = yield* Invariants.hold(eventId)
      assert.deepInclude(undone.event.counts, { confirmed: SEATS, waitlisted: 2_400 })

      const raised = yield* sql.withTransaction(raise)
      assert.deepStrictEqual(yield* change, raised)
      const { waitlist } = yield* Invariants.hold(eventId)
      assert.deepStrictEqual(emails(waitlist), people(SEATS + 2_101, SEATS + 2_400))
    }).pipe(
      Effect.provide(
        Turnout.layer().pipe(
          Layer.provide(TestDatabase.migrated(Layer.provideMerge(PostgresStore.layerFromClient(), client))),
          Layer.provideMerge(client)
        )
      )
    )
  )
})
