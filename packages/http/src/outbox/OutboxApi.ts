/**
 * The group `outbox` of the API for operators: sinks, their leases and blocked streams, the journal, and the audit log.
 */
import { JournalEvent, JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import { Metadata, StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
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

const SlotStatus = Schema.Struct({
  slot: Schema.Int,
  epoch: Schema.Int,
  owner: Schema.NullOr(Schema.String),
  until: Schema.NullOr(Instant)
}).annotate({ identifier: "SlotStatus" })
const SinkStatus = Schema.Struct({
  name: Schema.String,
  createdAt: Instant,
  relays: Schema.Int,
  slots: Schema.Array(SlotStatus),
  backlog: Schema.Int,
  isBacklogLarger: Schema.Boolean,
  oldest: Schema.NullOr(Instant),
  retrying: Schema.Int,
  parked: Schema.Int,
  parkedSince: Schema.NullOr(Instant)
}).annotate({ identifier: "SinkStatus" })
const OutboxStatus = Schema.Struct({ at: Instant, written: Schema.Int, sinks: Schema.Array(SinkStatus) }).annotate({
  identifier: "OutboxStatus"
})
const BlockedStream = Schema.Struct({
  sink: Schema.String,
  stream: EventId,
  version: Schema.Int,
  attempts: Schema.Int,
  error: Schema.String,
  since: Instant,
  /** `null` while it is parked. */
  retryAt: Schema.NullOr(Instant)
}).annotate({ identifier: "BlockedStream" })
const kept = { oldest: Instant, entries: Schema.Int, isMore: Schema.Boolean }
const Keeper = Schema.Union([
  Schema.Struct({ _tag: Schema.Literal("Sink"), sink: Schema.String, relays: Schema.Int, ...kept }),
  Schema.Struct({
    _tag: Schema.Literal("BlockedStreams"),
    sink: Schema.String,
    streams: Schema.Int,
    parked: Schema.Int,
    stream: EventId,
    since: Instant,
    oldest: Instant
  }),
  Schema.Struct({
    _tag: Schema.Literal("Replay"),
    replay: Uuid,
    sink: Schema.String,
    state: Schema.Literals(["running", "stopped"]),
    startedAt: Instant,
    sent: Schema.Int,
    total: Schema.Int,
    ...kept
  }),
  Schema.Struct({ _tag: Schema.Literal("Store"), ...kept })
]).annotate({ identifier: "Keeper" })
const AuditEntry = Schema.Struct({
  id: Schema.Int,
  at: Instant,
  who: Schema.String,
  action: Schema.String,
  details: Schema.Record(Schema.String, Schema.Unknown)
}).annotate({ identifier: "AuditEntry" })

const JournalItem = Schema.Struct({
  id: Uuid,
  eventId: EventId,
  version: Schema.Int,
  schemaVersion: Schema.Int,
  event: JournalEvent,
  metadata: Metadata,
  occurredAt: Instant
}).annotate({ identifier: "JournalItem" })

const ofSink = { sink: SinkName }
const ofStream = { sink: SinkName, stream: EventId }

const decideAbout = <const Name extends string>(name: Name, path: `/${string}`, summary: string) =>
  HttpApiEndpoint.post(name, `/admin/sinks/:sink/blocked/:stream${path}`, {
    params: ofStream,
    headers,
    success: BlockedStream,
    error: [OperatorProblems.sinkNotFound, OperatorProblems.streamNotBlocked]
  })
    .annotate(OpenApi.Summary, summary)
    .middleware(Boundary)
    .middleware(BodyBoundary)

export class OutboxGroup extends HttpApiGroup.make("outbox")
  .add(
    HttpApiEndpoint.get("status", "/admin/outbox", { success: OutboxStatus }).annotate(
      OpenApi.Summary,
      "Backlog, age, leases and blocked streams of every sink"
    ),
    HttpApiEndpoint.get("blocked", "/admin/sinks/:sink/blocked", {
      params: ofSink,
      query: {
        state: Schema.optionalKey(Schema.Literals(["parked", "retrying"])),
        after: Schema.optionalKey(EventId),
        limit
      },
      success: keyPage(BlockedStream, EventId, "BlockedStreamPage"),
      error: OperatorProblems.sinkNotFound
    })
      .annotate(OpenApi.Summary, "List blocked streams in the order of their ids")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("blockedStream", "/admin/sinks/:sink/blocked/:stream", {
      params: ofStream,
      success: Schema.Struct({ block: BlockedStream, waiting: Schema.Array(StoredJournalEntry) }).annotate({
        identifier: "BlockedStreamWithEntries"
      }),
      error: [OperatorProblems.sinkNotFound, OperatorProblems.streamNotBlocked]
    }).annotate(OpenApi.Summary, "Get a blocked stream, with the first entries that wait"),
    decideAbout("retry", "/retry", "Try a stream again at once"),
    HttpApiEndpoint.post("retryAll", "/admin/sinks/:sink/blocked/retry", {
      params: ofSink,
      headers,
      success: Schema.Struct({ retried: Schema.Int }).annotate({ identifier: "Retried" }),
      error: OperatorProblems.sinkNotFound
    })
      .annotate(OpenApi.Summary, "Try every parked stream of a sink again")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("skip", "/admin/sinks/:sink/blocked/:stream/skip", {
      params: ofStream,
      headers,
      payload: Schema.Struct({ version: Schema.Natural }).annotate({ identifier: "SkipInput" }),
      success: BlockedStream,
      error: [OperatorProblems.sinkNotFound, OperatorProblems.streamNotBlocked, OperatorProblems.streamMovedOn]
    })
      .annotate(OpenApi.Summary, "Leave out the first entry that waits, which is of this version")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    decideAbout("discard", "/discard", "Leave out everything that waits"),
    HttpApiEndpoint.delete("forget", "/admin/sinks/:sink", {
      params: ofSink,
      headers,
      success: HttpApiSchema.NoContent,
      error: OperatorProblems.sinkNotFound
    })
      .annotate(OpenApi.Summary, "Forget a sink that is no longer delivered to, and everything that waits for it")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("prune", "/admin/outbox/prune", {
      headers,
      payload: Schema.Struct({ before: Instant }).annotate({ identifier: "PruneInput" }),
      success: Schema.Struct({
        deleted: Schema.Int,
        isMore: Schema.Boolean,
        /** `null` as long as there is more. */
        keepers: Schema.NullOr(Schema.Array(Keeper))
      }).annotate({ identifier: "Pruned" })
    })
      .annotate(
        OpenApi.Summary,
        "Delete up to 5,000 entries that nothing keeps; again while isMore; then see what keeps the rest"
      )
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("repair", "/admin/outbox/repair", {
      headers,
      success: Schema.Struct({
        repaired: Schema.NullOr(Schema.Struct({ positions: Schema.Int, entries: Schema.Int }))
      }).annotate({ identifier: "Repaired" })
    })
      .annotate(OpenApi.Summary, "Make a journal deliverable that was restored into another cluster; null if it was")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("journal", "/admin/journal", {
      query: {
        from: Schema.optionalKey(Schema.Literals(["beginning", "now"])),
        cursor: Schema.optionalKey(Schema.String),
        type: Schema.optionalKey(JournalEventType),
        limit
      },
      success: Schema.Struct({ items: Schema.Array(JournalItem), cursor: Schema.String }).annotate({
        identifier: "JournalPage"
      })
    })
      .annotate(OpenApi.Summary, "Read the journal from its beginning, from now, or after a cursor")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.get("audit", "/admin/audit", {
      query: {
        after: Schema.optionalKey(Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThan(0))),
        limit
      },
      success: keyPage(AuditEntry, Schema.Int, "AuditPage")
    })
      .annotate(OpenApi.Summary, "List what operators have done, the latest first")
      .annotate(OpenApi.Transform, describeLimit)
  )
  .annotate(OpenApi.Description, "Sinks, their leases and blocked streams, the journal, and the audit log.") {}
