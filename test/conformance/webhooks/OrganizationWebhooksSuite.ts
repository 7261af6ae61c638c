/**
 * The contract of a store of webhooks about those of organizations: whose they are, the lists, and how many there may be.
 */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import * as Organizations from "@turnout/core/access/application/Organizations"
import { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { MAX_WEBHOOKS_OF_AN_ORGANIZATION, type Webhook, type WebhookId } from "@turnout/core/webhooks/domain/Webhook"
import { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import { Effect, Layer, Result } from "effect"
import { randomUUID } from "node:crypto"

const use = <A, E, R>(f: (store: WebhookStore["Service"]) => Effect.Effect<A, E, R>) => WebhookStore.use(f)

const SETTINGS = {
  url: "https://example.com/hooks",
  types: null,
  description: "",
  secret: "whsec_",
  from: "now" as const
}

const newOrganization = Effect.map(
  Organizations.Organizations.use(({ create }) =>
    create({ slug: `it-${randomUUID().slice(0, 13)}`, name: "Hooks" }, "ada")
  ),
  ({ id }) => id
)

const create = (organizationId: OrganizationId | null, id: WebhookId = randomUUID()) =>
  use((store) => store.create(id, { ...SETTINGS, organizationId }, "ada"))

type Of = Parameters<WebhookStore["Service"]["list"]>[0]

/** Everything that a list has, page by page. */
const everything = (of: Of) =>
  Effect.gen(function* () {
    const found: Array<Webhook> = []
    for (let after: WebhookId | null = null; ;) {
      const page: ReadonlyArray<Webhook> = yield* use((store) => store.list(of, { after, limit: 2 }))
      if (page.length === 0) return found
      found.push(...page)
      after = page.at(-1)!.id
    }
  })

const idsOf = (of: Of) => Effect.map(everything(of), (all) => all.map(({ id }) => id))

export const suite = <E>(name: string, layer: Layer.Layer<AuditLog | OrganizationStore | WebhookStore, E>): void => {
  describe(`webhooks of organizations: ${name}`, () => {
    withLayer(Organizations.layer.pipe(Layer.provideMerge(layer)), {
      timeout: "60 seconds",
      excludeTestServices: true
    })((it) => {
      it.effect(
        "belong to an organization for ever, whatever else of them is changed, and the audit log says to which",
        () =>
          Effect.gen(function* () {
            const organizationId = yield* newOrganization
            const { id } = yield* create(organizationId)
            const changed = [
              yield* use((store) => store.get(id)),
              yield* use((store) => store.update(id, { url: "https://example.com/other" }, "ada")),
              yield* use((store) => store.rotate(id, "whsec_other", 0, "ada")),
              yield* use((store) => store.disable(id, "no", "ada")),
              yield* use((store) => store.enable(id, "ada")),
              (yield* use((store) => store.target(id))).webhook,
              (yield* use((store) => store.targets)).find(({ webhook }) => webhook.id === id)!.webhook
            ]
            for (const webhook of changed) assert.strictEqual(webhook.organizationId, organizationId)
            const other = yield* newOrganization
            assert.strictEqual((yield* create(other, id)).organizationId, organizationId, "made once")
            yield* use((store) => store.remove(id, "ada"))
            const entries = (yield* AuditLog.use((log) => log.list({ after: null, limit: 200 }))).filter(
              ({ details }) => details["webhook"] === id
            )
            assert.lengthOf(entries, 6)
            for (const entry of entries) assert.strictEqual(entry.organizationId, organizationId)
          })
      )

      it.effect("are listed by organization, and no place in another list is one to go on from", () =>
        Effect.gen(function* () {
          const [one, other] = [yield* newOrganization, yield* newOrganization]
          const made: Array<Webhook> = []
          for (const whose of [one, other, null, one, one, null, other]) made.push(yield* create(whose))
          const ids = (...places: ReadonlyArray<number>) => places.map((place) => made[place]!.id)
          assert.deepStrictEqual(yield* idsOf(one), ids(0, 3, 4))
          assert.deepStrictEqual(yield* idsOf(other), ids(1, 6))
          const ofInstallation = yield* idsOf(null)
          assert.includeMembers(ofInstallation, ids(2, 5))
          for (const id of ids(0, 1, 3, 4, 6)) assert.notInclude(ofInstallation, id)
          const all = yield* idsOf("all")
          assert.deepStrictEqual(
            all.filter((id) => made.some((webhook) => webhook.id === id)),
            made.map(({ id }) => id)
          )
          const after = (of: Of, id: WebhookId) => use((store) => store.list(of, { after: id, limit: 10 }))
          assert.deepStrictEqual(yield* after(one, made[0]!.id), [made[3]!, made[4]!])
          for (const stranger of [made[1]!.id, made[2]!.id, randomUUID()])
            assert.deepStrictEqual(yield* after(one, stranger), [], "it tells nothing of where the other one stands")
          for (const stranger of [made[0]!.id, made[1]!.id]) assert.deepStrictEqual(yield* after(null, stranger), [])
        })
      )

      it.effect("are as many as they may be, however many are made at once, and one more when one is removed", () =>
        Effect.gen(function* () {
          const [one, other] = [yield* newOrganization, yield* newOrganization]
          const most = MAX_WEBHOOKS_OF_AN_ORGANIZATION
          for (let n = 0; n < most - 3; n++) yield* create(one)
          const tried = yield* Effect.all(
            Array.from({ length: 8 }, () => Effect.result(create(one))),
            { concurrency: "unbounded" }
          )
          const refused = tried.flatMap((result) => (Result.isFailure(result) ? [result.failure] : []))
          assert.lengthOf(refused, 5)
          for (const error of refused)
            assert.deepInclude(error, { _tag: "TooManyWebhooks", organization: one, limit: most } as object)
          const ids = yield* idsOf(one)
          assert.lengthOf(ids, most)
          assert.strictEqual((yield* create(one, ids[7]!)).id, ids[7]!, "one that is there is made no second time")
          yield* use((store) => store.disable(ids[0]!, "no", "ada"))
          assert.strictEqual((yield* Effect.flip(create(one)))._tag, "TooManyWebhooks", "a disabled one counts")
          assert.strictEqual((yield* create(other)).organizationId, other)
          assert.isNull((yield* create(null)).organizationId)
          yield* use((store) => store.remove(ids[0]!, "ada"))
          assert.strictEqual((yield* create(one)).organizationId, one)
        })
      )

      it.effect("are not made for an organization that is not there", () =>
        Effect.gen(function* () {
          const organization = OrganizationId.make(randomUUID())
          const refused = yield* Effect.flip(create(organization))
          assert.deepInclude(refused, { _tag: "OrganizationNotFound", organization } as object)
          assert.deepStrictEqual(yield* everything(organization), [])
        })
      )
    })
  })
}
