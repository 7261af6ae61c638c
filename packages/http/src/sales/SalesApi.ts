/**
 * The group `sales` of the API for operators: sales summaries of events.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { EventId, TheEvent } from "@turnout/core/kernel/domain/EventId"
import { SalesSummary } from "@turnout/core/projections/domain/SalesSummary"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import { about } from "../document/About.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { keyPage, limit } from "../requests/Paging.ts"

const { registrationsByDay, ...summary } = SalesSummary.fields

const fields = {
  ...summary,
  millisToSellOut: described(
    "The milliseconds from the first publication until every seat was taken; null if either has not happened",
    Schema.NullOr(Schema.Finite)
  ),
  /** The version of the last entry that is counted. */
  version: described("The version of the last entry that is counted", Schema.Natural)
}

/** A summary in a list. */
const Sales = Schema.Struct(fields).annotate({ identifier: "SalesSummary" })

/** The summary of one event, with the number of registrations of each day. */
const SalesInFull = Schema.Struct({ ...fields, registrationsByDay }).annotate({ identifier: "SalesSummaryInFull" })

export class SalesGroup extends HttpApiGroup.make("sales")
  .add(
    HttpApiEndpoint.get("list", "/admin/sales", {
      query: { after: described("next of the page before", Schema.optionalKey(EventId)), limit },
      success: keyPage(Sales, EventId, "SalesPage")
    }).annotateMerge(
      about({
        id: "listSales",
        summary: "List sales summaries, in the order of the ids of their events",
        description: "How the seats of each event sold, counted from its journal by the sink sales.",
        answer: "A page of sales summaries"
      })
    ),
    HttpApiEndpoint.get("get", "/admin/sales/:eventId", {
      params: { eventId: TheEvent },
      success: SalesInFull,
      error: OperatorProblems.salesNotCounted
    }).annotateMerge(
      about({
        id: "getSales",
        summary: "Get the sales summary of an event",
        description: "How the seats of the event sold, as far as the sink sales has counted.",
        answer: "The sales summary"
      })
    ),
    HttpApiEndpoint.post("rebuild", "/admin/sales/:eventId/rebuild", {
      params: { eventId: TheEvent },
      success: SalesInFull,
      error: [OperatorProblems.salesNotCounted, OperatorProblems.journalPruned]
    })
      .annotateMerge(
        about({
          id: "rebuildSales",
          summary: "Make the sales summary of an event anew from the journal",
          description: "Counts the whole journal of the event again, which must not have been pruned.",
          answer: "The sales summary as it is now"
        })
      )
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "Sales summaries of events.") {}
