/**
 * The contract of a store of webhooks, as a suite. One line runs it on a store:
 *
 * ```ts
 * suite("my webhooks", layer)
 * ```
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import { SLOTS } from "@turnout/core/journal/domain/Slot"
import { sinkOf, type Webhook, type WebhookAttempt } from "@turnout/core/webhooks/domain/Webhook"
import { Outbox, type SinkId } from "@turnout/core/delivery/ports/Outbox"
import { OutboxOperations } from "@turnout/core/delivery/ports/OutboxOperations"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Layer, Struct } from "effect"
import { randomUUID } from "node:crypto"
import * as Given from "../../support/Given.ts"

const use = <A, E, R>(f: (store: WebhookStore["Service"]) => Effect.Effect<A, E, R>) => WebhookStore.use(f)

const SETTINGS = {
  organizationId: null,
  url: "https://example.com/hooks",
  types: null,
  description: "",
  from: "now" as const
}

const create = (settings: Partial<{ types: ReadonlyArray<string>; description: string }> = {}) =>
  use((store) => store.create(randomUUID(), { ...SETTINGS, secret: "whsec_first", ...settings }, "ada"))

const isTarget = (id: string) =>
  Effect.map(
    use((store) => store.targets),
    (targets) => targets.some(({ webhook }) => webhook.id === id)
  )

const secretsOf = (id: string) =>
  Effect.map(
    use((store) => store.targets),
    (targets) => targets.find(({ webhook }) => webhook.id === id)?.secrets
  )

const attempt = (changes: Partial<WebhookAttempt> = {}): Omit<WebhookAttempt, "id"> => ({
  at: new Date("2030-01-02T03:04:05.678Z"),
  message: randomUUID(),
  eventId: randomUUID(),
  version: 3,
  type: "EventCreated",
  replay: null,
  millis: 12,
  status: 200,
  error: null,
  ...changes
})

const register = (id: string, before?: SinkId) =>
  Outbox.use((outbox) => outbox.register(sinkOf(id), "beginning", before))

/** Tells whether a webhook has a sink. */
const hasSink = (id: string) =>
  OutboxOperations.use(({ relays }) =>
    relays(sinkOf(id)).pipe(
      Effect.as(true),
      Effect.catchTag("SinkNotFound", () => Effect.succeed(false))
    )
  )

const claim = (id: string) =>
  Outbox.use((outbox) => outbox.claim(sinkOf(id), { owner: "worker", ttlMillis: 60_000, limit: SLOTS }))

/** The versions of the entries of an event that the sink of a webhook is given. */
const versionsFor = (id: string, eventId: EventId) =>
  Effect.gen(function* () {
    const claims = yield* claim(id)
    const slices = yield* Outbox.use((outbox) => outbox.read(sinkOf(id), claims, 1_000))
    return slices.flatMap(({ deliveries }) =>
      deliveries.filter((delivery) => delivery.eventId === eventId).map(({ version }) => version)
    )
  })

type Stores = WebhookStore | AuditLog | Outbox | OutboxOperations | AdmissionStore | AdmissionReads

