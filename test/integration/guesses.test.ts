/**
 * What the Postgres store guesses and does not look up (see `BatchTransaction`): whatever the guess, the outcome is the one
 * that looking would have had.
 */
import { assert, describe, it } from "@effect/vitest"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import { Effect, Fiber, Layer, Metric, Result } from "effect"
import { SqlClient } from "effect/sql"
import * as FaultProxy from "../support/FaultProxy.ts"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as TestDatabase from "../support/TestDatabase.ts"
import * as TwoProcesses from "../support/TwoProcesses.ts"

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

/** An event that this process has written last, with the first person in it. */
const known = Effect.fnUntraced(function* (changes: Parameters<typeof Given.publishedEvent>[0] = { capacity: 2 }) {
  const event = yield* Given.publishedEvent(changes)
  yield* Given.register(event.id, 1)
  return event
})

const sql = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (client) => client.unsafe(statement))

/** How many guesses were wrong while something was done. */
const wrongGuesses = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const retries = Metric.counter("turnout_store_retries_total", {
    description: "Transactions tried again",
    incremental: true
  })
  const guessed = Metric.value(Metric.withAttributes(retries, { reason: "guessed" }))
  return Effect.gen(function* () {
    const before = yield* guessed
    const value = yield* effect
    return { value, wrong: (yield* guessed).count - before.count }
  })
}

const stateOf = (eventId: string, n: number) => Effect.map(Given.register(eventId, n), ({ state }) => state)

