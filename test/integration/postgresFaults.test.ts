import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import * as FaultProxy from "../support/FaultProxy.ts"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

/** Turnout on a connection through the proxy, and on one past it. */
const setUp = Effect.gen(function* () {
  const direct = yield* TestDatabase.make
  const proxy = yield* FaultProxy.make(direct)
  const past = yield* Layer.build(
    Turnout.layer().pipe(Layer.provide(TestDatabase.migrated(PostgresStore.layer({ url: direct, poolSize: 1 }))))
  )
  // Nothing was said on this connection before: its first COMMIT is the one of the test.
  const through = yield* Layer.build(
    Turnout.layer().pipe(Layer.provide(PostgresStore.layer({ url: proxy.url, poolSize: 1 })))
  )
  return { proxy, direct, past, through }
})

const FAULTS: ReadonlyArray<FaultProxy.Fault> = ["before work", "before commit", "while committing", "after commit"]

describe("a connection that is lost", () => {
  it.live.each(FAULTS)("%s: the command is carried out once, and answered with what is stored", (fault) =>
    Effect.gen(function* () {
      const { past, proxy, through } = yield* setUp
      const event = yield* Given.publishedEvent({ capacity: 1 }).pipe(Effect.provide(past))
      proxy.arm(fault)
      const registration = yield* Given.register(event.id, 1).pipe(Effect.provide(through))
      assert.strictEqual(proxy.faults(), 1)
      const { registrations } = yield* Invariants.hold(event.id).pipe(Effect.provide(past))
      assert.deepStrictEqual(registrations, [registration])
    }).pipe(Effect.scoped)
  )

  it.live.each(FAULTS)("%s: an event is created once", (fault) =>
    Effect.gen(function* () {
      const { past, proxy, through } = yield* setUp
      proxy.arm(fault)
      const created = yield* Given.draftEvent({ organizer: "Only" }).pipe(Effect.provide(through))
      const { items } = yield* Turnout.Turnout.use((turnout) => turnout.listEvents()).pipe(Effect.provide(past))
      assert.deepStrictEqual(items, [created])
      assert.strictEqual(proxy.faults(), 1)
    }).pipe(Effect.scoped)
  )

  it.live.each(["before commit", "after commit"] as const)(
    "%s, and a server that stays away: the outcome is unknown, and the idempotency key tells it",
    (fault) =>
      Effect.gen(function* () {
        const { past, proxy, through } = yield* setUp
        const event = yield* Given.publishedEvent({ capacity: 1 }).pipe(Effect.provide(past))
        const send = Turnout.Turnout.use((turnout) =>
          turnout.execute(
            {
              _tag: "Register",
              eventId: event.id,
              attendee: { id: "ada" as never, name: "", email: "ada@example.com" },
              notes: "",
              registeredAt: null
            },
            { idempotencyKey: "once" }
          )
        ).pipe(Effect.provide(through))
        proxy.arm(fault, { stayDown: true })
        const lost = yield* Effect.flip(send)
        assert.strictEqual(lost._tag, "StoreError")
        assert.deepInclude(lost._tag === "StoreError" ? [lost.reason._tag, lost.isRetryable] : [], "OutcomeUnknown")
        proxy.restore()
        const { answer, replayed } = yield* send
        assert.strictEqual(replayed, fault === "after commit")
        const { registrations } = yield* Invariants.hold(event.id).pipe(Effect.provide(past))
        assert.deepStrictEqual(registrations, answer._tag === "Success" ? [answer.success.registration] : [])
      }).pipe(Effect.scoped)
  )

  it.live("that has fallen silent is given up after a while, and what it did is looked up", () =>
    Effect.gen(function* () {
      const { direct, past, proxy } = yield* setUp
      assert.notStrictEqual(proxy.url, direct)
      const patient = yield* Layer.build(
        Turnout.layer().pipe(
          Layer.provide(PostgresStore.layer({ url: proxy.url, poolSize: 2, attemptTimeoutMillis: 300 }))
        )
      )
      const event = yield* Given.publishedEvent({ capacity: 1 }).pipe(Effect.provide(past))
      proxy.arm("silence after commit")
      const registration = yield* Given.register(event.id, 1).pipe(Effect.provide(patient))
      assert.strictEqual(proxy.faults(), 1)
      const { registrations } = yield* Invariants.hold(event.id).pipe(Effect.provide(past))
      assert.deepStrictEqual(registrations, [registration])
    }).pipe(Effect.scoped)
  )

  it.live("that has fallen silent is given up by a read, which says so, and the next one gets another connection", () =>
    Effect.gen(function* () {
      const { past, proxy } = yield* setUp
      const event = yield* Given.publishedEvent().pipe(Effect.provide(past))
      const patient = yield* Layer.build(
        Turnout.layer().pipe(
          Layer.provide(PostgresStore.layer({ url: proxy.url, poolSize: 2, readTimeoutMillis: 1_500 }))
        )
      )
      const read = Turnout.Turnout.use((turnout) => turnout.getEvent(event.id)).pipe(Effect.provide(patient))
      assert.deepStrictEqual(yield* read, event)
      // The store may ask for its time at the same moment, and meet the silence in place of the read.
      const inSilence = Effect.suspend(() => {
        proxy.arm("silence before an answer")
        return Effect.flip(read)
      })
      const error = yield* Effect.retry(inSilence, { times: 4 })
      assert.isAtLeast(proxy.faults(), 1)
      assert.strictEqual(error._tag === "StoreError" && error.reason._tag, "Unavailable")
      // The client gives the connection up a few seconds later.
      const again = yield* Effect.retry(read, { times: 40 })
      assert.deepStrictEqual(again, event)
    }).pipe(Effect.scoped)
  )

  it.live("a server that cannot be reached at all changes nothing, and says so", () =>
    Effect.gen(function* () {
      const { proxy, through } = yield* setUp
      proxy.arm("before work", { stayDown: true })
      const error = yield* Effect.flip(Given.draftEvent()).pipe(Effect.provide(through))
      assert.strictEqual(error._tag === "StoreError" && error.reason._tag, "Unavailable")
    }).pipe(Effect.scoped)
  )

  it.live("a backend that an administrator ends while it waits for a lock: the command is carried out", () =>
    Effect.gen(function* () {
      const { direct, past, through } = yield* setUp
      const event = yield* Given.publishedEvent({ capacity: 1 }).pipe(Effect.provide(past))
      const url = Redacted.make(direct)
      const holder = yield* PgClient.make({ url, maxConnections: 1 })
      const admin = yield* PgClient.make({ url, maxConnections: 1 })
      const waiting = admin<{ pid: number }>`SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`
      const registering = yield* holder.withTransaction(
        Effect.gen(function* () {
          yield* holder`SELECT 1 FROM turnout.events WHERE id = ${event.id}::uuid FOR UPDATE`
          const fiber = yield* Effect.forkDetach(Given.register(event.id, 1).pipe(Effect.provide(through)))
          const [blocked] = yield* Effect.repeat(waiting, { until: (rows) => rows.length > 0 })
          yield* admin`SELECT pg_terminate_backend(${blocked!.pid}::int)`
          return fiber
        })
      )
      const registration = yield* Fiber.join(registering)
      const { registrations } = yield* Invariants.hold(event.id).pipe(Effect.provide(past))
      assert.deepStrictEqual(registrations, [registration])
    }).pipe(Effect.scoped, Effect.provide(Reactivity.layer))
  )

  it.live("a database that is not migrated says so", () =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const past = yield* Layer.build(Turnout.layer().pipe(Layer.provide(PostgresStore.layer({ url }))))
      const errors = [
        yield* Effect.flip(Given.draftEvent()).pipe(Effect.provide(past)),
        yield* Effect.flip(Turnout.Turnout.use((turnout) => turnout.ready)).pipe(Effect.provide(past))
      ]
      for (const error of errors) {
        assert.strictEqual(error._tag === "StoreError" && error.reason._tag, "NotMigrated")
        assert.include(error.message, "is not migrated to this version")
      }
    }).pipe(Effect.scoped)
  )
})
