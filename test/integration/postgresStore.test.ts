import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import { Effect, Exit, Fiber, Layer, Result } from "effect"
import { SqlClient } from "effect/sql"
import * as FaultProxy from "../support/FaultProxy.ts"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TwoProcesses from "../support/TwoProcesses.ts"

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

/** Turnout on a database of its own, and the client of that database. */
const onDatabase = Layer.unwrap(
  Effect.map(TestDatabase.make, (url) =>
    Turnout.layer().pipe(
      Layer.provideMerge(Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ url, poolSize: 20 }))))
    )
  )
)

const sql = <Row extends object>(statement: string) =>
  Effect.flatMap(SqlClient.SqlClient, (client) => client.unsafe<Row>(statement))

describe("the Postgres store", () => {
  it.live("R2: the database itself refuses a second active registration", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent()
      yield* Given.register(event.id, 1)
      const error = yield* Effect.flip(
        sql(`INSERT INTO turnout.registrations
          SELECT gen_random_uuid(), event_id, attendee_id, name, email, notes, state, sequence + 100, registered_at, changed_at
          FROM turnout.registrations`)
      )
      assert.strictEqual(error.reason._tag, "UniqueViolation")
    }).pipe(Effect.provide(onDatabase))
  )

  it.live("G2: batches over the same events in different orders never meet a deadlock", () =>
    Effect.gen(function* () {
      const events = yield* Effect.forEach([1, 2, 3, 4, 5], () => Given.publishedEvent({ capacity: 3 }))
      const register = (eventId: EventId, n: number) => ({
        command: {
          _tag: "Register" as const,
          eventId,
          attendee: fromInput({ email: `person-${n}@example.com` }),
          notes: "",
          registeredAt: null
        }
      })
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, n) => n),
        (n) => {
          const order = n % 2 === 0 ? events : events.toReversed()
          return use((turnout) => turnout.executeAll(order.map(({ id }) => register(id, n))))
        },
        { concurrency: "unbounded" }
      )
      // The statistics of a backend are written when it has been idle for a second, or ends.
      yield* Effect.sleep("1500 millis")
      const [row] = yield* sql<{ deadlocks: number }>(
        "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()"
      )
      assert.strictEqual(row?.deadlocks, 0)
    }).pipe(Effect.provide(onDatabase))
  )

  /** The next registration fails with this SQLSTATE, once: a sequence is not rolled back. */
  const failOnce = (code: string) =>
    Effect.gen(function* () {
      yield* sql("CREATE SEQUENCE failures")
      yield* sql(`CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('failures') = 1 THEN RAISE EXCEPTION 'planted' USING ERRCODE = '${code}'; END IF;
          RETURN NEW;
        END $$`)
      yield* sql("CREATE TRIGGER fail BEFORE INSERT ON turnout.registrations FOR EACH ROW EXECUTE FUNCTION fail_once()")
    })

  it.live.each(["40001", "40P01", "55P03", "57P01", "23505", "22012"])("tries again after %s", (code) =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent()
      yield* failOnce(code)
      const registration = yield* Given.register(event.id, 1)
      assert.deepStrictEqual((yield* Invariants.hold(event.id)).registrations, [registration])
    }).pipe(Effect.provide(onDatabase))
  )

  it.live.each([
    { code: "57014", reason: "Contention" as const },
    { code: "42P01", reason: "NotMigrated" as const },
    { code: "22003", reason: "Unexpected" as const },
    { code: "P0001", reason: "Unexpected" as const },
    { code: "42501", reason: "Unavailable" as const }
  ])("reports $code once, as $reason, and has changed nothing", ({ code, reason }) =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent()
      yield* failOnce(code)
      const error = yield* Effect.flip(Given.register(event.id, 1))
      assert.strictEqual(error._tag === "StoreError" && error.reason._tag, reason)
      assert.deepStrictEqual((yield* Invariants.hold(event.id)).registrations, [])
    }).pipe(Effect.provide(onDatabase))
  )

  it.live.each(["0A000", "26000"])("answers nothing that the server refuses with %s while committing", (code) =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent({ capacity: 100 })
      // Every connection of the lanes has committed before.
      for (let n = 1; n <= 12; n++) {
        const { id } = yield* Given.register(event.id, n)
        yield* use((turnout) => turnout.cancelRegistration(event.id, id))
      }
      yield* sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '${code}'; END $$`)
      yield* sql(`CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE ON turnout.registrations
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`)
      for (let n = 20; n < 24; n++) {
        const answer = yield* Effect.exit(Given.register(event.id, n))
        assert.isTrue(Exit.isFailure(answer), "a registration that was not stored was answered")
      }
      yield* sql("DROP TRIGGER refuse ON turnout.registrations")
      yield* Invariants.hold(event.id)
    }).pipe(Effect.provide(onDatabase))
  )

  it.live("W1: promotes by entry, not by id: another process may have another clock", () =>
    Effect.gen(function* () {
      const event = yield* Given.publishedEvent({ capacity: 1 })
      const [one, two, three] = yield* Given.registerAll(event.id, 3)
      yield* sql(
        `UPDATE turnout.registrations SET id = '00000000-0000-7000-8000-000000000001' WHERE id = '${three!.id}'`
      )
      yield* use((turnout) => turnout.cancelRegistration(event.id, one!.id))
      const { items } = yield* use((turnout) => turnout.listRegistrations(event.id, { state: "confirmed" }))
      assert.deepStrictEqual(
        items.map(({ id }) => id),
        [two!.id]
      )
    }).pipe(Effect.provide(onDatabase))
  )

  /** Does something here while a transaction elsewhere, which commits as soon as this waits for it, has changed a row. */
  const whileChanging = Effect.fnUntraced(function* <A, E, R, B, F, S>(
    { elsewhere, here }: TwoProcesses.TwoProcesses,
    change: Effect.Effect<A, E, R>,
    work: Effect.Effect<B, F, S>
  ) {
    const waiting = sql(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    )
    const begin = Effect.gen(function* () {
      yield* change
      const fiber = yield* Effect.forkDetach(Effect.provide(work, here))
      yield* Effect.repeat(waiting, { until: (rows) => rows.length > 0 })
      return fiber
    })
    const working = yield* SqlClient.SqlClient.use((client) => client.withTransaction(begin)).pipe(
      Effect.provide(elsewhere)
    )
    return yield* Fiber.join(working)
  })

  it.live("R3: misses no row that somebody else is changing, an operator, say", () =>
    Effect.gen(function* () {
      const processes = yield* TwoProcesses.make()
      const event = yield* Given.publishedEvent().pipe(Effect.provide(processes.here))
      const { id } = yield* Given.register(event.id, 1).pipe(Effect.provide(processes.here))
      const cancelled = yield* whileChanging(
        processes,
        sql(`UPDATE turnout.registrations SET notes = 'vegan' WHERE id = '${id}'`),
        use((turnout) => turnout.cancelRegistration(event.id, id))
      )
      const stored = yield* use((turnout) => turnout.getRegistration(event.id, id)).pipe(Effect.provide(processes.here))
      const { changed, ...fields } = cancelled
      assert.isTrue(changed)
      assert.deepStrictEqual(stored, { ...fields, state: "cancelled", notes: "vegan" })
    }).pipe(Effect.scoped)
  )

  it.live("I2: renews a key that has expired once, for whichever of two events comes first", () =>
    Effect.gen(function* () {
      const processes = yield* TwoProcesses.make()
      const cancel = ({ eventId, id }: Registration) =>
        use((turnout) => Effect.result(turnout.cancelRegistration(eventId, id, { idempotencyKey: "key" })))
      const [, two, three] = yield* Effect.gen(function* () {
        const event = yield* Given.publishedEvent()
        const other = yield* Given.publishedEvent()
        const registrations = [
          yield* Given.register(event.id, 1),
          yield* Given.register(event.id, 2),
          yield* Given.register(other.id, 3)
        ] as const
        yield* cancel(registrations[0])
        yield* sql("UPDATE turnout.idempotency SET created_at = 'epoch', expires_at = 'epoch'")
        return registrations
      }).pipe(Effect.provide(processes.here))
      const second = yield* whileChanging(processes, cancel(two), cancel(three))
      assert.strictEqual(Result.isFailure(second) && second.failure._tag, "IdempotencyKeyReused")
      const { registrations } = yield* Invariants.hold(three.eventId).pipe(Effect.provide(processes.here))
      assert.deepStrictEqual(registrations, [three])
    }).pipe(Effect.scoped)
  )

  it.live("does everything within its schema", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const schema = "tenant_a"
      const tenant = Turnout.layer().pipe(
        Layer.provide(Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ url, schema }), { schema })))
      )
      yield* Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 1 })
        const [one, two] = yield* Given.registerAll(event.id, 3)
        yield* Invariants.hold(event.id)
        yield* use((turnout) => turnout.waitlistPosition(event.id, two!.id))
        yield* use((turnout) => turnout.listRegistrations(event.id, { state: "confirmed" }))
        yield* use((turnout) => turnout.getRegistration(event.id, one!.id))
        yield* use((turnout) => turnout.listAttendeeRegistrations("mailto:person-1@example.com"))
        yield* use((turnout) => turnout.ready)
      }).pipe(Effect.provide(tenant))
    }).pipe(Effect.scoped)
  )

  it.live("bounds how long the server waits, works and sits idle", () =>
    Effect.gen(function* () {
      const [row] = yield* sql<{ lock: string; statement: string; idle: string }>(
        `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement,
          current_setting('idle_in_transaction_session_timeout') AS idle`
      )
      assert.deepStrictEqual({ ...row }, { lock: "5s", statement: "30s", idle: "10s" })
    }).pipe(Effect.provide(onDatabase))
  )

  it.live("is not ready on a database that lacks a migration", () =>
    Effect.gen(function* () {
      yield* sql("DELETE FROM turnout.migrations")
      const error = yield* Effect.flip(use((turnout) => turnout.ready))
      assert.strictEqual(error.reason._tag, "NotMigrated")
    }).pipe(Effect.provide(onDatabase))
  )

  it.live("reads again when the connection is lost", () =>
    Effect.gen(function* () {
      const direct = yield* TestDatabase.make
      const proxy = yield* FaultProxy.make(direct)
      const on = (store: ReturnType<typeof PostgresStore.layer>) =>
        Layer.build(Turnout.layer().pipe(Layer.provide(store)))
      const past = yield* on(TestDatabase.migrated(PostgresStore.layer({ url: direct, poolSize: 1 })))
      const through = yield* on(PostgresStore.layer({ url: proxy.url, poolSize: 1 }))
      const event = yield* Given.publishedEvent().pipe(Effect.provide(past))
      proxy.arm("before work")
      const read = yield* use((turnout) => turnout.getEvent(event.id)).pipe(Effect.provide(through))
      assert.deepStrictEqual(read, event)
      assert.strictEqual(proxy.faults(), 1)
    }).pipe(Effect.scoped)
  )
})
