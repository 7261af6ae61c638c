/**
 * The group `replays` of the API for operators: entries of the journal that are sent to a sink again.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
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
import { SinkName } from "../admin/SinkName.ts"
import { about } from "../document/About.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { keyPage, limit } from "../requests/Paging.ts"

const ofReplay = { replayId: described("The id of the replay", ReplayId) }

const Selected = {
  from: described("Entries that happened at this time or later", Schema.optionalKey(Instant)),
  to: described("Entries that happened before this time", Schema.optionalKey(Instant)),
  types: described(
    "Entries of these types",
    Schema.optionalKey(Schema.Array(JournalEventType).check(Schema.isMinLength(1)))
  ),
  stream: described("Entries in the journal of this event", Schema.optionalKey(EventId)),
  message: described("The entry with this message id", Schema.optionalKey(Uuid))
}
const ReplayInput = Schema.Struct({
  sink: SinkName,
  ...Selected,
  /** Selects the whole journal. Without it, another field has to select entries. */
  all: described(
    "Selects the whole journal; without it, another field has to select entries",
    Schema.optionalKey(Schema.Literal(true))
  ),
  perSecond: Schema.optionalKey(Replay.fields.perSecond)
})
  .check(
    Schema.makeFilter(({ all, from, message, stream, to, types }) => {
      const isRestricted = [from, message, stream, to, types].some((restriction) => restriction !== undefined)
      return isRestricted !== (all === true) || "must have from, to, types, stream or message; or all: true"
    })
  )
  .annotate({ identifier: "ReplayInput" })

const DECISIONS = {
  resume: {
    id: "resumeReplay",
    summary: "Go on with a replay that was stopped",
    description: "It begins with the entry that could not be delivered.",
    answer: "The replay as it is now"
  },
  cancel: {
    id: "cancelReplay",
    summary: "End a replay",
    description: "Nothing more of it is sent. What has been sent stays sent.",
    answer: "The replay as it is now"
  }
} as const

export class ReplaysGroup extends HttpApiGroup.make("replays")
  .add(
    HttpApiEndpoint.post("start", "/admin/replays", {
      payload: ReplayInput,
      success: Replay.pipe(HttpApiSchema.status(201)),
      error: OperatorProblems.sinkNotFound
    })
      .annotateMerge(
        about({
          id: "startReplay",
          summary: "Send entries to a sink again",
          description:
            "The relays of the sink carry it out, beside their deliveries. Its messages carry the id of the replay.",
          answer: "The replay",
          body: { sink: "sales", types: ["AttendeeRegistered"], perSecond: 100 }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("count", "/admin/replays/count", {
      payload: Schema.Struct(Selected).annotate({ identifier: "SelectionInput" }),
      success: Schema.Struct({
        entries: described("The number of entries", Schema.Natural)
      }).annotate({ identifier: "Counted" })
    })
      .annotateMerge(
        about({
          id: "countReplay",
          summary: "Count the entries that would be sent",
          description: "Selects as a replay does, and sends nothing. Without a field, it counts the whole journal.",
          answer: "How many entries there are",
          body: { types: ["AttendeeRegistered"] }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("list", "/admin/replays", {
      query: { after: described("next of the page before", Schema.optionalKey(ReplayId)), limit },
      success: keyPage(Replay, ReplayId, "ReplayPage")
    }).annotateMerge(
      about({
        id: "listReplays",
        summary: "List replays, the latest first",
        description: "All replays that there have been, with how far they have come.",
        answer: "A page of replays"
      })
    ),
    HttpApiEndpoint.get("get", "/admin/replays/:replayId", {
      params: ofReplay,
      success: Replay,
      error: OperatorProblems.replayNotFound
    }).annotateMerge(
      about({
        id: "getReplay",
        summary: "Get a replay, with its progress",
        description: "The replay as it is now.",
        answer: "The replay"
      })
    ),
    ...(["resume", "cancel"] as const).map((name) =>
      HttpApiEndpoint.post(name, `/admin/replays/:replayId/${name}`, {
        params: ofReplay,
        success: Replay,
        error: [OperatorProblems.replayNotFound, OperatorProblems.replayNotOpen]
      })
        .annotateMerge(about(DECISIONS[name]))
        .middleware(BodyBoundary)
    )
  )
  .annotate(OpenApi.Description, "Entries of the journal that are sent to a sink again.") {}
