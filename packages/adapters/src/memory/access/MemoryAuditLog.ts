/**
 * The audit log in memory. Other stores in memory write to it through `Entries`, in the same step as their change.
 */
import { type AuditEntry, AuditLog } from "@turnout/core/access/ports/AuditLog"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { MemoryClock } from "../MemoryClock.ts"

export interface AuditEntries {
  /** The entries in the order in which they were written. */
  readonly all: ReadonlyArray<AuditEntry>
  readonly write: (who: string, action: string, details: Readonly<Record<string, unknown>>) => void
}

/** The entries of the log. */
export class Entries extends Context.Service<Entries, AuditEntries>()("@turnout/MemoryAuditEntries") {}

const makeEntries = Effect.gen(function* () {
  const { now } = yield* MemoryClock
  const all: Array<AuditEntry> = []
  return Entries.of({
    all,
    // The details go through JSON, since other stores return them in that form.
    write: (who, action, details) =>
      all.push({ id: all.length + 1, at: now(), who, action, details: JSON.parse(JSON.stringify(details)) })
  })
})

/** Entries of their own for each build of the layer. */
export const layerEntries: Layer.Layer<Entries, never, MemoryClock> = Layer.effect(Entries, makeEntries)

const make = Effect.gen(function* () {
  const { all, write } = yield* Entries
  return AuditLog.of({
    note: (who, action, details) => Effect.sync(() => write(who, action, details)),
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
