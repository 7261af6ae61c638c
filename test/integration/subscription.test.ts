/**
 * Subscriptions, in memory and on a server: from the beginning, from now, from behind any event; by type; and of what other
 * processes commit.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as PostgresJournalReader from "@turnout/adapters/postgres/journal-reader"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { JournalReader } from "@turnout/core/journal/ports/JournalReader"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Fiber, Layer, Stream } from "effect"
import * as Given from "../support/Given.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

type Stores = Layer.Layer<AdmissionStore | AdmissionReads | JournalReader>

const stores: ReadonlyArray<readonly [string, Stores]> = [
  ["memory", Memory.layer],
  ["Postgres", PostgresJournalReader.layerFromClient().pipe(Layer.provideMerge(TestDatabase.layer({ poolSize: 10 })))]
]

const services = (store: Stores) => Turnout.layer().pipe(Layer.provideMerge(store))

const stream = Effect.fnUntraced(function* (people: number) {
  const event = yield* Given.publishedEvent({ capacity: 2 })
  for (let person = 1; person <= people; person++) yield* Given.register(event.id, person)
  return event.id
})

const take = (count: number, options: Subscription.SubscribeOptions) =>
  Stream.runCollect(Stream.take(Subscription.subscribe(options), count))

const named = (received: ReadonlyArray<Subscription.Received>) =>
  received.map(({ event, eventId, version }) => `${eventId} ${version} ${event._tag}`)

const versionsOf = (received: ReadonlyArray<Subscription.Received>, eventId: string) =>
  received.filter((one) => one.eventId === eventId).map(({ version }) => version)

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
const everySlot = Array.from({ length: 64 }, (_, slot) => slot)

describe.each(stores)("a subscription: %s", (_, store) => {
  it.live("O3: gives everything from the beginning, each stream in order, and what comes then", () =>
    Effect.gen(function* () {
      const events = yield* Effect.forEach([1, 2, 3, 4, 5], () => stream(3))
      const listening = yield* Effect.forkChild(take(5 * 5 + 2, { from: "beginning" }))
      yield* Effect.sleep(100)
      yield* Given.register(events[0]!, 4)
      yield* Given.register(events[0]!, 5)
      const received = yield* Fiber.join(listening)
      assert.deepStrictEqual(versionsOf(received, events[0]!), [1, 2, 3, 4, 5, 6, 7])
      for (const event of events.slice(1)) assert.deepStrictEqual(versionsOf(received, event), [1, 2, 3, 4, 5])
    }).pipe(Effect.provide(services(store)))
  )

  it.live("gives from now on what is committed, also by other processes", () =>
    Effect.gen(function* () {
      const event = yield* stream(1)
      const journal = yield* JournalReader
      // Nobody tells this one of commits.
      const untold = { ...journal, onCommit: () => () => {} }
      const listening = yield* Effect.forkChild(
        Effect.provideService(take(2, { pollMillis: 50 }), JournalReader, untold)
      )
      yield* Effect.sleep(300)
      yield* Given.register(event, 2)
      yield* Given.register(event, 3)
      assert.deepStrictEqual(named(yield* Fiber.join(listening)), [
        `${event} 4 AttendeeRegistered`,
        `${event} 5 AttendeeWaitlisted`
      ])
    }).pipe(Effect.provide(services(store)))
  )

  it.live("O2: goes on behind any event, without leaving one out or giving one twice", () =>
    Effect.gen(function* () {
      const events = yield* Effect.forEach([1, 2, 3, 4], () => stream(4))
      const all = yield* take(4 * 6, { from: "beginning" })
      yield* Given.register(events[0]!, 5)
      for (const at of [0, 1, 5, 6, 11, 17, 22, 23]) {
        const { cursor } = all[at]!
        const before = all.slice(0, at + 1)
        const rest = yield* take(4 * 6 - at, { from: { cursor } })
        assert.sameMembers([...named(before), ...named(rest)], [...named(all), `${events[0]} 7 AttendeeWaitlisted`])
        for (const event of events) {
          const versions = [...versionsOf(before, event), ...versionsOf(rest, event)]
          assert.deepStrictEqual(
            versions,
            versions.map((__, index) => index + 1)
          )
        }
      }
    }).pipe(Effect.provide(services(store)))
  )

  it.live("gives only events of the types that were asked for", () =>
    Effect.gen(function* () {
      yield* stream(3)
      yield* stream(3)
      const received = yield* take(2, { from: "beginning", types: ["AttendeeWaitlisted"] })
      assert.deepStrictEqual(
        received.map(({ event }) => event._tag),
        ["AttendeeWaitlisted", "AttendeeWaitlisted"]
      )
    }).pipe(Effect.provide(services(store)))
  )

  it.live("gives every one of several types, also page by page, however much of a slot is left for the next", () =>
    Effect.gen(function* () {
      const eventId = yield* stream(3)
      // In slots of their own, with one entry each.
      const others = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"] as const
      for (const id of others) yield* Given.draftEvent({ id: id as never })
      const types = ["EventPublished", "AttendeeWaitlisted"] as const
      for (const wanted of [types, types.toReversed()]) {
        const received = yield* take(2, { from: "beginning", types: wanted })
        assert.deepStrictEqual(versionsOf(received, eventId), [2, 5])
      }
      for (const limit of [1, 2, 3, 4, 5, 6, 7, 8]) {
        for (const asked of [undefined, types]) {
          const found: Array<Subscription.Received> = []
          let from: NonNullable<Subscription.SubscribeOptions["from"]> = "beginning"
          for (let pages = 0; pages < 10; pages++) {
            const page: { items: ReadonlyArray<Subscription.Received>; cursor: string } = yield* Subscription.page({
              from,
              limit,
              ...(asked === undefined ? {} : { types: asked })
            })
            assert.isAtMost(page.items.length, limit)
            found.push(...page.items)
            from = { cursor: page.cursor }
          }
          assert.deepStrictEqual(versionsOf(found, eventId), asked === undefined ? [1, 2, 3, 4, 5] : [2, 5])
          for (const id of others) assert.deepStrictEqual(versionsOf(found, id), asked === undefined ? [1] : [])
        }
      }
    }).pipe(Effect.provide(Layer.fresh(services(store))))
  )

  it.live("refuses what is no cursor, and options that break a rule", () =>
    Effect.gen(function* () {
      const positions = ["what", "{}", "-1", '{"passed":"3:3:","floor":-1}', '{"passed":"no","floor":1}']
      const cursors = ["", "x", base64([]), base64([["0", [0]]]), base64(positions)]
      for (const cursor of [...cursors, ...positions.map((position) => base64([[position, everySlot]]))]) {
        const error = yield* Effect.flip(take(1, { from: { cursor } }))
        assert.strictEqual(error._tag, "InvalidInput", cursor)
        assert.include(error.message, "from", cursor)
      }
      const error = yield* Effect.flip(take(1, { pollMillis: 0 }))
      assert.include(error.message, "pollMillis")
    }).pipe(Effect.provide(services(store)))
  )
})
