/**
 * Webhooks, behind the policy.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Webhooks } from "../../webhooks/application/Webhooks.ts"
import { onInstallation } from "./Guard.ts"

type Service = Webhooks["Service"]
type Id = Parameters<Service["get"]>[0]

const make = Effect.map(Webhooks, (webhooks) => ({
  list: (...page: Parameters<Service["list"]>) => onInstallation("listWebhooks", () => webhooks.list(...page)),
  get: (id: Id) => onInstallation("getWebhook", () => webhooks.get(id)),
  create: (
    input: Parameters<Service["create"]>[0],
    options: Omit<NonNullable<Parameters<Service["create"]>[1]>, "who">
  ) => onInstallation("createWebhook", (who) => webhooks.create(input, { ...options, who })),
  update: (id: Id, changes: Parameters<Service["update"]>[1]) =>
    onInstallation("updateWebhook", (who) => webhooks.update(id, changes, who)),
  rotate: (id: Id, options: Parameters<Service["rotate"]>[1]) =>
    onInstallation("rotateWebhookSecret", (who) => webhooks.rotate(id, options, who)),
  enable: (id: Id) => onInstallation("enableWebhook", (who) => webhooks.enable(id, who)),
  disable: (id: Id) => onInstallation("disableWebhook", (who) => webhooks.disable(id, who)),
  remove: (id: Id) => onInstallation("removeWebhook", (who) => webhooks.remove(id, who)),
  attempts: (...asked: Parameters<Service["attempts"]>) =>
    onInstallation("listWebhookAttempts", () => webhooks.attempts(...asked))
}))

export class GuardedWebhooks extends Context.Service<GuardedWebhooks, Effect.Success<typeof make>>()(
  "@turnout/GuardedWebhooks"
) {
  static readonly layer: Layer.Layer<GuardedWebhooks, never, Webhooks> = Layer.effect(GuardedWebhooks, make)
}
