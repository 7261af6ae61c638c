/**
 * Webhooks, behind the policy: those of an organization for its members, those of the installation for operators. A webhook of another
 * organization, or of the installation, is not there for a member. An organization is named by its id or its short name.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Action } from "../../access/domain/policy/Action.ts"
import { actorOf } from "../../access/domain/policy/Principal.ts"
import { OrganizationStore } from "../../access/ports/OrganizationStore.ts"
import { Webhooks } from "../../webhooks/application/Webhooks.ts"
import { WebhookNotFound } from "../../webhooks/ports/WebhookStore.ts"
import { CurrentPrincipal } from "./CurrentPrincipal.ts"
import { may, mayAtAll, namedOrOwn } from "./Guard.ts"

type Service = Webhooks["Service"]
type Id = Parameters<Service["get"]>[0]

const make = Effect.gen(function* () {
  const webhooks = yield* Webhooks
  const organizations = yield* OrganizationStore
  const organizationOf = (...asked: Parameters<typeof namedOrOwn>) =>
    Effect.provideService(namedOrOwn(...asked), OrganizationStore, organizations)

  /** The name of a principal who may do something with a webhook. Whose it is never changes. */
  const forWebhook = Effect.fnUntraced(function* (action: Action, id: Id) {
    const principal = yield* CurrentPrincipal
    const resource = `webhook:${id}`
    yield* mayAtAll(principal, action, resource)
    const { organizationId } = yield* webhooks.get(id)
    yield* may(principal, action, { on: "owned", organizationId }, () => new WebhookNotFound({ id }), resource)
    return actorOf(principal)
  })

  return {
    /** Returns the webhooks of an organization; without one, all for operators, and those of their own organization for others. */
    list: Effect.fnUntraced(function* (named: string | undefined, page: Parameters<Service["list"]>[1]) {
      return yield* webhooks.list(yield* organizationOf("listWebhooks", named), page)
    }),
    /** Adds a webhook of an organization; without one, of the installation for operators, and of their own organization for others. */
    create: Effect.fnUntraced(function* (
      named: string | undefined,
      input: Parameters<Service["create"]>[0],
      options: Pick<Parameters<Service["create"]>[1], "from">
    ) {
      const of = yield* organizationOf("createWebhook", named)
      const organizationId = of === "all" ? null : of
      return yield* webhooks.create(input, { ...options, organizationId, who: actorOf(yield* CurrentPrincipal) })
    }),
    get: (id: Id) => Effect.andThen(forWebhook("getWebhook", id), webhooks.get(id)),
    update: (id: Id, changes: Parameters<Service["update"]>[1]) =>
      Effect.flatMap(forWebhook("updateWebhook", id), (who) => webhooks.update(id, changes, who)),
    rotate: (id: Id, options: Parameters<Service["rotate"]>[1]) =>
      Effect.flatMap(forWebhook("rotateWebhookSecret", id), (who) => webhooks.rotate(id, options, who)),
    enable: (id: Id) => Effect.flatMap(forWebhook("enableWebhook", id), (who) => webhooks.enable(id, who)),
    disable: (id: Id) => Effect.flatMap(forWebhook("disableWebhook", id), (who) => webhooks.disable(id, who)),
    remove: (id: Id) => Effect.flatMap(forWebhook("removeWebhook", id), (who) => webhooks.remove(id, who)),
    attempts: (id: Id, page: Parameters<Service["attempts"]>[1]) =>
      Effect.andThen(forWebhook("listWebhookAttempts", id), webhooks.attempts(id, page))
  }
})

export class GuardedWebhooks extends Context.Service<GuardedWebhooks, Effect.Success<typeof make>>()(
  "@turnout/GuardedWebhooks"
) {
  static readonly layer: Layer.Layer<GuardedWebhooks, never, OrganizationStore | Webhooks> = Layer.effect(
    GuardedWebhooks,
    make
  )
}
