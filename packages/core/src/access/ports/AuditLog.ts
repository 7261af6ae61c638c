/**
 * The audit log: one entry for each decision that was carried out, beside those that the recorder has noted (`AuditTrail`).
 *
 * Entries are only ever added. A store that carries out a decision writes the entry in the same transaction, so both are
 * stored, or neither; `note` is for decisions that are carried out elsewhere, such as in a queue.
 *
 * Every store passes the conformance suite in `test/conformance`.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OrganizationId } from "../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import type { About, AuditOutcome } from "../domain/audit/AuditEntry.ts"

export interface LoggedEntry {
  /** Later entries have higher ids; numbers may be missing. */
  readonly id: number
  /** When the entry was written, by the clock of the store. */
  readonly at: Date
  readonly who: string
  /** What was done, such as `outbox.skip`. */
  readonly action: string
  /** The details in the form that JSON gives back. */
  readonly details: Readonly<Record<string, unknown>>
  /** What it was done to, such as `webhook:<id>`; `null` if it concerns nothing in particular. */
  readonly resource: string | null
  /** The organization that it concerns; `null` if it concerns the installation. */
  readonly organizationId: OrganizationId | null
  readonly outcome: AuditOutcome
  /** The id and the credential of the request; `null` if there was none. */
  readonly requestId: string | null
  readonly credential: string | null
}

export class AuditLog extends Context.Service<
  AuditLog,
  {
    /** Writes an entry for what an operator has done elsewhere. */
    readonly note: (
      who: string,
      action: string,
      details: Readonly<Record<string, unknown>>,
      about?: About
    ) => Effect.Effect<void, StoreError>
    /** Returns the entries of the log, the latest id first; the key is the id. */
    readonly list: (page: PageRequest<number>) => Effect.Effect<ReadonlyArray<LoggedEntry>, StoreError>
  }
>()("@turnout/AuditLog") {}
