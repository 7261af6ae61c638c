/**
 * Organizations, behind the policy.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Organizations } from "../../access/application/Organizations.ts"
import { onInstallation } from "./Guard.ts"

type Service = Organizations["Service"]

const make = Effect.map(Organizations, (organizations) => ({
  create: (input: Parameters<Service["create"]>[0]) =>
    onInstallation("createOrganization", (who) => organizations.create(input, who)),
  get: (...name: Parameters<Service["get"]>) => onInstallation("getOrganization", () => organizations.get(...name)),
  list: (...page: Parameters<Service["list"]>) =>
    onInstallation("listOrganizations", () => organizations.list(...page)),
  update: (name: string, changes: Parameters<Service["update"]>[1]) =>
    onInstallation("updateOrganization", (who) => organizations.update(name, changes, who))
}))

export class GuardedOrganizations extends Context.Service<GuardedOrganizations, Effect.Success<typeof make>>()(
  "@turnout/GuardedOrganizations"
) {
  static readonly layer: Layer.Layer<GuardedOrganizations, never, Organizations> = Layer.effect(
    GuardedOrganizations,
    make
  )
}
