/**
 * The audit trail in memory: each reading looks at everything.
 */
import { type AuditEntry, eventResource, registrationResource } from "@turnout/core/access/domain/audit/AuditEntry"
import type { AuditQuery } from "@turnout/core/access/domain/audit/AuditQuery"
import type { Stretch } from "@turnout/core/access/domain/audit/Stretch"
import type { LoggedEntry } from "@turnout/core/access/ports/AuditLog"
import { AuditStore, type LogPlace, ORIGIN_MILLIS } from "@turnout/core/access/ports/AuditStore"
import type { StoredEntry } from "@turnout/core/journal/domain/StoredEntry"
import { DEFAULT_ORGANIZATION, OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MapSweep from "../MapSweep.ts"
import { MemoryClock } from "../MemoryClock.ts"
import { Log, type MemoryLog } from "../journal/MemoryLog.ts"
import { Entries, originKey } from "./MemoryAuditLog.ts"

/** The organization of an event, from the first entry of its stream. */
export const organizationOf = (log: MemoryLog, eventId: string): OrganizationId => {
  const created = log.all.find((entry) => entry.eventId === eventId)
  const { organizationId } = JSON.parse(created?.payload ?? "{}") as { readonly organizationId?: string }
  return organizationId === undefined ? DEFAULT_ORGANIZATION : OrganizationId.make(organizationId)
}

const isAsked = (query: AuditQuery, entry: AuditEntry): boolean =>
  (query.principal === undefined || entry.who === query.principal) &&
  (query.action === undefined || entry.action === query.action) &&
  (query.resource === undefined || entry.resource === query.resource) &&
  (query.organizationId === undefined || entry.organizationId === query.organizationId) &&
  (query.from === undefined || entry.at >= query.from) &&
  (query.until === undefined || entry.at < query.until)

const stretchOf = <Place>(
  found: ReadonlyArray<{ readonly place: Place; readonly entry: AuditEntry }>,
  limit: number
): Stretch<Place> => {
  const entries = found.slice(0, limit)
  const last = entries.at(-1)
  return { entries, looked: entries.length < limit ? null : { place: last!.place, at: last!.entry.at } }
}

const isAfter = (a: LogPlace, b: LogPlace): boolean =>
  a.at.getTime() < b.at.getTime() || (a.at.getTime() === b.at.getTime() && a.id < b.id)

const make = Effect.gen(function* () {
  const log = yield* Log
  const { add, addOrigin, all, origins } = yield* Entries
  const { now } = yield* MemoryClock
  const sweep = MapSweep.make(origins)

  const originOf = (requestId: string | null, who: string) => {
    const origin = requestId === null ? undefined : origins.get(originKey(requestId, who))
    const { address = null, credential = null, userAgent = null } = origin ?? {}
    return { address, credential, userAgent }
  }
  const ofLog = ({ id, ...entry }: LoggedEntry): AuditEntry => {
    const origin = originOf(entry.requestId, entry.who)
    return { ...entry, id: `log:${id}`, ...origin, credential: entry.credential ?? origin.credential }
  }
  const ofJournal = ({ eventId, id, metadata, occurredAt, payload, type, version }: StoredEntry): AuditEntry => {
    const { registration } = JSON.parse(payload) as { readonly registration?: { readonly id: string } }
    return {
      id: `journal:${id}`,
      at: occurredAt,
      who: metadata.actor,
      action: type,
      resource: registration === undefined ? eventResource(eventId) : registrationResource(registration.id),
      organizationId: organizationOf(log, eventId),
      outcome: "done",
      requestId: metadata.correlationId,
      ...originOf(metadata.correlationId, metadata.actor),
      details: { event: eventId, version }
    }
  }

  return AuditStore.of({
    log: (query, after, limit) =>
      Effect.sync(() =>
        stretchOf(
          all
            .map((entry) => ({ place: { at: entry.at, id: entry.id }, entry: ofLog(entry) }))
            .filter(({ entry, place }) => (after === null || isAfter(place, after)) && isAsked(query, entry))
            .toSorted((a, b) => (isAfter(a.place, b.place) ? 1 : -1)),
          limit
        )
      ),
    journal: (query, after, limit) =>
      Effect.sync(() =>
        stretchOf(
          log.all
            .map((entry, index) => ({ place: query.resource === undefined ? index + 1 : entry.version, entry }))
            .toReversed()
            .filter(({ place }) => after === null || place < after)
            .map(({ entry, place }) => ({ place, entry: ofJournal(entry) }))
            .filter(({ entry }) => isAsked(query, entry)),
          limit
        )
      ),
    write: (noted, given) =>
      Effect.sync(() => {
        for (const one of noted) add(one)
        for (const origin of given) addOrigin(origin)
      }),
    forgetOrigins: Effect.sync(() => sweep(({ at }) => at.getTime() <= now().getTime() - ORIGIN_MILLIS))
  })
})

export const layer: Layer.Layer<AuditStore, never, Entries | Log | MemoryClock> = Layer.effect(AuditStore, make)
