/**
 * The contract of a store of webhooks about secrets, as a suite: every secret signs until the time that was promised for it. One
 * line runs it on a store:
 *
 * ```ts
 * suite("my webhooks", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import { MAX_SECRETS } from "@turnout/core/webhooks/domain/Webhook"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"

const use = <A, E, R>(f: (store: WebhookStore["Service"]) => Effect.Effect<A, E, R>) => WebhookStore.use(f)

const SETTINGS = {
  organizationId: null,
  url: "https://example.com/hooks",
  types: null,
  description: "",
  from: "now" as const
}

const create = () => use((store) => store.create(randomUUID(), { ...SETTINGS, secret: "whsec_first" }, "ada"))

const secretsOf = (id: string) =>
  Effect.map(
    use((store) => store.targets),
    (targets) => targets.find(({ webhook }) => webhook.id === id)?.secrets
  )

export const suite = <E>(name: string, layer: Layer.Layer<WebhookStore | AuditLog, E>): void => {
  describe(`secrets of webhooks: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("has one secret, and for a while after a rotation two", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          assert.deepStrictEqual(yield* secretsOf(id), ["whsec_first"])
          const rotated = yield* use((store) => store.rotate(id, "whsec_second", 300, "ada"))
          assert.isNotNull(rotated.previousSecretUntil)
          assert.deepStrictEqual(yield* secretsOf(id), ["whsec_second", "whsec_first"])
          yield* Effect.sleep(350)
          assert.deepStrictEqual(yield* secretsOf(id), ["whsec_second"])
          assert.deepInclude(yield* use((store) => store.get(id)), {
            previousSecretUntil: null,
            previousSecretsUntil: []
          })
        })
      )

      it.effect("gives one with its secrets to whom asks for it, enabled or not", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          yield* use((store) => store.rotate(id, "whsec_second", 60_000, "ada"))
          const enabled = yield* use((store) => store.target(id))
          assert.deepStrictEqual(enabled.secrets, ["whsec_second", "whsec_first"])
          const webhook = yield* use((store) => store.disable(id, "by ada", "ada"))
          assert.deepStrictEqual(yield* use((store) => store.target(id)), { ...enabled, webhook })
          const nobody = yield* Effect.flip(use((store) => store.target(randomUUID())))
          assert.strictEqual(nobody._tag, "WebhookNotFound")
        })
      )

      it.effect("signs with every secret until the time that was promised for it, whatever is rotated meanwhile", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          const rotate = (secret: string, overlapMillis: number) =>
            use((store) => store.rotate(id, secret, overlapMillis, "ada"))
          const first = yield* rotate("whsec_second", 60_000)
          const second = yield* rotate("whsec_third", 300)
          const third = yield* rotate("whsec_fourth", 0)
          assert.deepStrictEqual(yield* secretsOf(id), ["whsec_fourth", "whsec_second", "whsec_first"])
          assert.deepStrictEqual(third.previousSecretsUntil, second.previousSecretsUntil)
          assert.deepStrictEqual(third.previousSecretsUntil[1], first.previousSecretUntil)
          assert.deepStrictEqual(third.previousSecretUntil, first.previousSecretUntil)
          assert.isBelow(third.previousSecretsUntil[0]!.getTime(), third.previousSecretsUntil[1]!.getTime())
          yield* Effect.sleep(350)
          assert.deepStrictEqual(yield* secretsOf(id), ["whsec_fourth", "whsec_first"])
          yield* rotate("whsec_fifth", 60_000)
          assert.deepStrictEqual(yield* secretsOf(id), ["whsec_fifth", "whsec_fourth", "whsec_first"])
        })
      )

      it.effect("is rotated once to a secret, however often that is asked for", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          const once = yield* use((store) => store.rotate(id, "whsec_second", 60_000, "ada"))
          assert.deepStrictEqual(yield* use((store) => store.rotate(id, "whsec_second", 30_000, "ada")), once)
          assert.deepStrictEqual(yield* secretsOf(id), ["whsec_second", "whsec_first"])
          const audit = yield* AuditLog.use(({ list }) => list({ after: null, limit: 200 }))
          const own = audit.filter(({ action, details }) => details["webhook"] === id && action === "webhooks.rotate")
          assert.lengthOf(own, 1)
        })
      )

      it.effect("loses no secret of several rotations at once", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          const next = ["whsec_a", "whsec_b", "whsec_c", "whsec_d", "whsec_e"]
          yield* Effect.forEach(next, (secret) => use((store) => store.rotate(id, secret, 60_000, "ada")), {
            concurrency: "unbounded"
          })
          assert.sameMembers([...(yield* secretsOf(id))!], ["whsec_first", ...next])
        })
      )

      it.effect("has at most so many secrets, and keeps its promises rather than take another", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          const rotate = (secret: string, overlapMillis: number) =>
            use((store) => store.rotate(id, secret, overlapMillis, "ada"))
          for (let n = 1; n < MAX_SECRETS; n++) yield* rotate(`whsec_${n}`, 60_000 - n)
          const all = yield* secretsOf(id)
          assert.lengthOf(all!, MAX_SECRETS)
          const webhook = yield* use((store) => store.get(id))
          const ends = webhook.previousSecretsUntil.map((end) => end.getTime())
          const error = yield* Effect.flip(rotate("whsec_more", 1))
          assert.deepInclude(error, { _tag: "TooManySecrets", id, until: new Date(Math.min(...ends)) })
          assert.deepStrictEqual(yield* secretsOf(id), all)
          yield* rotate("whsec_more", 0)
          assert.deepStrictEqual(yield* secretsOf(id), ["whsec_more", ...all!.slice(1)])
        })
      )
    })
  })
}
