/**
 * The contract of a store of webhooks about failures, as a suite: how long a webhook has failed, and for how long its endpoint
 * is left alone, in all processes and across restarts. One line runs it on a store:
 *
 * ```ts
 * suite("my webhooks", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { everything } from "@turnout/core/delivery/domain/Replay"
import { Outbox } from "@turnout/core/delivery/ports/Outbox"
import type { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import { Replays } from "@turnout/core/delivery/ports/Replays"
import { SLOTS, slotOf } from "@turnout/core/journal/domain/Slot"
import { sinkOf } from "@turnout/core/webhooks/domain/Webhook"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

const use = <A, E, R>(f: (store: WebhookStore["Service"]) => Effect.Effect<A, E, R>) => WebhookStore.use(f)

const SETTINGS = {
  organizationId: null,
  url: "https://example.com/hooks",
  types: null,
  description: "",
  from: "beginning" as const
}

const create = Effect.map(
  use((store) => store.create(randomUUID(), { ...SETTINGS, secret: "whsec_" }, "ada")),
  ({ id }) => id
)

const find = (id: string) => use((store) => store.get(id))

const targetOf = (id: string) =>
  Effect.map(
    use((store) => store.targets),
    (targets) => targets.find(({ webhook }) => webhook.id === id)
  )

const A_GAP_MILLIS = 200
const LONG_MILLIS = 60_000

const noteFailed = (id: string, { edition = 1, longestGapMillis = LONG_MILLIS, restMillis = 0 } = {}) =>
  use((store) => store.noteFailed(id, edition, { restMillis, longestGapMillis }))

/** Blocks a stream of a new event for a webhook, as a relay does. */
const block = Effect.fnUntraced(function* (id: string) {
  const sink = sinkOf(id)
  const { id: stream } = yield* Given.draftEvent()
  const outbox = yield* Outbox
  const claims = yield* outbox.claim(sink, { owner: "worker", ttlMillis: LONG_MILLIS, limit: SLOTS })
  const claim = claims.find(({ slot }) => slot === slotOf(stream))!
  const [slice] = yield* outbox.read(sink, [claim], 1_000)
  const refused = { stream, version: 1, attempts: 1, error: "no", retryAfterMillis: LONG_MILLIS }
  yield* outbox.acknowledge(sink, [{ ...claim, position: slice!.position, blocked: [refused] }])
  const { owner, epoch, slot } = claim
  const unblock = outbox.settle(sink, [{ owner, epoch, slot, stream, version: 1, block: null }])
  return { stream, unblock }
})

type Stores = WebhookStore | Outbox | OutboxOperations | Replays | AdmissionStore | AdmissionReads

