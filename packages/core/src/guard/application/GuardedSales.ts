/**
 * Sales summaries, behind the policy. That of an event is for the staff of its organization, and the list of all for operators.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { eventResource } from "../../access/domain/audit/AuditEntry.ts"
import type { AuditLog } from "../../access/ports/AuditLog.ts"
import { AdmissionReads } from "../../admission/ports/AdmissionReads.ts"
import type { AdmissionStore } from "../../admission/ports/AdmissionStore.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import * as SalesAdministration from "../../projections/application/SalesAdministration.ts"
import type { ProjectionStore } from "../../projections/ports/ProjectionStore.ts"
import { CurrentPrincipal } from "./CurrentPrincipal.ts"
import { may, mayAtAll, onInstallation } from "./Guard.ts"

type Needed = AuditLog | ProjectionStore | AdmissionStore | AdmissionReads

const make = Effect.gen(function* () {
  const context = yield* Effect.context<Needed>()
  const reads = yield* AdmissionReads
  const provided = <A, E>(work: Effect.Effect<A, E, Needed>): Effect.Effect<A, E> => Effect.provide(work, context)
  const absent = (eventId: EventId) => new SalesAdministration.SalesNotCounted({ eventId })
  return {
    list: (...page: Parameters<typeof SalesAdministration.list>) =>
      onInstallation("listSales", () => provided(SalesAdministration.list(...page))),
    /** Returns the summary of an event; that of an event that was deleted is for operators. */
    get: Effect.fnUntraced(function* (eventId: EventId) {
      const principal = yield* CurrentPrincipal
      const resource = eventResource(eventId)
      yield* mayAtAll(principal, "getSales", resource)
      const event = yield* reads.event(eventId)
      const facts = { on: "owned", organizationId: event?.organizationId ?? null } as const
      yield* may(principal, "getSales", facts, () => absent(eventId), resource)
      return (yield* provided(SalesAdministration.get(eventId))) ?? (yield* absent(eventId))
    }),
    rebuild: (eventId: EventId) =>
      onInstallation("rebuildSales", (who) => provided(SalesAdministration.rebuild(eventId, who)))
  }
})

export class GuardedSales extends Context.Service<GuardedSales, Effect.Success<typeof make>>()(
  "@turnout/GuardedSales"
) {
  static readonly layer: Layer.Layer<GuardedSales, never, Needed> = Layer.effect(GuardedSales, make)
}
