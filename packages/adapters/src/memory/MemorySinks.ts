/**
 * What the outbox in memory keeps of its sinks, and what operators have done.
 */
import type * as Lease from "@turnout/core/domain/Lease"
import type { EventId } from "@turnout/core/domain/Event"
import type { AuditEntry } from "@turnout/core/ports/OutboxOperations"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export interface Blocked {
  readonly slot: number
  readonly since: number
  readonly version: number
  readonly attempts: number
  readonly error: string
  /** `null` while it is parked. */
  readonly retryAt: number | null
}

export interface SinkState {
  readonly leases: Array<Lease.Lease>
  /** How many entries of each slot have been given. */
  readonly positions: Array<number>
  readonly blocked: Map<EventId, Blocked>
  /** Until when each worker is there. */
  readonly workers: Map<Lease.Owner, number>
  readonly createdAt: Date
}

export class Sinks extends Context.Service<Sinks, Map<string, SinkState>>()("@turnout/adapters/memory/Sinks") {}

export interface MemoryAudit {
  /** In the order in which they were written. */
  readonly entries: ReadonlyArray<AuditEntry>
  readonly write: (at: Date, who: string, action: string, details: Readonly<Record<string, unknown>>) => void
}

export class Audit extends Context.Service<Audit, MemoryAudit>()("@turnout/adapters/memory/Audit") {}

const makeAudit = (): MemoryAudit => {
  const entries: Array<AuditEntry> = []
  return {
    entries,
    // As JSON, which is what other stores give back.
    write: (at, who, action, details) =>
      entries.push({ id: entries.length + 1, at, who, action, details: JSON.parse(JSON.stringify(details)) })
  }
}

/** Sinks and an audit log of their own for each build of the layer. */
export const layer: Layer.Layer<Sinks | Audit> = Layer.mergeAll(
  Layer.sync(Sinks, () => new Map<string, SinkState>()),
  Layer.sync(Audit, makeAudit)
)