describe("a guess", () => {
  it.live("that is right is not tried again", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const event = yield* known({ capacity: 5 })
        const { wrong } = yield* wrongGuesses(
          Effect.forEach([2, 3, 4, 5, 6, 7], (n) => Given.register(event.id, n), { concurrency: 3 })
        )
        assert.strictEqual(wrong, 0)
        yield* Invariants.hold(event.id)
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("R1, W2: of an event that another process has changed since is wrong, and the change counts", () =>
    Effect.gen(function* () {
      const { elsewhere, here } = yield* TwoProcesses.make()
      const event = yield* known().pipe(Effect.provide(here))
      yield* use((turnout) => turnout.changeCapacity(event.id, { capacity: 1 })).pipe(Effect.provide(elsewhere))
      const { value, wrong } = yield* wrongGuesses(stateOf(event.id, 2)).pipe(Effect.provide(here))
      assert.deepStrictEqual({ value, wrong }, { value: "waitlisted", wrong: 1 })
      yield* Invariants.hold(event.id).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("of an event that another process has deleted since is wrong: nobody registers for it", () =>
    Effect.gen(function* () {
      const { elsewhere, here } = yield* TwoProcesses.make()
      const { id } = yield* Given.publishedEvent().pipe(Effect.provide(here))
      const remove = use((turnout) => Effect.andThen(turnout.unpublishEvent(id), turnout.deleteEvent(id)))
      yield* remove.pipe(Effect.provide(elsewhere))
      const { value, wrong } = yield* wrongGuesses(Effect.flip(Given.register(id, 1))).pipe(Effect.provide(here))
      assert.deepStrictEqual([value._tag, wrong], ["EventNotFound", 1])
      const { value: again, wrong: none } = yield* wrongGuesses(
        Effect.all([Given.publishedEvent(), Effect.flip(Given.register(id, 1))])
      ).pipe(Effect.provide(elsewhere))
      assert.deepStrictEqual([again[1]._tag, none], ["EventNotFound", 0], "whoever has deleted it knows")
      const rows = yield* sql(`SELECT id FROM turnout.registrations WHERE event_id = '${id}'`).pipe(
        Effect.provide(here)
      )
      assert.deepStrictEqual(rows, [])
    }).pipe(Effect.scoped)
  )

  it.live("R2: that somebody is new is wrong of those who are not: they are told so, and others get in", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const event = yield* known({ capacity: 3 })
        const { value, wrong } = yield* wrongGuesses(
          Effect.forEach([2, 1, 3], (n) => Effect.result(Given.register(event.id, n)), { concurrency: "unbounded" })
        )
        assert.deepStrictEqual(
          value.map((answer) => (Result.isSuccess(answer) ? answer.success.state : answer.failure._tag)),
          ["confirmed", "AlreadyRegistered", "confirmed"]
        )
        assert.strictEqual(wrong, 1)
        yield* Invariants.hold(event.id)
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("I1, I2: that a key is new is wrong of one that was used, for this event or for another", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const send = (eventId: string, n: number, idempotencyKey: string) =>
          use((turnout) => Effect.result(turnout.register(eventId, Given.person(n), { idempotencyKey })))
        const event = yield* known({ capacity: 5 })
        const other = yield* known({ capacity: 5 })
        const first = yield* send(event.id, 2, "one")
        const { value: again, wrong } = yield* wrongGuesses(send(event.id, 2, "one"))
        assert.deepStrictEqual(again, first)
        assert.strictEqual(wrong, 1)
        const elsewhere = yield* wrongGuesses(send(other.id, 3, "one"))
        assert.strictEqual(Result.isFailure(elsewhere.value) && elsewhere.value.failure._tag, "IdempotencyKeyReused")
        assert.strictEqual(elsewhere.wrong, 1)
        for (const { id } of [event, other]) yield* Invariants.hold(id)
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("R2: refuses nobody: who is registered is told so even where everybody else is told that it is full", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const event = yield* known({ capacity: 1, waitlist: "closed" })
        const refusal = (n: number, options?: { readonly idempotencyKey: string }) =>
          Effect.map(
            Effect.flip(use((turnout) => turnout.register(event.id, Given.person(n), options))),
            ({ _tag }) => _tag
          )
        assert.strictEqual(yield* refusal(1), "AlreadyRegistered")
        assert.strictEqual(yield* refusal(2, { idempotencyKey: "two" }), "CapacityFull")
        assert.strictEqual(yield* refusal(1, { idempotencyKey: "one" }), "AlreadyRegistered")
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("R2: refuses nobody in the batch that takes the last seat, either", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const event = yield* known({ capacity: 2, waitlist: "closed" })
        const answers = yield* Effect.forEach([2, 1], (n) => Effect.result(Given.register(event.id, n)), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(
          answers.map((answer) => (Result.isSuccess(answer) ? answer.success.state : answer.failure._tag)),
          ["confirmed", "AlreadyRegistered"]
        )
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("R6: is not made of registrations that are named", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const event = yield* Given.publishedEvent({ capacity: 2 })
        const { id } = yield* Given.register(event.id, 1)
        const [attended, next] = yield* Effect.all(
          [use((turnout) => turnout.markAttended(event.id, id, { early: true })), Given.register(event.id, 2)],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual([attended.state, next.state], ["attended", "confirmed"])
        yield* Invariants.hold(event.id)
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("R6: is not made of an event whose details change", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const event = yield* known()
        const [updated, next] = yield* Effect.all(
          [use((turnout) => turnout.updateEvent(event.id, { title: "Another" })), Given.register(event.id, 2)],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual([updated.title, next.state], ["Another", "confirmed"])
        assert.strictEqual((yield* Invariants.hold(event.id)).event.title, "Another")
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("R6: is not made of an event that stays as it is", () =>
    Effect.gen(function* () {
      const { elsewhere, here } = yield* TwoProcesses.make()
      const [event, other] = yield* Effect.all([known(), Given.publishedEvent()]).pipe(Effect.provide(here))
      yield* use((turnout) => turnout.unpublishEvent(other.id)).pipe(Effect.provide(elsewhere))
      const register = {
        _tag: "Register",
        notes: "",
        registeredAt: null,
        attendee: fromInput({ email: "a@b.c" })
      } as const
      yield* use((turnout) =>
        turnout.executeAll([
          { command: { ...register, eventId: event.id } },
          { command: { _tag: "PublishEvent", eventId: other.id } }
        ])
      ).pipe(Effect.provide(here))
      const { status } = yield* use((turnout) => turnout.getEvent(other.id)).pipe(Effect.provide(elsewhere))
      assert.strictEqual(status, "published")
    }).pipe(Effect.scoped)
  )

  it.live("I6: that a key is new is wrong of one that has expired, which is used anew", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const send = (n: number) =>
          use((turnout) => turnout.register(event.id, Given.person(n), { idempotencyKey: "one" }))
        const event = yield* known({ capacity: 5 })
        yield* send(2)
        yield* sql("UPDATE turnout.idempotency SET created_at = 'epoch', expires_at = 'epoch'")
        const { value, wrong } = yield* wrongGuesses(send(3))
        assert.strictEqual(wrong, 1)
        assert.deepStrictEqual(yield* send(3), value)
        yield* Invariants.hold(event.id)
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("R1: of an event that has the same version in another history, as after a failover, is wrong", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const event = yield* known()
        yield* sql(`UPDATE turnout.journal SET id = gen_random_uuid() WHERE event_id = '${event.id}' AND version = 3`)
        yield* sql(`UPDATE turnout.events SET capacity = 1 WHERE id = '${event.id}'`)
        const { value, wrong } = yield* wrongGuesses(stateOf(event.id, 2))
        assert.deepStrictEqual({ value, wrong }, { value: "waitlisted", wrong: 1 })
        // What was found is what the next guess rests on.
        assert.strictEqual((yield* wrongGuesses(stateOf(event.id, 3))).wrong, 0)
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("is not made again and again where it is wrong: two processes that take turns", () =>
    Effect.gen(function* () {
      const { elsewhere, here } = yield* TwoProcesses.make()
      const event = yield* known({ capacity: 50 }).pipe(Effect.provide(here))
      const { wrong } = yield* wrongGuesses(
        Effect.forEach(
          Array.from({ length: 100 }, (_, n) => n + 2),
          (n) => Given.register(event.id, n).pipe(Effect.provide(n % 2 === 0 ? elsewhere : here)),
          { discard: true }
        )
      )
      assert.isAbove(wrong, 0)
      assert.isBelow(wrong, 5)
      yield* Invariants.hold(event.id).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("is not made again and again where it is wrong: every fifth has been here before", () =>
    Effect.gen(function* () {
      const { here } = yield* TwoProcesses.make()
      yield* Effect.gen(function* () {
        const event = yield* known({ capacity: 200 })
        const { wrong } = yield* wrongGuesses(
          Effect.forEach(
            Array.from({ length: 100 }, (_, n) => (n % 5 === 0 ? 1 : n + 2)),
            (n) => Effect.result(Given.register(event.id, n)),
            { discard: true }
          )
        )
        assert.isAbove(wrong, 0)
        assert.isBelow(wrong, 5)
        yield* Invariants.hold(event.id)
      }).pipe(Effect.provide(here))
    }).pipe(Effect.scoped)
  )

  it.live("is made again after a rest, which doubles each time, and begins anew once all was well for long", () =>
    Effect.gen(function* () {
      const { elsewhere, here } = yield* TwoProcesses.make()
      const event = yield* known({ capacity: 500 }).pipe(Effect.provide(here))
      let last = 1
      const register = Effect.suspend(() => Given.register(event.id, ++last))
      const registerHere = (count: number) =>
        Effect.forEach(Array.from({ length: count }), () => register, { discard: true }).pipe(Effect.provide(here))
      /** Whether one is made after so many batches: it is wrong then, since another process comes in between. */
      const isMadeAfter = Effect.fnUntraced(function* (batches: number) {
        yield* registerHere(batches)
        yield* register.pipe(Effect.provide(elsewhere))
        return (yield* wrongGuesses(registerHere(1))).wrong === 1
      })
      assert.isTrue(yield* isMadeAfter(0))
      assert.isTrue(yield* isMadeAfter(1))
      assert.isFalse(yield* isMadeAfter(2))
      assert.isTrue(yield* isMadeAfter(7))
      assert.isTrue(yield* isMadeAfter(80))
      assert.isTrue(yield* isMadeAfter(1))
    }).pipe(Effect.scoped)
  )

  it.live("O3: draws no number of the journal before it has its event", () =>
    Effect.gen(function* () {
      const { elsewhere, here } = yield* TwoProcesses.make()
      const event = yield* known().pipe(Effect.provide(here))
      const lastNumber = Effect.map(
        Effect.flatMap(SqlClient.SqlClient, (client) =>
          client.unsafe<{ last_value: bigint }>("SELECT last_value FROM turnout.journal_seq")
        ),
        ([row]) => row!.last_value
      ).pipe(Effect.provide(elsewhere))
      const waiting = Effect.flatMap(SqlClient.SqlClient, (client) =>
        client.unsafe(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
          AND query LIKE '%followed%'`)
      ).pipe(Effect.provide(elsewhere))
      const before = yield* lastNumber
      const registering = yield* Effect.gen(function* () {
        const client = yield* SqlClient.SqlClient
        return yield* client.withTransaction(
          Effect.gen(function* () {
            yield* client.unsafe(`SELECT 1 FROM turnout.events WHERE id = '${event.id}' FOR UPDATE`)
            const fiber = yield* Effect.forkDetach(Given.register(event.id, 2).pipe(Effect.provide(here)))
            yield* Effect.repeat(waiting, { until: (rows) => rows.length > 0 })
            assert.strictEqual(yield* lastNumber, before)
            return fiber
          })
        )
      }).pipe(Effect.provide(elsewhere))
      yield* Fiber.join(registering)
      assert.strictEqual(yield* lastNumber, (BigInt(before) + 1n) as never)
    }).pipe(Effect.scoped)
  )

  const FAULTS: ReadonlyArray<FaultProxy.Fault> = ["before work", "while committing", "after commit"]

  it.live.each(FAULTS)("whose connection is lost, %s: the command is carried out once", (fault) =>
    Effect.gen(function* () {
      const url = yield* TestDatabase.make
      const proxy = yield* FaultProxy.make(url)
      const past = yield* Layer.build(
        Turnout.layer().pipe(Layer.provide(TestDatabase.migrated(PostgresStore.layer({ url, poolSize: 1 }))))
      )
      const through = yield* Layer.build(
        Turnout.layer().pipe(Layer.provide(PostgresStore.layer({ url: proxy.url, poolSize: 1 })))
      )
      const event = yield* known().pipe(Effect.provide(through))
      proxy.arm(fault)
      const registration = yield* Given.register(event.id, 2).pipe(Effect.provide(through))
      assert.strictEqual(proxy.faults(), 1)
      const { registrations } = yield* Invariants.hold(event.id).pipe(Effect.provide(past))
      assert.deepStrictEqual(registrations.at(-1), registration)
      assert.strictEqual(registrations.length, 2)
    }).pipe(Effect.scoped)
  )
})
