/**
 * API keys in memory.
 */
import {
  type ApiKey,
  type ApiKeyId,
  ApiKeyNotFound,
  ApiKeyNotReplaceable,
  validMillis
} from "@turnout/core/access/domain/credentials/ApiKey"
import { ApiKeyStore, type NewApiKey } from "@turnout/core/access/ports/ApiKeyStore"
import { OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MemoryClock } from "../MemoryClock.ts"
import { Entries } from "./MemoryAuditLog.ts"
import { Known } from "./MemoryOrganizations.ts"

const HOUR_MILLIS = 60 * 60 * 1_000

const aboutOf = ({ id, organizationId }: Pick<ApiKey, "id" | "organizationId">) => ({
  resource: `key:${id}`,
  organizationId
})

const make = Effect.gen(function* () {
  const audit = yield* Entries
  const organizations = yield* Known
  const { now } = yield* MemoryClock
  const keys = new Map<ApiKeyId, { readonly key: ApiKey; readonly digest: string }>()

  const get = (id: ApiKeyId) =>
    Effect.suspend(() => {
      const stored = keys.get(id)
      return stored === undefined ? Effect.fail(new ApiKeyNotFound({ id })) : Effect.succeed(stored)
    })
  const add = ({ digest, ...settings }: NewApiKey): ApiKey => {
    const key = { ...settings, createdAt: now(), lastUsedAt: null, revokedAt: null, replacedBy: null }
    keys.set(key.id, { key, digest })
    return key
  }
  const change = (id: ApiKeyId, changes: Partial<ApiKey>): ApiKey => {
    const { digest, key } = keys.get(id)!
    const changed = { ...key, ...changes }
    keys.set(id, { key: changed, digest })
    return changed
  }

  return ApiKeyStore.of({
    create: (key, who) =>
      Effect.suspend((): Effect.Effect<ApiKey, OrganizationNotFound> => {
        const { id, name, organizationId: organization, role } = key
        const known = keys.get(id)
        if (known !== undefined) return Effect.succeed(known.key)
        if (organization !== null && !organizations.has(organization))
          return Effect.fail(new OrganizationNotFound({ organization }))
        audit.write(who, "keys.create", { key: id, name, role, organization }, aboutOf(key))
        return Effect.succeed(add(key))
      }),
    find: (id) =>
      Effect.sync(() => {
        const stored = keys.get(id)
        return stored && { ...stored, validMillis: validMillis(stored.key, now()) }
      }),
    list: (of, { after, limit }) =>
      Effect.sync(() =>
        [...keys.values()]
          .map(({ key }) => key)
          .filter(({ id, organizationId }) => (of === "all" || organizationId === of) && (after === null || id > after))
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
          .slice(0, limit)
      ),
    replace: (id, by, overlapMillis, who) =>
      Effect.flatMap(get(id), ({ key }): Effect.Effect<ApiKey, ApiKeyNotReplaceable> => {
        if (key.replacedBy === by.id) return Effect.succeed(keys.get(by.id)!.key)
        if (key.replacedBy !== null || validMillis(key, now()) === 0)
          return Effect.fail(new ApiKeyNotReplaceable({ id, replacedBy: key.replacedBy }))
        const { expiresAt, name, organizationId, role } = key
        const end = new Date(now().getTime() + overlapMillis)
        change(id, { replacedBy: by.id, expiresAt: expiresAt !== null && expiresAt < end ? expiresAt : end })
        audit.write(who, "keys.replace", { key: id, by: by.id }, aboutOf(key))
        return Effect.succeed(add({ ...by, name, role, organizationId, expiresAt }))
      }),
    revoke: (id, who) =>
      Effect.map(get(id), ({ key }) => {
        if (key.revokedAt !== null) return key
        audit.write(who, "keys.revoke", { key: id }, aboutOf(key))
        return change(id, { revokedAt: now() })
      }),
    noteUsed: (id) =>
      Effect.sync(() => {
        const hour = new Date(Math.floor(now().getTime() / HOUR_MILLIS) * HOUR_MILLIS)
        if (keys.has(id)) change(id, { lastUsedAt: hour })
      })
  })
})

export const layer: Layer.Layer<ApiKeyStore, never, Entries | Known | MemoryClock> = Layer.effect(ApiKeyStore, make)
