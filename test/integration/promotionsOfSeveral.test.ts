/**
 * Raises of several events in one batch, each by more than one commit promotes: all of them go on to their end.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { STEP_SIZE } from "@turnout/core/admission/domain/model/Steps"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

const WAITERS = STEP_SIZE + 1

/** An event without seats that so many wait for. */
const crowded = Effect.gen(function* () {
  const { id } = yield* Given.publishedEvent({ capacity: 0 })
  const commands = Array.from({ length: WAITERS }, (_, n) => ({
    command: {
      _tag: "Register" as const,
      eventId: id,
      attendee: fromInput({ email: `person-${n}@example.com` }),
      notes: "",
      registeredAt: null
    }
  }))
  for (const part of [commands.slice(0, STEP_SIZE), commands.slice(STEP_SIZE)])
    yield* use((turnout) => turnout.executeAll(part))
  return id
})

const raise = (events: ReadonlyArray<EventId>) =>
  use((turnout) =>
    turnout.executeAll(
      events.map((eventId) => ({
        command: { _tag: "ChangeCapacity" as const, eventId, capacity: WAITERS, keepOverhang: false, demote: null }
      }))
    )
  )

const everybodyIsIn = Effect.fnUntraced(function* (events: ReadonlyArray<EventId>) {
  for (const eventId of events) {
    const { event } = yield* Invariants.hold(eventId)
    assert.deepInclude(event.counts, { confirmed: WAITERS, waitlisted: 0 })
  }
})

describe("raises of several events at once", { timeout: 120_000 }, () => {
  it.live("W1, W2: all go on, each to its end", () =>
    Effect.gen(function* () {
      const events = yield* Effect.replicateEffect(crowded, 3)
      yield* raise(events)
      for (const eventId of events) yield* Given.settled(eventId).pipe(Effect.timeout("10 seconds"))
      yield* everybodyIsIn(events)
    }).pipe(Effect.provide(Turnout.layer().pipe(Layer.provide(Memory.layer))))
  )

  it.live("W1, W2: are all finished when a transaction of the host commits", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const events = yield* Effect.replicateEffect(crowded, 2)
      yield* sql.withTransaction(raise(events))
      yield* everybodyIsIn(events)
    }).pipe(
      Effect.provide(
        Turnout.layer().pipe(
          Layer.provide(PostgresStore.layerFromClient()),
          Layer.provideMerge(TestDatabase.layer({ poolSize: 4 }))
        )
      )
    )
  )
})