export const suite = <E>(name: string, store: Layer.Layer<Stores, E>): void => {
  const layer = Turnout.layer().pipe(Layer.provideMerge(store))
  describe(`webhooks: ${name}`, () => {
    withLayer(layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect("gives back the settings of a webhook, and those that are changed later", () =>
        Effect.gen(function* () {
          const made = yield* create({ types: ["EventCreated", "AttendeeRegistered"], description: 'the "shop", äöü' })
          assert.deepInclude(made, {
            organizationId: null,
            url: SETTINGS.url,
            types: ["EventCreated", "AttendeeRegistered"],
            description: 'the "shop", äöü',
            state: "enabled",
            disabledBecause: null,
            failingSince: null,
            leftAloneUntil: null,
            previousSecretUntil: null,
            previousSecretsUntil: []
          })
          assert.deepStrictEqual(yield* use((store) => store.get(made.id)), made)
          const again = yield* use((store) => store.create(made.id, { ...SETTINGS, secret: "whsec_other" }, "ada"))
          assert.deepStrictEqual([again, yield* secretsOf(made.id)], [made, ["whsec_first"]], "made once")

          const url = "https://example.com/other"
          assert.deepStrictEqual(yield* use((store) => store.update(made.id, { url }, "ada")), { ...made, url })
          const all = yield* use((store) => store.update(made.id, { types: null, description: "" }, "ada"))
          assert.deepStrictEqual(all, { ...made, url, types: null, description: "" })
        })
      )

      it.effect("is a target while it is enabled", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          assert.isTrue(yield* isTarget(id))
          const disabled = yield* use((store) => store.disable(id, "410", "turnout"))
          assert.deepInclude(disabled, { state: "disabled", disabledBecause: "410" })
          assert.isFalse(yield* isTarget(id))
          const enabled = yield* use((store) => store.enable(id, "ada"))
          assert.deepInclude(enabled, { state: "enabled", disabledBecause: null })
          assert.isTrue(yield* isTarget(id))
        })
      )

      it.effect("O8: has a sink from when it is made until it is removed, and none before or after", () =>
        Effect.gen(function* () {
          const id = randomUUID()
          assert.isUndefined(yield* register(id))
          assert.isFalse(yield* hasSink(id))
          yield* use((store) => store.create(id, { ...SETTINGS, secret: "whsec_" }, "ada"))
          assert.isTrue(yield* hasSink(id))
          const sink = yield* register(id)
          assert.isDefined(sink)
          assert.lengthOf(yield* claim(id), SLOTS)
          yield* use((store) => store.remove(id, "grace"))
          for (const before of [undefined, sink, randomUUID() as SinkId])
            assert.isUndefined(yield* register(id, before))
          assert.isFalse(yield* hasSink(id))
          assert.deepStrictEqual(yield* claim(id), [])
          const audit = yield* AuditLog.use((log) => log.list({ after: null, limit: 200 }))
          const own = audit.filter(({ details }) => details["sink"] === sinkOf(id))
          assert.deepStrictEqual(
            own.map(({ action, who }) => [action, who]),
            [["outbox.forget", "grace"]]
          )
        })
      )

      it.effect("has a sink that begins at the chosen place", () =>
        Effect.gen(function* () {
          const event = yield* Given.publishedEvent({ capacity: 5 })
          const [all, next] = [randomUUID(), randomUUID()]
          yield* use((store) => store.create(all, { ...SETTINGS, from: "beginning", secret: "whsec_" }, "ada"))
          yield* use((store) => store.create(next, { ...SETTINGS, from: "now", secret: "whsec_" }, "ada"))
          yield* Given.register(event.id, 1)
          assert.deepStrictEqual(yield* versionsFor(all, event.id), [1, 2, 3])
          assert.deepStrictEqual(yield* versionsFor(next, event.id), [3])
        })
      )

      it.effect("can be removed though an operator has forgotten its sink", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          yield* OutboxOperations.use(({ forget }) => forget(sinkOf(id), "ada"))
          yield* use((store) => store.remove(id, "ada"))
          assert.strictEqual((yield* Effect.flip(use((store) => store.get(id))))._tag, "WebhookNotFound")
        })
      )

      it.effect("lists the oldest first", () =>
        Effect.gen(function* () {
          const made: Array<Webhook> = []
          for (let n = 0; n < 3; n++) made.push(yield* create({ description: String(n) }))
          const ids = (yield* use((store) => store.list("all", { after: null, limit: 100 }))).map(({ id }) => id)
          const own = ids.filter((id) => made.some((one) => one.id === id))
          assert.deepStrictEqual(
            own,
            made.map(({ id }) => id)
          )
          assert.deepStrictEqual(yield* use((store) => store.list("all", { after: made[0]!.id, limit: 1 })), [made[1]!])
        })
      )

      it.effect("keeps a log of the requests, the latest first, and forgets the old ones", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          const before = new Date("2031-01-01T00:00:00Z")
          const first = attempt()
          const second = attempt({ status: null, error: 'ECONNREFUSED: "no"', replay: randomUUID() })
          const third = attempt({ at: new Date("2032-01-01T00:00:00Z"), status: 500, error: "HTTP 500" })
          yield* use((store) => store.record(id, [first, second]))
          yield* use((store) => store.record(id, [third]))
          const found = yield* use((store) => store.attempts(id, { after: null, limit: 10 }))
          assert.deepStrictEqual(
            found.map((one) => Struct.omit(one, ["id"])),
            [third, second, first]
          )
          const next = yield* use((store) => store.attempts(id, { after: found[0]!.id, limit: 1 }))
          assert.deepStrictEqual(next, [found[1]!])
          assert.strictEqual(yield* use((store) => store.forget(before, 1)), 1)
          assert.strictEqual(yield* use((store) => store.forget(before, 10)), 1)
          assert.deepStrictEqual(yield* use((store) => store.attempts(id, { after: null, limit: 10 })), [found[0]!])
        })
      )

      it.effect("is gone with its log once it is removed, and no attempt is recorded any more", () =>
        Effect.gen(function* () {
          const { id } = yield* create()
          yield* use((store) => store.record(id, [attempt()]))
          yield* use((store) => store.remove(id, "grace"))
          yield* use((store) => store.record(id, [attempt()]))
          assert.isUndefined(yield* use((store) => store.noteFailed(id, 1, { restMillis: 0, longestGapMillis: 1 })))
          assert.deepStrictEqual(yield* use((store) => store.attempts(id, { after: null, limit: 10 })), [])
          const missing: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }, WebhookStore>> = [
            use((store) => store.get(id)),
            use((store) => store.update(id, {}, "ada")),
            use((store) => store.rotate(id, "whsec_", 0, "ada")),
            use((store) => store.enable(id, "ada")),
            use((store) => store.disable(id, "no", "ada")),
            use((store) => store.remove(id, "ada"))
          ]
          for (const one of missing) assert.strictEqual((yield* Effect.flip(one))._tag, "WebhookNotFound")
          const audit = yield* AuditLog.use(({ list }) => list({ after: null, limit: 200 }))
          const own = audit.filter(({ details }) => details["webhook"] === id)
          assert.deepStrictEqual(
            own.map(({ action, who }) => [action, who]),
            [
              ["webhooks.remove", "grace"],
              ["webhooks.create", "ada"]
            ]
          )
          assert.notInclude(JSON.stringify(own), "whsec")
        })
      )
    })
  })
}
