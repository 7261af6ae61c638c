/**
 * API keys, behind the policy: those of an organization for its owners, those of operators for operators. Nobody makes a key that may
 * do more than they may themselves.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Action } from "../../../access/domain/policy/Action.ts"
import { ApiKeys } from "../../../access/application/ApiKeys.ts"
import { type ApiKeyId, ApiKeyNotFound } from "../../../access/domain/credentials/ApiKey.ts"
import { actorOf, heldIn } from "../../../access/domain/policy/Principal.ts"
import { ApiKeyStore } from "../../../access/ports/ApiKeyStore.ts"
import { type OrganizationId, OrganizationNotFound } from "../../../kernel/domain/OrganizationId.ts"
import { Forbidden } from "../../../kernel/domain/access/Refusals.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import { may, mayAtAll, ownOrganization } from "../Guard.ts"

type Service = ApiKeys["Service"]

const make = Effect.gen(function* () {
  const keys = yield* ApiKeys
  const store = yield* ApiKeyStore

  /** Who may do something with a key, and what else they may. */
  const forKey = Effect.fnUntraced(function* (action: Action, id: ApiKeyId) {
    const principal = yield* CurrentPrincipal
    yield* mayAtAll(principal, action)
    const found = yield* store.find(id)
    const absent = () => new ApiKeyNotFound({ id })
    if (found === undefined) return yield* absent()
    const { organizationId } = found.key
    yield* may(principal, action, { on: "owned", organizationId }, absent, `key:${id}`)
    return { who: actorOf(principal), held: heldIn(principal, organizationId) }
  })

  return {
    create: Effect.fnUntraced(function* (input: Parameters<Service["create"]>[0]) {
      const principal = yield* CurrentPrincipal
      yield* mayAtAll(principal, "createApiKey")
      const organizationId = (input.organizationId ?? null) as OrganizationId | null
      const facts = { on: "owned", organizationId } as const
      yield* may(principal, "createApiKey", facts, () =>
        organizationId === null
          ? new Forbidden({ operation: "createApiKey" })
          : new OrganizationNotFound({ organization: organizationId })
      )
      return yield* keys.create(input, heldIn(principal, organizationId), actorOf(principal))
    }),
    /** Returns the keys of an organization; of all, or of the principal's own organization, if none is named. */
    list: Effect.fnUntraced(function* (named: OrganizationId | undefined, page: Parameters<Service["list"]>[1]) {
      const principal = yield* CurrentPrincipal
      yield* mayAtAll(principal, "listApiKeys")
      const of = named ?? (yield* ownOrganization(principal, "listApiKeys", "organizationId"))
      if (of !== "all")
        yield* may(
          principal,
          "listApiKeys",
          { on: "owned", organizationId: of },
          () => new OrganizationNotFound({ organization: of })
        )
      return yield* keys.list(of, page)
    }),
    replace: Effect.fnUntraced(function* (id: ApiKeyId, options: Parameters<Service["replace"]>[1]) {
      const { held, who } = yield* forKey("replaceApiKey", id)
      return yield* keys.replace(id, options, held, who)
    }),
    revoke: Effect.fnUntraced(function* (id: ApiKeyId) {
      const { who } = yield* forKey("revokeApiKey", id)
      return yield* keys.revoke(id, who)
    })
  }
})

export class GuardedKeys extends Context.Service<GuardedKeys, Effect.Success<typeof make>>()("@turnout/GuardedKeys") {
  static readonly layer: Layer.Layer<GuardedKeys, never, ApiKeys | ApiKeyStore> = Layer.effect(GuardedKeys, make)
}
