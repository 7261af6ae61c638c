/**
 * Reading the audit log: what operators have decided, and who they were.
 */
import type * as Effect from "effect/Effect"
import { pageByKey } from "../../kernel/application/Paging.ts"
import type { PageByKey, PageRequest } from "../../kernel/domain/Page.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { type AuditEntry, AuditLog } from "../ports/AuditLog.ts"

/** A page of the audit log, the latest entry first; the key is the id. */
export const list = (page: PageRequest<number>): Effect.Effect<PageByKey<AuditEntry, number>, StoreError, AuditLog> =>
  AuditLog.use((log) => pageByKey(log.list, page, ({ id }) => id))