export const suite = <E>(name: string, store: Layer.Layer<Stores, E>): void => {
  const layer = Turnout.layer().pipe(Layer.provideMerge(store))
  describe(`failures of webhooks: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("are noted since the first one, until a success", () =>
        Effect.gen(function* () {
          const id = yield* create
          const first = yield* noteFailed(id)
          const { failingSince } = yield* find(id)
          assert.deepStrictEqual(first, { since: failingSince!, failedMillis: 0 })
          yield* Effect.sleep(5)
          yield* noteFailed(id)
          assert.deepStrictEqual((yield* find(id)).failingSince, failingSince)
          yield* use((store) => store.noteWorking(id, 1))
          assert.isNull((yield* find(id)).failingSince)
          assert.strictEqual((yield* noteFailed(id))!.failedMillis, 0)
        })
      )

      it.effect(
        "O6: count the times between them, however many processes note them, up to the longest that counts",
        () =>
          Effect.gen(function* () {
            const id = yield* create
            yield* noteFailed(id)
            yield* Effect.sleep(A_GAP_MILLIS)
            const { failedMillis: once } = (yield* noteFailed(id))!
            assert.isAtLeast(once, A_GAP_MILLIS - 5)
            yield* Effect.sleep(A_GAP_MILLIS)
            const both = yield* Effect.all([noteFailed(id), noteFailed(id)], { concurrency: "unbounded" })
            const twice = Math.max(...both.map((failing) => failing!.failedMillis))
            assert.isAtLeast(twice, once + A_GAP_MILLIS - 5)
            assert.isBelow(twice, once + 2 * A_GAP_MILLIS + 100)
            yield* Effect.sleep(A_GAP_MILLIS)
            const longer = yield* noteFailed(id, { longestGapMillis: A_GAP_MILLIS / 2 })
            assert.isBelow(longer!.failedMillis, twice + A_GAP_MILLIS / 2)
            yield* Effect.sleep(A_GAP_MILLIS / 4)
            const again = yield* noteFailed(id, { longestGapMillis: A_GAP_MILLIS / 2 })
            assert.isAbove(again!.failedMillis, longer!.failedMillis)
          })
      )

      it.effect("O7: leave the endpoint alone for as long as it has asked, the longest time counting", () =>
        Effect.gen(function* () {
          const id = yield* create
          assert.strictEqual((yield* targetOf(id))!.restMillis, 0)
          const before = Date.now()
          yield* noteFailed(id, { restMillis: 60_000 })
          const { restMillis, webhook } = (yield* targetOf(id))!
          assert.isAtMost(restMillis, 60_000)
          assert.isAbove(restMillis, 55_000)
          assert.isAtLeast(webhook.leftAloneUntil!.getTime(), before + 55_000)
          for (const shorter of [0, 1_000]) yield* noteFailed(id, { restMillis: shorter })
          assert.isAbove((yield* targetOf(id))!.restMillis, 55_000)
          yield* use((store) => store.noteWorking(id, 1))
          assert.isAbove((yield* targetOf(id))!.restMillis, 55_000, "a request that was under way")
          yield* noteFailed(id, { restMillis: 120_000 })
          assert.isAbove((yield* targetOf(id))!.restMillis, 115_000)
        })
      )

      it.effect("O7: leave an endpoint alone no longer than that", () =>
        Effect.gen(function* () {
          const id = yield* create
          yield* noteFailed(id, { restMillis: 100 })
          assert.isNotNull((yield* find(id)).leftAloneUntil)
          yield* Effect.sleep(150)
          assert.isNull((yield* find(id)).leftAloneUntil)
          assert.strictEqual((yield* targetOf(id))!.restMillis, 0)
        })
      )

      it.effect.each([
        ["enabling it", (store: WebhookStore["Service"], id: string) => store.enable(id, "ada")],
        [
          "another URL",
          (store: WebhookStore["Service"], id: string) => store.update(id, { url: "https://example.com/other" }, "ada")
        ]
      ] as const)("are forgotten by %s, and what is noted of the edition before changes nothing", ([, begin]) =>
        Effect.gen(function* () {
          const id = yield* create
          const { edition } = (yield* targetOf(id))!
          yield* noteFailed(id, { restMillis: 60_000 })
          assert.deepInclude(yield* use((store) => begin(store, id)), { failingSince: null, leftAloneUntil: null })
          const next = (yield* targetOf(id))!
          assert.deepInclude(next, { edition: edition + 1, restMillis: 0 })
          assert.isUndefined(yield* noteFailed(id, { restMillis: 60_000 }))
          assert.strictEqual((yield* use((store) => store.disable(id, "410", "turnout", edition))).state, "enabled")
          assert.deepStrictEqual(yield* targetOf(id), next)
          assert.strictEqual((yield* noteFailed(id, { edition: edition + 1 }))!.failedMillis, 0)
          yield* use((store) => store.noteWorking(id, edition))
          assert.isNotNull((yield* find(id)).failingSince)
        })
      )

      it.effect("stay if something else about the webhook changes", () =>
        Effect.gen(function* () {
          const id = yield* create
          yield* noteFailed(id, { restMillis: 60_000 })
          const before = yield* find(id)
          const { url } = SETTINGS
          yield* use((store) => store.update(id, { url, types: ["EventCreated"], description: "other" }, "ada"))
          yield* use((store) => store.rotate(id, "whsec_next", 0, "ada"))
          const { failingSince, leftAloneUntil } = yield* find(id)
          assert.deepStrictEqual([failingSince, leftAloneUntil], [before.failingSince, before.leftAloneUntil])
          assert.strictEqual((yield* targetOf(id))!.edition, 1)
        })
      )

      it.effect("disable an enabled webhook once, and change nothing about one that is disabled", () =>
        Effect.gen(function* () {
          const id = yield* create
          yield* noteFailed(id)
          const disabled = yield* use((store) => store.disable(id, "410", "turnout", 1))
          assert.deepInclude(disabled, { state: "disabled", disabledBecause: "410" })
          assert.deepStrictEqual(yield* use((store) => store.disable(id, "other", "turnout", 1)), disabled)
          assert.isUndefined(yield* noteFailed(id, { restMillis: 60_000 }))
          assert.deepStrictEqual(yield* find(id), disabled)
          const byHand = yield* use((store) => store.disable(id, "by ada", "ada"))
          assert.strictEqual(byHand.disabledBecause, "by ada")
        })
      )

      it.effect("O6: are forgotten once nothing waits, and not before", () =>
        Effect.gen(function* () {
          const [idle, waiting, disabled, working] = [yield* create, yield* create, yield* create, yield* create]
          const blocked = yield* block(waiting)
          for (const id of [idle, waiting, disabled]) yield* noteFailed(id, { restMillis: 60_000 })
          yield* use((store) => store.disable(disabled, "410", "turnout", 1))
          yield* use((store) => store.noteIdle(60_000))
          assert.isNotNull((yield* find(idle)).failingSince, "it has failed just now")
          assert.isAtLeast(yield* use((store) => store.noteIdle(0)), 1)
          const states = () => Effect.forEach([idle, waiting, disabled, working], find)
          assert.deepStrictEqual(
            (yield* states()).map(({ failingSince }) => failingSince !== null),
            [false, true, true, false]
          )
          assert.isNotNull((yield* find(idle)).leftAloneUntil, "it has asked for that")
          assert.strictEqual((yield* noteFailed(idle))!.failedMillis, 0)
          yield* blocked.unblock
          yield* use((store) => store.noteIdle(0))
          assert.isNull((yield* find(waiting)).failingSince)
          assert.strictEqual(yield* use((store) => store.noteIdle(0)), 0)
        })
      )

      it.effect("O6: are remembered while a replay is running", () =>
        Effect.gen(function* () {
          const id = yield* create
          const { id: stream } = yield* Given.draftEvent()
          const replays = yield* Replays
          const selection = { ...everything, stream }
          const replay = yield* replays.start({ sink: sinkOf(id), selection, perSecond: null, who: "ada" })
          yield* noteFailed(id)
          yield* use((store) => store.noteIdle(0))
          assert.isNotNull((yield* find(id)).failingSince)
          yield* replays.cancel(replay.id, "ada")
          yield* use((store) => store.noteIdle(0))
          assert.isNull((yield* find(id)).failingSince)
        })
      )
    })
  })
}
