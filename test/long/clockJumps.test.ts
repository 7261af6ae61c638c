/**
 * Somebody sets the wall clock of a process, or of its database server, while it delivers: on real servers and in real time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as PostgresOutbox from "@turnout/adapters/postgres/outbox"
import * as PostgresOutboxOperations from "@turnout/adapters/postgres/outbox-operations"
import * as PostgresReplays from "@turnout/adapters/postgres/replays"
import * as PostgresWebhooks from "@turnout/adapters/postgres/webhooks"
import * as WebhookRelays from "@turnout/adapters/webhooks"
import * as Relay from "@turnout/core/delivery/application/Relay"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { delivered } from "@turnout/core/delivery/domain/DeliveryOutcome"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import type { Sink } from "@turnout/core/delivery/ports/Sink"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Clock, Effect, Layer, Logger, Random } from "effect"
import { SqlClient } from "effect/sql"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as AnyEndpoint from "../support/AnyEndpoint.ts"
import * as Given from "../support/Given.ts"
import * as SettableClock from "../support/SettableClock.ts"
import * as TestDatabase from "../support/TestDatabase.ts"

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const services = Layer.mergeAll(
  PostgresOutbox.layerFromClient(),
  PostgresOutboxOperations.layerFromClient(),
  PostgresReplays.layerFromClient()
).pipe(Layer.provideMerge(Turnout.layer()), Layer.provideMerge(TestDatabase.layer({ poolSize: 8 })))

const makeSink = (millisForEach = 0) => {
  const given: Array<StoredEntry & { readonly at: number }> = []
  const sink: Sink = {
    name: "sink",
    deliver: ({ deliveries }) =>
      Effect.forEach(deliveries, (delivery) =>
        Effect.as(
          Effect.delay(
            Effect.sync(() => given.push({ ...delivery, at: performance.now() })),
            millisForEach
          ),
          delivered
        )
      )
  }
  return { sink, given }
}

const until = (what: string, holds: () => boolean) =>
  Effect.sleep(5).pipe(
    Effect.repeat({ until: holds }),
    Effect.timeoutOrElse({ duration: 10_000, orElse: () => Effect.die(new Error(`${what}: never`)) })
  )

const silent = Logger.layer([])

describe("a relay on Postgres", { timeout: 60_000 }, () => {
  it.live.each([-60, -1, 1, 60])("O2: goes on at once when its clock is set by %i minutes", (minutes) =>
    Effect.gen(function* () {
      const { clock, set } = yield* SettableClock.make
      const { given, sink } = makeSink()
      const relay = Effect.provideService(Relay.run(sink), Clock.Clock, clock)
      yield* Effect.forkChild(relay, { startImmediately: true })
      const event = yield* Given.publishedEvent({ capacity: 100 })
      yield* until("the first entries", () => given.length === 2)
      set(minutes * MINUTE)
      for (let person = 1; person <= 5; person++) {
        const askedAt = performance.now()
        yield* Given.register(event.id, person)
        yield* until(`the entry of person ${person}`, () => given.length === person + 2)
        assert.isBelow(given.at(-1)!.at - askedAt, 3_000)
      }
    }).pipe(Effect.provide(services), Effect.provide(silent))
  )

  it.live.each([-60, -1, 1])("L1, L2: sends nothing after its lease, its clock set by %i minutes", (minutes) =>
    Effect.gen(function* () {
      const ttlMillis = 2_000
      const event = yield* Given.publishedEvent({ capacity: 1_000 })
      yield* Given.registerAll(event.id, 100)
      const { clock, set } = yield* SettableClock.make
      const cutOff = makeSink(50)
      const outbox = yield* Outbox
      const mute = { ...outbox, renew: () => Effect.never, announce: () => Effect.succeed(1) }
      const claimedAt = performance.now()
      yield* Relay.run(cutOff.sink, { owner: "cut off", ttlMillis }).pipe(
        Effect.provideService(Outbox, mute),
        Effect.provideService(Clock.Clock, clock),
        Effect.forkChild({ startImmediately: true })
      )
      yield* until("something sent", () => cutOff.given.length > 2)
      set(minutes * MINUTE)
      const next = makeSink()
      yield* Effect.forkChild(Relay.run(next.sink, { owner: "next" }), { startImmediately: true })
      yield* until("the successor", () => next.given.length >= 102)
      assert.isBelow(next.given[0]!.at - claimedAt, ttlMillis + 2_000)
      yield* Effect.sleep(2_000)
      const late = cutOff.given.filter(({ at }) => at > next.given[0]!.at)
      assert.deepStrictEqual(late, [])
    }).pipe(Effect.provide(services), Effect.provide(silent))
  )
})

describe("a database server whose clock was set back", () => {
  it.live("L2: keeps a lease for no longer than anybody takes one, and counts no worker that is gone", () =>
    Effect.gen(function* () {
      const [outbox, replays, sql] = [yield* Outbox, yield* Replays, yield* SqlClient.SqlClient]
      yield* outbox.register("sink", "now")
      const ask = { ttlMillis: 600_000, limit: 64 }
      yield* outbox.claim("sink", { owner: "gone", ...ask })
      yield* outbox.announce("sink", "gone", 600_000)
      yield* replays.start({ sink: "sink", selection: everything, perSecond: null, who: "ada" })
      yield* replays.claim("sink", "gone", 600_000)
      const other = { owner: "other", ...ask }
      assert.deepStrictEqual(yield* outbox.claim("sink", other), [])
      assert.strictEqual(yield* outbox.announce("sink", "other", 1_000), 2)
      assert.isUndefined(yield* replays.claim("sink", "other", 1_000))
      // As if it had been a day later when they were taken.
      yield* sql.unsafe(`UPDATE turnout.outbox_slots SET until = until + interval '1 day'`)
      yield* sql.unsafe(`UPDATE turnout.outbox_workers SET until = until + interval '1 day' WHERE owner = 'gone'`)
      yield* sql.unsafe(`UPDATE turnout.replays SET until = until + interval '1 day'`)
      assert.strictEqual((yield* outbox.claim("sink", other)).length, 64)
      assert.strictEqual(yield* outbox.announce("sink", "other", 60_000), 1)
      const operations = yield* OutboxOperations
      assert.strictEqual(yield* operations.relays("sink"), 1)
      assert.strictEqual((yield* operations.status).sinks[0]!.relays, 1)
      assert.isDefined(yield* replays.claim("sink", "other", 1_000))
    }).pipe(Effect.provide(services))
  )
})

describe("a webhook", { timeout: 30_000 }, () => {
  const endpoint = Effect.acquireRelease(
    Effect.promise(
      () =>
        new Promise<{
          url: string
          times: Array<number>
          /** When the requests say that they were made, in seconds. */
          stamps: Array<number>
          answer: (response: ServerResponse) => void
          close: () => void
        }>((resolve) => {
          const own = {
            url: "",
            times: [] as Array<number>,
            stamps: [] as Array<number>,
            answer: (response: ServerResponse) => void response.writeHead(204).end(),
            close: () => (server.closeAllConnections(), void server.close())
          }
          const server = createServer((request, response) => {
            request.resume().on("end", () => {
              own.times.push(performance.now())
              own.stamps.push(Number(request.headers["webhook-timestamp"]))
              own.answer(response)
            })
          })
          server.listen(0, "127.0.0.1", () => {
            own.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
            resolve(own)
          })
        })
    ),
    ({ close }) => Effect.sync(close)
  )

  const memory = AnyEndpoint.webhooks.pipe(Layer.provideMerge(Turnout.layer()), Layer.provideMerge(Memory.layer))

  const relaying = (options: WebhookRelays.WebhookRelayOptions, clock: Clock.Clock) =>
    Effect.provideService(
      Layer.build(
        WebhookRelays.layer({
          allowPrivate: true,
          refreshMillis: 50,
          timeoutMillis: 500,
          relay: {
            pollMillis: 50,
            graceMillis: 100,
            retryPolicy: { firstPauseMillis: 50, longestPauseMillis: 100, maxAttempts: 1_000 }
          },
          ...options
        })
      ),
      Clock.Clock,
      clock
    )

  const add = (url: string) => Webhooks.Webhooks.use((webhooks) => webhooks.create({ url }, { who: "ada" }))

  it.live.each([-10, 10])("is left alone for as long as it should be, the clock set by %i minutes", (minutes) =>
    Effect.gen(function* () {
      const hooks = yield* endpoint
      hooks.answer = (response) => void response.writeHead(500).end()
      const { clock, set } = yield* SettableClock.make
      yield* add(hooks.url)
      yield* relaying({ failuresToOpen: 2, openMillis: 1_500, longestOpenMillis: 1_500 }, clock)
      yield* Given.draftEvent()
      yield* until("two failures", () => hooks.times.length === 2)
      yield* Effect.sleep(100)
      set(minutes * MINUTE)
      yield* until("the probe", () => hooks.times.length === 3)
      const pause = hooks.times[2]! - hooks.times[1]!
      assert.isAtLeast(pause, 1_400)
      assert.isBelow(pause, 4_000)
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.fresh(memory)),
      Effect.provide(silent),
      // The relay looks after pauses of its own, which grow and are drawn. Drawn evenly, they are short beside the rest.
      Effect.provideService(Random.Random, { nextDoubleUnsafe: () => 0.5, nextIntUnsafe: () => 0 })
    )
  )

  const onPostgres = AnyEndpoint.webhooks.pipe(
    Layer.provideMerge(PostgresWebhooks.layerFromClient()),
    Layer.provideMerge(services)
  )

  type Needed = AdmissionReads | Turnout.Turnout | Webhooks.Webhooks | WebhookStore | Outbox | Replays
  const databases: ReadonlyArray<readonly [name: string, stores: Layer.Layer<Needed>]> = [
    ["memory", memory],
    ["Postgres", onPostgres]
  ]
  it.live.each(databases)(
    "gets requests with the time of the store, whatever clock the process has: %s",
    ([, stores]) =>
      Effect.gen(function* () {
        const hooks = yield* endpoint
        const { webhook } = yield* add(hooks.url)
        const { clock, set } = yield* SettableClock.make
        set(10 * MINUTE)
        yield* relaying({}, clock)
        yield* Given.draftEvent()
        yield* until("the request", () => hooks.stamps.length === 1)
        assert.closeTo(hooks.stamps[0]!, Date.now() / 1_000, 5)
        const attempts = WebhookStore.use((store) => store.attempts(webhook.id, { limit: 10, after: null }))
        const [attempt] = yield* Effect.repeat(attempts, { until: ({ length }) => length === 1 })
        assert.closeTo(attempt!.at.getTime() / 1_000, Date.now() / 1_000, 5)
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(stores)), Effect.provide(silent))
  )

  it.live("has not failed for days because the clock was set", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint
      hooks.answer = (response) => void response.writeHead(500).end()
      const { clock, set } = yield* SettableClock.make
      const { webhook } = yield* add(hooks.url)
      yield* relaying({ failuresToOpen: 1_000, disableAfterMillis: 5 * DAY }, clock)
      yield* Given.draftEvent()
      yield* until("two failures", () => hooks.times.length >= 2)
      // What was noted in the store has been read again.
      yield* Effect.sleep(300)
      set(6 * DAY)
      const before = hooks.times.length
      yield* until("more failures", () => hooks.times.length >= before + 5)
      assert.strictEqual((yield* WebhookStore.use((store) => store.get(webhook.id))).state, "enabled")
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(memory)), Effect.provide(silent))
  )

  it.live("is waited for as long as it asks, whatever date it thinks it is", () =>
    Effect.gen(function* () {
      const hooks = yield* endpoint
      const theirs = Date.now() - DAY
      hooks.answer = (response) =>
        void response
          .writeHead(503, {
            date: new Date(theirs).toUTCString(),
            "retry-after": new Date(theirs + 2_000).toUTCString()
          })
          .end()
      const { clock } = yield* SettableClock.make
      yield* add(hooks.url)
      yield* relaying({ failuresToOpen: 1, openMillis: 10, longestOpenMillis: 10 }, clock)
      yield* Given.draftEvent()
      yield* until("a second request", () => hooks.times.length === 2)
      assert.isAtLeast(hooks.times[1]! - hooks.times[0]!, 1_900)
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(memory)), Effect.provide(silent))
  )
})
