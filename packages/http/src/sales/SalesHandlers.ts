/**
 * The handlers of the group `sales`, for operators: each turns a request into one call of sales summaries behind the policy.
 */
import { GuardedSales } from "@turnout/core/guard/application/GuardedSales"
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import { SalesNotCounted } from "@turnout/core/projections/application/SalesAdministration"
import * as Effect from "effect/Effect"
import { AdminApi } from "../admin/AdminApi.ts"
import { toPageRequest } from "../admin/KeyPaging.ts"
import * as Handlers from "../pipeline/Handlers.ts"
import { toProblems } from "../problems/ToProblems.ts"

export const layer = Handlers.group(
  AdminApi,
  "sales",
  Effect.gen(function* () {
    const sales = yield* GuardedSales
    return {
      list: ({ query }) => toProblems(sales.list(toPageRequest(query)), "query"),
      get: ({ params }) => toProblems(sales.get(params.eventId), "path"),
      rebuild: ({ params: { eventId } }) =>
        toProblems(
          sales.rebuild(eventId).pipe(
            Effect.catchTag("EventNotFound", () => Effect.fail(new SalesNotCounted({ eventId }))),
            Effect.andThen(
              PartlyDone.after({
                done: { rebuilt: eventId },
                told: `The sales summary of ${eventId} was made anew.`,
                next: "Get it."
              })(sales.get(eventId))
            )
          ),
          "path"
        )
    }
  })
)
