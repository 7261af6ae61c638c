/**
 * Organizations in memory. The store of events looks into `Known`, in which there is the default organization from the beginning.
 */
import { type Organization, SlugTaken } from "@turnout/core/access/domain/Organization"
import { DEFAULT_NAMES, OrganizationStore } from "@turnout/core/access/ports/OrganizationStore"
import {
  DEFAULT_ORGANIZATION,
  type OrganizationId,
  OrganizationNotFound
} from "@turnout/core/kernel/domain/OrganizationId"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MemoryClock } from "../MemoryClock.ts"
import { Entries } from "./MemoryAuditLog.ts"

/** The organizations that there are. */
export class Known extends Context.Service<Known, Map<OrganizationId, Organization>>()(
  "@turnout/MemoryOrganizations"
) {}

/** Organizations of their own for each build of the layer. */
export const layerKnown: Layer.Layer<Known, never, MemoryClock> = Layer.effect(
  Known,
  Effect.map(
    MemoryClock,
    ({ now }) => new Map([[DEFAULT_ORGANIZATION, { id: DEFAULT_ORGANIZATION, ...DEFAULT_NAMES, createdAt: now() }]])
  )
)

const aboutOf = (id: OrganizationId) => ({ resource: `organization:${id}`, organizationId: id })

const make = Effect.gen(function* () {
  const known = yield* Known
  const audit = yield* Entries
  const { now } = yield* MemoryClock

  const all = () => [...known.values()].toSorted((a, b) => (a.slug < b.slug ? -1 : 1))
  const isTaken = (slug: string, id: OrganizationId) => all().some((one) => one.slug === slug && one.id !== id)

  return OrganizationStore.of({
    create: (id, { name, slug }, who) =>
      Effect.suspend(() => {
        const there = known.get(id)
        if (there !== undefined) return Effect.succeed(there)
        if (isTaken(slug, id)) return Effect.fail(new SlugTaken({ slug }))
        const organization = { id, slug, name, createdAt: now() }
        known.set(id, organization)
        audit.write(who, "organizations.create", { organization: id, slug, name }, aboutOf(id))
        return Effect.succeed(organization)
      }),
    find: (name) =>
      Effect.sync(() => all().find((one) => ("id" in name ? one.id === name.id : one.slug === name.slug))),
    list: ({ after, limit }) =>
      Effect.sync(() =>
        all()
          .filter(({ slug }) => after === null || slug > after)
          .slice(0, limit)
      ),
    update: (id, changes, who) =>
      Effect.suspend((): Effect.Effect<Organization, OrganizationNotFound | SlugTaken> => {
        const before = known.get(id)
        if (before === undefined) return Effect.fail(new OrganizationNotFound({ organization: id }))
        const organization = { ...before, ...changes }
        const { name, slug } = organization
        if (slug === before.slug && name === before.name) return Effect.succeed(before)
        if (isTaken(slug, id)) return Effect.fail(new SlugTaken({ slug }))
        known.set(id, organization)
        audit.write(who, "organizations.update", { organization: id, slug, name }, aboutOf(id))
        return Effect.succeed(organization)
      })
  })
})

export const layer: Layer.Layer<OrganizationStore, never, Entries | Known | MemoryClock> = Layer.effect(
  OrganizationStore,
  make
)
