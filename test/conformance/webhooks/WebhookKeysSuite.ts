/**
 * The contract of a store of webhooks about keys, as a suite: a store changes the webhook that is named and no other, and
 * forgets attempts up to a number of all webhooks together. One line runs it on a store:
 *
 * ```ts
 * suite("my webhooks", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import type { WebhookAttempt, WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"

const use = <A, E, R>(f: (store: WebhookStore["Service"]) => Effect.Effect<A, E, R>) => WebhookStore.use(f)

const create = (description: string) =>
  use((store) =>
    store.create(
      randomUUID(),
      {
        organizationId: null,
        url: "https://example.com/hooks",
        types: null,
        description,
        secret: `whsec_${description}`,
        from: "now"
      },
      "ada"
    )
  )

const attempt = (at: Date): Omit<WebhookAttempt, "id"> => ({
  at,
  message: randomUUID(),
  eventId: randomUUID(),
  version: 3,
  type: "EventCreated",
  replay: null,
  millis: 12,
  status: 200,
  error: null
})

/** A time before the attempts of any other test. */
const LONG_AGO = new Date("2001-01-01T00:00:00Z")
const LONG_AGO_TOO = new Date("2002-01-01T00:00:00Z")

/** Everything that a store keeps of a webhook. */
const stateOf = Effect.fnUntraced(function* (id: WebhookId) {
  const targets = yield* use((store) => store.targets)
  return {
    webhook: yield* use((store) => store.get(id)),
    secrets: targets.find(({ webhook }) => webhook.id === id)?.secrets,
    attempts: yield* use((store) => store.attempts(id, { after: null, limit: 100 }))
  }
})

type Change = (store: WebhookStore["Service"], id: WebhookId) => Effect.Effect<unknown, unknown>

export const suite = <E>(name: string, layer: Layer.Layer<WebhookStore, E>): void => {
  describe(`keys of webhooks: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect.each<readonly [string, Change]>([
        ["update", (store, id) => store.update(id, { types: ["EventCreated"] }, "ada")],
        ["rotate", (store, id) => store.rotate(id, "whsec_next", 60_000, "ada")],
        ["disable", (store, id) => store.disable(id, "410", "ada")],
        ["enable", (store, id) => Effect.andThen(store.disable(id, "410", "ada"), store.enable(id, "ada"))],
        ["noteFailed", (store, id) => store.noteFailed(id, 1, { restMillis: 60_000, longestGapMillis: 1_000 })],
        ["record", (store, id) => store.record(id, [attempt(new Date()), attempt(new Date())])]
      ])("%s is about one webhook", ([what, change]) =>
        Effect.gen(function* () {
          const others = [yield* create("before")]
          const { id } = yield* create("the one")
          others.push(yield* create("after"))
          for (const other of others) {
            yield* use((store) => store.record(other.id, [attempt(new Date())]))
            yield* use((store) => store.disable(other.id, "by hand", "ada"))
          }
          const before = yield* Effect.forEach(others, (other) => stateOf(other.id))
          const own = yield* stateOf(id)
          yield* use((store) => change(store, id))
          assert.deepStrictEqual(yield* Effect.forEach(others, (other) => stateOf(other.id)), before)
          if (what !== "enable") assert.notDeepEqual(yield* stateOf(id), own)
        })
      )

      it.effect("is removed with its own log, and the others keep theirs", () =>
        Effect.gen(function* () {
          const [one, other] = [yield* create("one"), yield* create("other")]
          for (const { id } of [one, other]) yield* use((store) => store.record(id, [attempt(new Date())]))
          const before = yield* stateOf(other.id)
          yield* use((store) => store.remove(one.id, "ada"))
          assert.deepStrictEqual(yield* stateOf(other.id), before)
        })
      )

      it.effect("forgets old attempts of all webhooks together, up to a number, and gives the number", () =>
        Effect.gen(function* () {
          const webhooks = [yield* create("one"), yield* create("two"), yield* create("three")]
          for (const { id } of webhooks)
            yield* use((store) => store.record(id, [attempt(LONG_AGO), attempt(new Date()), attempt(LONG_AGO)]))
          const left = Effect.map(
            Effect.forEach(webhooks, ({ id }) => stateOf(id)),
            (states) => states.flatMap(({ attempts }) => attempts).length
          )
          const forgotten: Array<number> = []
          for (const expected of [5, 3, 3]) {
            forgotten.push(yield* use((store) => store.forget(LONG_AGO_TOO, 4)))
            assert.strictEqual(yield* left, expected)
          }
          assert.deepStrictEqual(forgotten, [4, 2, 0])
          // The limit is exactly the number of attempts.
          yield* use((store) => store.record(webhooks[0]!.id, [attempt(LONG_AGO), attempt(LONG_AGO)]))
          assert.strictEqual(yield* use((store) => store.forget(LONG_AGO_TOO, 2)), 2)
          assert.strictEqual(yield* use((store) => store.forget(LONG_AGO_TOO, 2)), 0)
          for (const { id } of webhooks) assert.strictEqual((yield* stateOf(id)).attempts.length, 1)
        })
      )
    })
  })
}
