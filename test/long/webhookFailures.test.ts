/**
 * Endpoints that fail, and that ask to be left alone, on the store in memory and in virtual time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import { everything } from "@turnout/core/delivery/domain/Replay"
import type { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as WebhookRelays from "@turnout/core/webhooks/application/WebhookRelays"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { sinkOf, type WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import { LONGEST_REST_MILLIS } from "@turnout/core/webhooks/domain/WebhookHealth"
import { type Post, type WebhookAnswer, WebhookPost } from "@turnout/core/webhooks/ports/WebhookPost"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Clock, Deferred, Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as Given from "../support/Given.ts"

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE

type Services =
  AdmissionReads | Webhooks.Webhooks | Turnout.Turnout | WebhookStore | Outbox | OutboxOperations | Replays

const services = Webhooks.layer.pipe(Layer.provideMerge(Turnout.layer()), Layer.provideMerge(Memory.layer))

const run = <A, E>(work: Effect.Effect<A, E, Services>) =>
  Effect.provide(work, Layer.mergeAll(Layer.fresh(services), Logger.layer([])))

const answer = (status: number, retryAfterMillis?: number): WebhookAnswer => ({
  status,
  read: () => Effect.void,
  ...(retryAfterMillis === undefined ? {} : { retryAfterMillis })
})

/** An endpoint, with the times of the requests, and the URLs that they were made to. */
interface Endpoint {
  answer: () => Effect.Effect<WebhookAnswer>
  readonly times: Array<number>
  readonly urls: Array<string>
}

const makeEndpoint = (initial: WebhookAnswer): Endpoint => ({
  answer: () => Effect.succeed(initial),
  times: [],
  urls: []
})

const postTo = (endpoint: Endpoint): Post =>
  Effect.fnUntraced(function* ({ webhook: { url } }) {
    endpoint.times.push(yield* Clock.currentTimeMillis)
    endpoint.urls.push(url)
    return yield* endpoint.answer()
  })

const settle = Effect.repeat(Effect.yieldNow, { times: 300 })
const pass = (millis: number) => settle.pipe(Effect.andThen(TestClock.adjust(millis)), Effect.andThen(settle))
/** Lets time pass second by second. */
const passing = (millis: number) => Effect.repeat(pass(SECOND), { times: millis / SECOND - 1 })

const RELAY = {
  pollMillis: SECOND,
  retryPolicy: { firstPauseMillis: 5 * SECOND, longestPauseMillis: 5 * SECOND, maxAttempts: 1_000 }
}

/** A process that relays to webhooks. Interrupting the fiber stops it. */
const start = (endpoint: Endpoint, options: WebhookRelays.WebhookRelayOptions = {}) =>
  Effect.forkChild(
    WebhookRelays.run({ relay: RELAY, ...options }).pipe(
      Effect.scoped,
      Effect.provideService(WebhookPost, postTo(endpoint))
    ),
    { startImmediately: true }
  )

const add = Effect.map(
  Webhooks.Webhooks.use((webhooks) => webhooks.create({ url: "https://example.com/hooks" }, { who: "ada" })),
  ({ webhook }) => webhook.id
)
const find = (id: WebhookId) => Webhooks.Webhooks.use((webhooks) => webhooks.get(id))
const blocked = (id: WebhookId) =>
  OutboxOperations.use((operations) => operations.blocked(sinkOf(id), null, { after: null, limit: 100 }))

/** An event whose stream is in a slot. */
const eventInSlot = (slot: number) =>
  Given.draftEvent({ id: `00000000-0000-4000-8000-0000000000${slot.toString(16).padStart(2, "0")}` as EventId })

