/**
 * The audit trail as stores keep it: reading its two sources, and writing what the process has noted.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { AuditOutcome } from "../domain/audit/AuditEntry.ts"
import type { AuditQuery } from "../domain/audit/AuditQuery.ts"
import type { Stretch } from "../domain/audit/Stretch.ts"
import type { Swept } from "../../kernel/ports/Swept.ts"

/** For how long addresses and user agents are kept: 90 days. */
export const ORIGIN_MILLIS = 90 * 24 * 60 * 60 * 1_000

/** A place in the audit log, whose order is that of the times, and then that of the ids. */
export interface LogPlace {
  readonly at: Date
  readonly id: number
}

/** A place in the journal: a number of it, or, if the query names a resource, a version in its stream. */
export type JournalPlace = number

/** Something that a process has noted, to be written a moment later. */
export interface Noted {
  /** For how long ago, in milliseconds, it happened. */
  readonly ageMillis: number
  readonly who: string
  readonly action: string
  readonly resource: string | null
  readonly organizationId: OrganizationId | null
  readonly outcome: AuditOutcome
  readonly requestId: string | null
  readonly credential: string | null
  readonly details: Readonly<Record<string, unknown>>
}

/** From where a request of a principal came. */
export interface Origin {
  readonly requestId: string
  readonly who: string
  readonly credential: string | null
  readonly address: string | null
  readonly userAgent: string | null
}

/** What two origins agree in, of one principal and of requests with one id: clients choose the id, and may send it again from elsewhere. */
export const agreedOf = (one: Origin, other: Origin): Pick<Origin, "address" | "credential" | "userAgent"> => ({
  credential: one.credential === other.credential ? one.credential : null,
  address: one.address === other.address ? one.address : null,
  userAgent: one.userAgent === other.userAgent ? one.userAgent : null
})

export class AuditStore extends Context.Service<
  AuditStore,
  {
    /**
     * Returns up to `limit` entries of the audit log after a place, the latest first. The store looks at a bounded number of entries, so
     * there may be fewer although more follow. With `limit` entries, the stretch ends at the last of them.
     */
    readonly log: (
      query: AuditQuery,
      after: LogPlace | null,
      limit: number
    ) => Effect.Effect<Stretch<LogPlace>, StoreError>
    /**
     * The same of the journal, in its own order. Times follow that order, but for clocks that differ and transactions that take long: a
     * minute is allowed for both.
     */
    readonly journal: (
      query: AuditQuery,
      after: JournalPlace | null,
      limit: number
    ) => Effect.Effect<Stretch<JournalPlace>, StoreError>
    /**
     * Writes entries in their order, and origins: of several of one request id and principal, that is kept in which they agree
     * (`agreedOf`). All are written, or none.
     */
    readonly write: (noted: ReadonlyArray<Noted>, origins: ReadonlyArray<Origin>) => Effect.Effect<void, StoreError>
    /** A step of the sweep that deletes origins older than `ORIGIN_MILLIS`. */
    readonly forgetOrigins: Effect.Effect<Swept, StoreError>
  }
>()("@turnout/AuditStore") {}
