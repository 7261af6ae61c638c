/**
 * The audit trail, behind the policy: operators read all of it, and members who may what concerns their organization.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import * as Audit from "../../../access/application/audit/Audit.ts"
import * as AuditExports from "../../../access/application/audit/AuditExports.ts"
import type { AuditQuery } from "../../../access/domain/audit/AuditQuery.ts"
import type { Action } from "../../../access/domain/policy/Action.ts"
import type { AuditStore } from "../../../access/ports/AuditStore.ts"
import type { OrganizationStore } from "../../../access/ports/OrganizationStore.ts"
import type { InvalidInput } from "../../../kernel/application/InvalidInput.ts"
import type { OrganizationNotFound } from "../../../kernel/domain/OrganizationId.ts"
import type { PageRequest } from "../../../kernel/domain/Page.ts"
import type { StoreError } from "../../../kernel/ports/StoreError.ts"
import { CurrentPrincipal } from "../CurrentPrincipal.ts"
import { mayAtAll, namedOrOwn, type NotAllowed } from "../Guard.ts"

/** What is looked for, in the organization of this id or short name. */
export type GuardedQuery = Omit<typeof AuditQuery.Encoded, "organizationId"> & { readonly organization?: string }

type Text = Stream.Stream<string, InvalidInput | StoreError>

const make = Effect.gen(function* () {
  const context = yield* Effect.context<AuditStore | OrganizationStore>()

  /** The query of a principal: about the organization that is named, or their own. */
  const queryOf = Effect.fnUntraced(function* (
    action: Action,
    { organization: named, ...query }: GuardedQuery
  ): Effect.fn.Return<
    typeof AuditQuery.Encoded,
    NotAllowed | OrganizationNotFound | InvalidInput | StoreError,
    CurrentPrincipal | OrganizationStore
  > {
    yield* mayAtAll(yield* CurrentPrincipal, action)
    yield* Audit.check(query)
    const of = yield* namedOrOwn(action, named)
    return of === "all" ? query : { ...query, organizationId: of }
  })

  const exported = (action: Action, format: AuditExports.Format) =>
    Effect.fnUntraced(function* (given: GuardedQuery) {
      const query = yield* queryOf(action, given)
      const text: Text = yield* AuditExports.make(format, query)
      return text
    }, Effect.provide(context))

  return {
    list: Effect.fnUntraced(function* (given: GuardedQuery, page: PageRequest<string>) {
      return yield* Audit.list(yield* queryOf("listAuditEntries", given), page)
    }, Effect.provide(context)),
    exportCsv: exported("exportAuditEntries", "csv"),
    exportLines: exported("exportAuditLines", "jsonl")
  }
})

export class GuardedAudit extends Context.Service<GuardedAudit, Effect.Success<typeof make>>()(
  "@turnout/GuardedAudit"
) {
  static readonly layer: Layer.Layer<GuardedAudit, never, AuditStore | OrganizationStore> = Layer.effect(
    GuardedAudit,
    make
  )
}