describe("an endpoint that asks to be left alone", () => {
  it.effect("O7: is asked nothing for as long, from the first time on, about any stream", () =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(429, 120 * SECOND))
      const id = yield* add
      yield* start(endpoint)
      yield* pass(SECOND)
      yield* eventInSlot(1)
      yield* pass(SECOND)
      assert.lengthOf(endpoint.times, 1)
      const [first] = endpoint.times
      const [block] = yield* blocked(id)
      assert.deepInclude(block, { attempts: 1 })
      assert.isAtLeast(block!.retryAt!.getTime(), first! + 120 * SECOND)
      assert.strictEqual((yield* find(id)).leftAloneUntil!.getTime(), first! + 120 * SECOND)
      for (let slot = 1; slot <= 5; slot++) yield* eventInSlot(slot + 10)
      yield* passing(117 * SECOND)
      assert.lengthOf(endpoint.times, 1)
      endpoint.answer = () => Effect.succeed(answer(204))
      yield* passing(40 * SECOND)
      assert.lengthOf(endpoint.times, 7)
      assert.isAtLeast(endpoint.times[1]!, first! + 120 * SECOND)
      assert.deepInclude(yield* find(id), { failingSince: null, leftAloneUntil: null })
      assert.deepStrictEqual(yield* blocked(id), [])
    }).pipe(run)
  )

  it.effect.each([302, 404, 413, 500, 503])("is left alone if it says %i, as well", (status) =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(status, 60 * SECOND))
      yield* add
      yield* start(endpoint)
      yield* pass(SECOND)
      yield* Given.draftEvent()
      yield* passing(59 * SECOND)
      assert.lengthOf(endpoint.times, 1)
      yield* passing(40 * SECOND)
      assert.lengthOf(endpoint.times, 2)
    }).pipe(run)
  )

  it.effect("O7: is left alone by processes that begin meanwhile, and by those that run beside", () =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(429, 120 * SECOND))
      yield* add
      const first = yield* start(endpoint)
      yield* pass(SECOND)
      yield* Given.draftEvent()
      yield* pass(SECOND)
      assert.lengthOf(endpoint.times, 1)
      yield* start(endpoint)
      yield* passing(10 * SECOND)
      yield* Fiber.interrupt(first)
      yield* start(endpoint)
      for (let slot = 0; slot < 64; slot += 5) yield* eventInSlot(slot)
      yield* passing(105 * SECOND)
      assert.lengthOf(endpoint.times, 1)
      yield* passing(40 * SECOND)
      assert.isAbove(endpoint.times.length, 1)
    }).pipe(run)
  )

  it.effect("is asked one thing when that is over, and the rest waits for its answer", () =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(429, 20 * SECOND))
      yield* add
      yield* start(endpoint)
      yield* pass(SECOND)
      yield* eventInSlot(0)
      yield* pass(SECOND)
      for (let slot = 1; slot <= 20; slot++) yield* eventInSlot(slot)
      const isOver = yield* Deferred.make<void>()
      endpoint.answer = () => Effect.as(Deferred.await(isOver), answer(204))
      while (endpoint.times.length < 2) yield* pass(SECOND)
      assert.isAtLeast(endpoint.times[1]!, endpoint.times[0]! + 20 * SECOND)
      yield* passing(12 * SECOND)
      assert.lengthOf(endpoint.times, 2)
      yield* Deferred.succeed(isOver, undefined)
      yield* passing(60 * SECOND)
      assert.lengthOf(endpoint.times, 22)
    }).pipe(run)
  )

  it.effect("is left alone for twelve hours at most, whatever it asks for", () =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(503, Infinity))
      const id = yield* add
      yield* start(endpoint)
      yield* pass(SECOND)
      yield* Given.draftEvent()
      yield* pass(SECOND)
      const { leftAloneUntil } = yield* find(id)
      assert.strictEqual(leftAloneUntil!.getTime(), endpoint.times[0]! + LONGEST_REST_MILLIS)
    }).pipe(run)
  )

  it.effect.each([
    ["enables its webhook", (webhooks: Webhooks.Webhooks["Service"], id: WebhookId) => webhooks.enable(id, "ada")],
    [
      "gives its webhook another URL",
      (webhooks: Webhooks.Webhooks["Service"], id: WebhookId) =>
        webhooks.update(id, { url: "https://example.com/other" }, "ada")
    ]
  ] as const)("is no longer left alone if an operator %s", ([, change]) =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(429, LONGEST_REST_MILLIS))
      const id = yield* add
      yield* start(endpoint)
      yield* pass(SECOND)
      yield* eventInSlot(1)
      yield* pass(SECOND)
      yield* eventInSlot(2)
      yield* passing(60 * SECOND)
      assert.lengthOf(endpoint.times, 1)
      endpoint.answer = () => Effect.succeed(answer(204))
      const { url } = yield* Webhooks.Webhooks.use((webhooks) => change(webhooks, id))
      yield* passing(40 * SECOND)
      assert.deepStrictEqual(endpoint.urls, ["https://example.com/hooks", url])
      assert.isNull((yield* find(id)).leftAloneUntil)
    }).pipe(run)
  )

  it.effect("is not asked for by an endpoint that is none any more", () =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(204))
      const isOver = yield* Deferred.make<void>()
      endpoint.answer = () => Effect.as(Deferred.await(isOver), answer(410))
      const id = yield* add
      yield* start(endpoint)
      yield* pass(SECOND)
      yield* eventInSlot(1)
      yield* pass(SECOND)
      const url = "https://example.com/other"
      yield* Webhooks.Webhooks.use((webhooks) => webhooks.update(id, { url }, "ada"))
      yield* passing(6 * SECOND)
      endpoint.answer = () => Effect.succeed(answer(204))
      yield* eventInSlot(2)
      yield* passing(2 * SECOND)
      yield* Deferred.succeed(isOver, undefined)
      yield* passing(10 * SECOND)
      assert.strictEqual((yield* find(id)).state, "enabled")
      assert.deepStrictEqual(endpoint.urls, ["https://example.com/hooks", url, url])
    }).pipe(run)
  )

  it.effect("holds up a replay as well, and does not stop it", () =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(204))
      const id = yield* add
      yield* start(endpoint)
      yield* pass(SECOND)
      const { id: stream } = yield* Given.draftEvent()
      yield* passing(5 * SECOND)
      assert.lengthOf(endpoint.times, 1)
      endpoint.answer = () => Effect.succeed(answer(429, 120 * SECOND))
      const replays = yield* Replays
      const selection = { ...everything, stream }
      const replay = yield* replays.start({ sink: sinkOf(id), selection, perSecond: null, who: "ada" })
      yield* passing(110 * SECOND)
      assert.lengthOf(endpoint.times, 2)
      endpoint.answer = () => Effect.succeed(answer(204))
      yield* passing(60 * SECOND)
      assert.lengthOf(endpoint.times, 3)
      assert.strictEqual((yield* replays.get(replay.id)).state, "finished")
    }).pipe(run)
  )
})

