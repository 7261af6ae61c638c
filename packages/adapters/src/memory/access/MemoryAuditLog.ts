/**
 * The audit log in memory. Other stores in memory write to it through `Entries`, in the same step as their change.
 */
import { CurrentRequest, none, type Request } from "@turnout/core/access/application/audit/CurrentRequest"
import type { About } from "@turnout/core/access/domain/audit/AuditEntry"
import { AuditLog, type LoggedEntry } from "@turnout/core/access/ports/AuditLog"
import { agreedOf, type Noted, type Origin } from "@turnout/core/access/ports/AuditStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { MemoryClock } from "../MemoryClock.ts"

/** An origin, and when it was written. */
export type KeptOrigin = Origin & { readonly at: Date }

export interface AuditEntries {
  /** The entries in the order in which they were written. */
  readonly all: ReadonlyArray<LoggedEntry>
  /** The origins by their requests and principals. */
  readonly origins: Map<string, KeptOrigin>
  /** Writes the entry of a decision, in the request that the fiber works on. `request` takes its place. */
  readonly write: (
    who: string,
    action: string,
    details: Readonly<Record<string, unknown>>,
    about?: About,
    request?: Request
  ) => void
  readonly add: (noted: Noted) => void
  /** Writes an origin. Of several of one request and principal, that is kept in which they agree. */
  readonly addOrigin: (origin: Origin) => void
}

/** The entries of the log. */
export class Entries extends Context.Service<Entries, AuditEntries>()("@turnout/MemoryAuditEntries") {}

/** The key of an origin. */
export const originKey = (requestId: string, who: string): string => JSON.stringify([requestId, who])

/** The request that is being worked on. */
export const currentRequest = (): Request => Fiber.getCurrent()?.getRef(CurrentRequest) ?? none

const makeEntries = Effect.gen(function* () {
  const { now } = yield* MemoryClock
  const all: Array<LoggedEntry> = []
  const origins = new Map<string, KeptOrigin>()
  const add: AuditEntries["add"] = ({ ageMillis, details, ...entry }) =>
    all.push({
      ...entry,
      id: all.length + 1,
      at: new Date(now().getTime() - ageMillis),
      // The details go through JSON, since other stores return them in that form.
      details: JSON.parse(JSON.stringify(details))
    })
  return Entries.of({
    all,
    origins,
    add,
    write: (who, action, details, { organizationId = null, resource = null } = {}, request = currentRequest()) => {
      const { credential, id: requestId } = request
      add({ ageMillis: 0, who, action, details, resource, organizationId, outcome: "done", requestId, credential })
    },
    addOrigin: (origin) => {
      const key = originKey(origin.requestId, origin.who)
      const known = origins.get(key)
      origins.set(key, known === undefined ? { ...origin, at: now() } : { ...known, ...agreedOf(known, origin) })
    }
  })
})

/** Entries of their own for each build of the layer. */
export const layerEntries: Layer.Layer<Entries, never, MemoryClock> = Layer.effect(Entries, makeEntries)

const make = Effect.gen(function* () {
  const { all, write } = yield* Entries
  return AuditLog.of({
    note: (who, action, details, about) => Effect.sync(() => write(who, action, details, about)),
    list: ({ after, limit }) =>
      Effect.sync(() =>
        all
          .toReversed()
          .filter(({ id }) => after === null || id < after)
          .slice(0, limit)
      )
  })
})

export const layer: Layer.Layer<AuditLog, never, Entries> = Layer.effect(AuditLog, make)
