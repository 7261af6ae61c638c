/**
 * The group `sales` of the API for operators: sales summaries of events.
 */
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { SalesSummary } from "@turnout/core/projections/domain/SalesSummary"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { headers } from "../admin/Actor.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { BodyBoundary, Boundary } from "../requests/Boundaries.ts"
import { describeLimit, keyPage, limit } from "../requests/Paging.ts"

const { registrationsByDay, ...summary } = SalesSummary.fields

const fields = {
  ...summary,
  millisToSellOut: Schema.NullOr(Schema.Number),
  /** The version of the last entry that is counted. */
  version: Schema.Natural
}

/** A summary in a list. */
const Sales = Schema.Struct(fields).annotate({ identifier: "SalesSummary" })

/** The summary of one event, with the number of registrations of each day. */
const SalesInFull = Schema.Struct({ ...fields, registrationsByDay }).annotate({ identifier: "SalesSummaryInFull" })

export class SalesGroup extends HttpApiGroup.make("sales")
  .add(
    HttpApiEndpoint.get("list", "/admin/sales", {
      query: { after: Schema.optionalKey(EventId), limit },
      success: keyPage(Sales, EventId, "SalesPage")
    })
      .annotate(OpenApi.Summary, "List sales summaries, in the order of the ids of their events")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("get", "/admin/sales/:eventId", {
      params: { eventId: EventId },
      success: SalesInFull,
      error: OperatorProblems.salesNotCounted
    }).annotate(OpenApi.Summary, "Get the sales summary of an event"),
    HttpApiEndpoint.post("rebuild", "/admin/sales/:eventId/rebuild", {
      params: { eventId: EventId },
      headers,
      success: SalesInFull,
      error: [OperatorProblems.salesNotCounted, OperatorProblems.journalPruned]
    })
      .annotate(OpenApi.Summary, "Make the sales summary of an event anew from the journal")
      .middleware(Boundary)
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "Sales summaries of events.") {}
