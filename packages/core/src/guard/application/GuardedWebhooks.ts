/**
 * Webhooks, behind the policy: those of an organization for its members, those of the installation for operators. A webhook of another
 * organization, or of the installation, is not there for a member. An organization is named by its id or its short name.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Action } from "../../access/domain/policy/Action.ts"
import { actorOf, organizationsWith } from "../../access/domain/policy/Principal.ts"
import { OrganizationStore } from "../../access/ports/OrganizationStore.ts"
import { InvalidInput } from "../../kernel/application/InvalidInput.ts"
import type { OrganizationId, OrganizationNotFound } from "../../kernel/domain/OrganizationId.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { Webhooks } from "../../webhooks/application/Webhooks.ts"
import { WebhookNotFound } from "../../webhooks/ports/WebhookStore.ts"
import { CurrentPrincipal } from "./CurrentPrincipal.ts"
import { inOrganization, may, mayAtAll, type NotAllowed } from "./Guard.ts"

type Service = Webhooks["Service"]
type Id = Parameters<Service["get"]>[0]

/** Which webhooks a request is about: those of an organization, or, for operators who name none, `null`. */
interface Scope {
  readonly organizationId: OrganizationId | null
  /** The name of the principal, for the audit log. */
  readonly who: string
}

/** The organization that is named, or else that of a principal who has one. */
const scopeOf = Effect.fnUntraced(function* (
  action: "createWebhook" | "listWebhooks",
  named: string | undefined
): Effect.fn.Return<
  Scope,
  NotAllowed | OrganizationNotFound | InvalidInput | StoreError,
  CurrentPrincipal | OrganizationStore
> {
  if (named !== undefined) {
    const { organization, who } = yield* inOrganization(action, named)
    return { organizationId: organization.id, who }
  }
  const principal = yield* CurrentPrincipal
  yield* mayAtAll(principal, action)
  const who = actorOf(principal)
  const own = organizationsWith(principal, action === "createWebhook" ? "webhooks:write" : "webhooks:read")
  if (own === "all") return { organizationId: null, who }
  const [only] = own
  if (own.length === 1) return { organizationId: only!, who }
  const rule = "must be there, since you have several organizations"
  return yield* new InvalidInput({ issues: [{ field: "organization", rule }] })
})

const make = Effect.gen(function* () {
  const webhooks = yield* Webhooks
  const organizations = yield* OrganizationStore
  const scope = (...asked: Parameters<typeof scopeOf>) =>
    Effect.provideService(scopeOf(...asked), OrganizationStore, organizations)

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
      const { organizationId } = yield* scope("listWebhooks", named)
      return yield* webhooks.list(organizationId ?? "all", page)
    }),
    /** Adds a webhook of an organization; without one, of the installation for operators, and of their own organization for others. */
    create: Effect.fnUntraced(function* (
      named: string | undefined,
      input: Parameters<Service["create"]>[0],
      options: Pick<Parameters<Service["create"]>[1], "from">
    ) {
      const own = yield* scope("createWebhook", named)
      return yield* webhooks.create(input, { ...options, ...own })
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
