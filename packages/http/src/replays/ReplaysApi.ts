/**
 * The group `replays` of the API for operators: entries of the journal that are sent to a sink again.
 */
import { Replay, ReplayId } from "@turnout/core/delivery/domain/Replay"
import { JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { Instant } from "@turnout/core/kernel/domain/Instant"
import { Uuid } from "@turnout/core/kernel/domain/Uuid"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { headers } from "../admin/Actor.ts"
import { SinkName } from "../admin/SinkName.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { BodyBoundary, Boundary } from "../requests/Boundaries.ts"
import { describeLimit, keyPage, limit } from "../requests/Paging.ts"

const ofReplay = { replayId: ReplayId }

const Selected = {
  from: Schema.optionalKey(Instant),
  to: Schema.optionalKey(Instant),
  types: Schema.optionalKey(Schema.Array(JournalEventType).check(Schema.isMinLength(1))),
  stream: Schema.optionalKey(EventId),
  message: Schema.optionalKey(Uuid)
}
const ReplayInput = Schema.Struct({
  sink: SinkName,
  ...Selected,
  /** Selects the whole journal. Without it, another field has to select entries. */
  all: Schema.optionalKey(Schema.Literal(true)),
  perSecond: Schema.optionalKey(Replay.fields.perSecond)
})
  .check(
    Schema.makeFilter(({ all, from, message, stream, to, types }) => {
      const isRestricted = [from, message, stream, to, types].some((restriction) => restriction !== undefined)
      return isRestricted !== (all === true) || "must have from, to, types, stream or message; or all: true"
    })
  )
  .annotate({ identifier: "ReplayInput" })

export class ReplaysGroup extends HttpApiGroup.make("replays")
  .add(
    HttpApiEndpoint.post("start", "/admin/replays", {
      headers,
      payload: ReplayInput,
      success: Replay.pipe(HttpApiSchema.status(201)),
      error: OperatorProblems.sinkNotFound
    })
      .annotate(OpenApi.Summary, "Send entries to a sink again; its relays carry it out")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("count", "/admin/replays/count", {
      payload: Schema.Struct(Selected).annotate({ identifier: "SelectionInput" }),
      success: Schema.Struct({ entries: Schema.Int }).annotate({ identifier: "Counted" })
    })
      .annotate(OpenApi.Summary, "Count the entries that would be sent")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("list", "/admin/replays", {
      query: { after: Schema.optionalKey(ReplayId), limit },
      success: keyPage(Replay, ReplayId, "ReplayPage")
    })
      .annotate(OpenApi.Summary, "List replays, the latest first")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("get", "/admin/replays/:replayId", {
      params: ofReplay,
      success: Replay,
      error: OperatorProblems.replayNotFound
    }).annotate(OpenApi.Summary, "Get a replay, with its progress"),
    ...(["resume", "cancel"] as const).map((name) =>
      HttpApiEndpoint.post(name, `/admin/replays/:replayId/${name}`, {
        params: ofReplay,
        headers,
        success: Replay,
        error: [OperatorProblems.replayNotFound, OperatorProblems.replayNotOpen]
      })
        .annotate(OpenApi.Summary, name === "resume" ? "Go on with a replay that was stopped" : "End a replay")
        .middleware(Boundary)
        .middleware(BodyBoundary)
    )
  )
  .annotate(OpenApi.Description, "Entries of the journal that are sent to a sink again.") {}