describe("a webhook that fails", () => {
  it.effect("O6: is not disabled for days in which no relay ran", () =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(500))
      const id = yield* add
      for (const count of [1, 2, 3]) {
        const relay = yield* start(endpoint)
        yield* pass(SECOND)
        if (count === 1) yield* Given.draftEvent()
        while (endpoint.times.length < count) yield* pass(SECOND)
        yield* Fiber.interrupt(relay)
        yield* pass(6 * DAY)
        assert.strictEqual((yield* find(id)).state, "enabled")
        assert.isNotNull((yield* find(id)).failingSince)
      }
    }).pipe(run)
  )

  it.effect("O6: is disabled once it has failed for long, across processes", () =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(500))
      const id = yield* add
      const options = { disableAfterMillis: 60 * SECOND, failuresToOpen: 1_000 }
      const first = yield* start(endpoint, options)
      yield* pass(SECOND)
      yield* Given.draftEvent()
      yield* passing(35 * SECOND)
      yield* Fiber.interrupt(first)
      yield* pass(20 * SECOND)
      yield* start(endpoint, options)
      yield* passing(2 * SECOND)
      assert.strictEqual((yield* find(id)).state, "enabled")
      yield* passing(18 * SECOND)
      assert.match((yield* find(id)).disabledBecause!, /^it has failed since .*; at last: HTTP 500$/)
      const { length } = endpoint.times
      yield* passing(20 * SECOND)
      assert.lengthOf(endpoint.times, length)
    }).pipe(run)
  )

  const ends: ReadonlyArray<
    readonly [string, (id: WebhookId, stream: EventId) => Effect.Effect<unknown, unknown, Services>]
  > = [
    [
      "an operator has discarded it",
      (id, stream) => OutboxOperations.use(({ discard }) => discard(sinkOf(id), stream, "ada"))
    ],
    [
      "an operator has skipped it",
      (id, stream) => OutboxOperations.use(({ skip }) => skip(sinkOf(id), stream, 1, "ada"))
    ],
    [
      "its type is wanted no more",
      (id, stream) =>
        Webhooks.Webhooks.use((webhooks) => webhooks.update(id, { types: ["AttendeeRegistered"] }, "ada")).pipe(
          Effect.andThen(OutboxOperations.use(({ retry }) => retry(sinkOf(id), stream, "ada"))),
          Effect.andThen(passing(20 * SECOND)),
          Effect.andThen(Webhooks.Webhooks.use((webhooks) => webhooks.update(id, { types: null }, "ada")))
        )
    ]
  ]
  it.effect.each(ends)("O6: is counted anew once nothing waits, because %s", ([, end]) =>
    Effect.gen(function* () {
      const endpoint = makeEndpoint(answer(500))
      const id = yield* add
      yield* start(endpoint, {
        disableAfterMillis: 60 * SECOND,
        idleAfterMillis: 5 * SECOND,
        failuresToOpen: 1_000
      })
      yield* pass(SECOND)
      const { id: stream } = yield* Given.draftEvent()
      yield* passing(30 * SECOND)
      assert.isNotNull((yield* find(id)).failingSince)
      yield* end(id, stream)
      yield* passing(20 * SECOND)
      assert.isNull((yield* find(id)).failingSince)
      yield* passing(60 * SECOND)
      yield* Given.draftEvent()
      yield* passing(30 * SECOND)
      assert.strictEqual((yield* find(id)).state, "enabled")
      yield* passing(60 * SECOND)
      assert.strictEqual((yield* find(id)).state, "disabled")
    }).pipe(run)
  )
})
