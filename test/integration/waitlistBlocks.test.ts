/**
 * Places in the waitlist: the stores keep counts by blocks of the sequence, and whatever happens, these counts and the
 * places that are told from them equal a recount.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Pglite from "@turnout/adapters/pglite"
import { SequenceCursor } from "@turnout/core/admission/application/Queries"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { Registration } from "@turnout/core/admission/domain/model/Registration"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import * as fc from "fast-check"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const use = <A, E, R>(f: (turnout: Turnout.TurnoutService) => Effect.Effect<A, E, R>) => Turnout.Turnout.use(f)

const sql = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (client) => client.unsafe(statement))

const cursor = Schema.encodeSync(SequenceCursor)

/** How many numbers of the sequence a block has, by level. */
const SIZES = [64, 1_024, 16_384, 262_144] as const
const [SMALL, MEDIUM, LARGE, LARGEST] = SIZES

const registering = (eventId: EventId, n: number): Command => ({
  _tag: "Register",
  eventId,
  attendee: fromInput({ email: `person-${n}@example.com` }),
  notes: "",
  registeredAt: null
})

/**
 * The next registration gets a number of the sequence that is so much further on: the number is the version of the event
 * that it makes.
 */
const skip = (eventId: EventId, numbers: number) =>
  sql(`UPDATE turnout.events SET version = version + ${numbers} WHERE id = '${eventId}'`)

/** Who waits, first in line first, found by looking at every registration. */
const recount = (eventId: EventId) =>
  Effect.map(
    Invariants.all((after) =>
      use((turnout) => turnout.listRegistrations(eventId, { limit: 500, ...(after && { cursor: after }) }))
    ),
    (registrations) => registrations.filter(({ state }) => state === "waitlisted")
  )

/** R3: the counts by blocks are what a recount gives. A block that nobody waits in any more may be there or not. */
const blocksHold = Effect.fnUntraced(function* (eventId: EventId) {
  const columns = "level::int, block::float8, waiting::int"
  const stored = yield* sql(
    `SELECT ${columns} FROM turnout.waitlist_blocks WHERE event_id = '${eventId}' AND waiting <> 0 ORDER BY level, block`
  )
  const recounted = yield* sql(
    `SELECT ${columns} FROM (
       SELECT level, sequence / size AS block, count(*) AS waiting
       FROM turnout.registrations, unnest(ARRAY[${SIZES.join()}]) WITH ORDINALITY AS levels (size, level)
       WHERE event_id = '${eventId}' AND state = 'waitlisted' GROUP BY level, block
     ) AS counted ORDER BY level, block`
  )
  assert.deepStrictEqual(stored, recounted)
})

/** Of a long list, some. */
const sampled = <A>(items: ReadonlyArray<A>): ReadonlyArray<A> =>
  items.length < 500 ? items : items.filter((_, index) => index % 7 === 0)

/** W6: every place that can be asked for is the rank by recount, in pages of a size as in one piece. */
const placesHold = Effect.fnUntraced(function* (eventId: EventId, pageSize: number) {
  const waiters = yield* recount(eventId)
  const ranked = waiters.map(({ id }, index) => [index + 1, id] as const)
  const listed = yield* Invariants.all((after) =>
    use((turnout) => turnout.listWaitlist(eventId, { limit: pageSize, ...(after && { cursor: after }) }))
  )
  assert.deepStrictEqual(
    listed.map(({ position, registration }) => [position, registration.id] as const),
    ranked
  )
  for (const [position, id] of sampled(ranked)) {
    const place = yield* use((turnout) => turnout.waitlistPosition(eventId, id))
    assert.deepStrictEqual({ ...place }, { position, length: waiters.length })
  }
  // A page may begin anywhere, such as behind somebody who has left since: at the edges of blocks, and beyond the end.
  const edges = new Set(
    sampled(waiters).flatMap(({ sequence }) =>
      [1, ...SIZES].flatMap((size) => {
        const start = Math.floor(sequence / size) * size
        return [start - 2, start - 1, start, start + size - 1, start + size]
      })
    )
  )
  for (const after of edges) {
    if (after < 0) continue
    const { items } = yield* use((turnout) => turnout.listWaitlist(eventId, { limit: 1, cursor: cursor(after) }))
    const before = waiters.filter(({ sequence }) => sequence <= after).length
    assert.deepStrictEqual(
      items.map(({ position, registration }) => [position, registration.id]),
      before < waiters.length ? [[before + 1, waiters[before]!.id]] : [],
      `behind ${after}`
    )
  }
})

type Step =
  | { readonly kind: "register" }
  | { readonly kind: "cancel" | "confirm"; readonly target: number }
  | { readonly kind: "capacity"; readonly capacity: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ kind: "register" as const }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("cancel" as const), target: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("confirm" as const), target: fc.nat(1_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("capacity" as const), capacity: fc.integer({ min: 0, max: 12 }) })
  }
)

