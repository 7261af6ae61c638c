/**
 * The handlers of the group `sales`, for operators: each turns a request into one call of the administration of sales summaries.
 */
import type { AuditLog } from "@turnout/core/access/ports/AuditLog"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as SalesAdministration from "@turnout/core/projections/application/SalesAdministration"
import type { ProjectionStore } from "@turnout/core/projections/ports/ProjectionStore"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { whoOf } from "../admin/Actor.ts"
import { AdminApi } from "../admin/AdminApi.ts"
import { toPageRequest } from "../admin/KeyPaging.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = HttpApiBuilder.group(
  AdminApi,
  "sales",
  Effect.fnUntraced(function* (handlers) {
    const context = yield* Effect.context<AuditLog | ProjectionStore | AdmissionStore | AdmissionReads>()
    const get = (eventId: EventId) =>
      Effect.flatMap(SalesAdministration.get(eventId), (found) =>
        found === undefined ? Effect.fail(new OperatorProblems.SalesNotCounted({ eventId })) : Effect.succeed(found)
      )
    return handlers.handleAll({
      list: ({ query }) => toProblems(Effect.provide(SalesAdministration.list(toPageRequest(query)), context), "query"),
      get: ({ params }) => toProblems(Effect.provide(get(params.eventId), context), "path"),
      rebuild: ({ headers, params: { eventId } }) =>
        toProblems(
          SalesAdministration.rebuild(eventId, whoOf(headers)).pipe(
            Effect.catchTag("EventNotFound", () => Effect.fail(new OperatorProblems.SalesNotCounted({ eventId }))),
            Effect.andThen(
              PartlyDone.after({
                done: { rebuilt: eventId },
                told: `The sales summary of ${eventId} was made anew.`,
                next: "Get it."
              })(get(eventId))
            ),
            Effect.provide(context)
          ),
          "path"
        )
    })
  })
)
