/**
 * Organizations, behind the policy: operators add, list and rename them, and members see their own.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Organizations } from "../../../access/application/Organizations.ts"
import { OrganizationStore } from "../../../access/ports/OrganizationStore.ts"
import { inOrganization, onInstallation } from "../Guard.ts"

type Service = Organizations["Service"]

const make = Effect.gen(function* () {
  const organizations = yield* Organizations
  const store = yield* OrganizationStore
  return {
    create: (input: Parameters<Service["create"]>[0]) =>
      onInstallation("createOrganization", (who) => organizations.create(input, who)),
    get: (name: string) =>
      inOrganization("getOrganization", name).pipe(
        Effect.map(({ organization }) => organization),
        Effect.provideService(OrganizationStore, store)
      ),
    list: (...page: Parameters<Service["list"]>) =>
      onInstallation("listOrganizations", () => organizations.list(...page)),
    update: (name: string, changes: Parameters<Service["update"]>[1]) =>
      onInstallation("updateOrganization", (who) => organizations.update(name, changes, who))
  }
})

export class GuardedOrganizations extends Context.Service<GuardedOrganizations, Effect.Success<typeof make>>()(
  "@turnout/GuardedOrganizations"
) {
  static readonly layer: Layer.Layer<GuardedOrganizations, never, Organizations | OrganizationStore> = Layer.effect(
    GuardedOrganizations,
    make
  )
}