/** Steps that are committed together or one by one, and how far the sequence is moved on before. */
interface Batch {
  readonly skipped: number
  readonly together: boolean
  readonly steps: ReadonlyArray<Step>
}

const history: fc.Arbitrary<ReadonlyArray<Batch>> = fc.array(
  fc.record({
    skipped: fc.constantFrom(0, 0, 50, 90, SMALL, MEDIUM - 70, 5_000, LARGE - 300, LARGEST - 300, 2 ** 33),
    together: fc.boolean(),
    steps: fc.array(step, { minLength: 1, maxLength: 40 })
  }),
  { minLength: 1, maxLength: 6 }
)

describe("the counts by blocks, on Postgres", () => {
  it.live("R3, W6: equal a recount after any history", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context<Turnout.Turnout | SqlClient.SqlClient>()
      const holds = Effect.fnUntraced(function* (batches: ReadonlyArray<Batch>) {
        const { id: eventId } = yield* Given.publishedEvent({ capacity: 3 })
        let people = 0
        const toCommand = (one: Step, registrations: ReadonlyArray<Registration>): Command => {
          if (one.kind === "register" || registrations.length === 0) return registering(eventId, people++)
          if (one.kind === "capacity") {
            return { _tag: "ChangeCapacity", eventId, capacity: one.capacity, keepOverhang: true, demote: null }
          }
          const { id: registrationId } = registrations[one.target % registrations.length]!
          return one.kind === "cancel"
            ? { _tag: "CancelRegistration", eventId, registrationId }
            : { _tag: "ConfirmRegistration", eventId, registrationId, beyond: null }
        }
        for (const { skipped, steps, together } of batches) {
          if (skipped > 0) yield* skip(eventId, skipped)
          const { items } = yield* use((turnout) => turnout.listRegistrations(eventId, { limit: 500 }))
          const commands = steps.map((one) => toCommand(one, items))
          yield* together
            ? use((turnout) => turnout.executeAll(commands.map((command) => ({ command }))))
            : Effect.forEach(commands, (command) => use((turnout) => turnout.execute(command)), { concurrency: 3 })
          yield* blocksHold(eventId)
        }
        yield* placesHold(eventId, 7)
      })
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(history, (batches) => Effect.runPromiseWith(context)(holds(batches))),
          { numRuns: 40, interruptAfterTimeLimit: 30_000 }
        )
      )
    }).pipe(Effect.provide(Turnout.layer().pipe(Layer.provideMerge(TestDatabase.layer()))))
  )
})

const CAPACITY = 50

/** Fifty with a seat and three thousand in line; then every third of the line leaves, and ten of the fifty. */
const longList = Effect.fnUntraced(function* <E, R>(between: (eventId: EventId) => Effect.Effect<unknown, E, R>) {
  const { id: eventId } = yield* Given.publishedEvent({ capacity: CAPACITY })
  const registered: Array<Registration> = []
  for (let first = 1; first <= 3_000 + CAPACITY; first += 610) {
    const commands = Array.from({ length: 610 }, (_, index) => ({ command: registering(eventId, first + index) }))
    for (const { answer } of yield* use((turnout) => turnout.executeAll(commands))) {
      if (answer._tag === "Success" && "registration" in answer.success) registered.push(answer.success.registration)
    }
    yield* between(eventId)
  }
  assert.strictEqual(registered.length, 3_000 + CAPACITY)
  const leaving = registered.filter((_, index) => (index < CAPACITY ? index % 5 === 0 : index % 3 === 0))
  for (let first = 0; first < leaving.length; first += 1_000) {
    const commands = leaving.slice(first, first + 1_000).map(({ id: registrationId }) => ({
      command: { _tag: "CancelRegistration" as const, eventId, registrationId }
    }))
    yield* use((turnout) => turnout.executeAll(commands))
  }
  return eventId
})

describe("a waitlist of three thousand", () => {
  it.live.each<readonly [string, Layer.Layer<AdmissionStore | AdmissionReads, unknown>]>([
    ["memory", Memory.layer],
    ["PGlite", TestDatabase.migrated(Pglite.layer())]
  ])("W6: on %s tells everybody the place that a recount gives", ([, store]) =>
    Effect.gen(function* () {
      yield* placesHold(yield* longList(() => Effect.void), 499)
    }).pipe(Effect.provide(Turnout.layer().pipe(Layer.provide(store))))
  )

  it.live("R3, W6: on Postgres, the same if it is strewn over a long sequence", () =>
    Effect.gen(function* () {
      const eventId = yield* longList((eventId) => skip(eventId, 70_000))
      yield* blocksHold(eventId)
      yield* placesHold(eventId, 499)
    }).pipe(Effect.provide(Turnout.layer().pipe(Layer.provideMerge(TestDatabase.layer()))))
  )
})
