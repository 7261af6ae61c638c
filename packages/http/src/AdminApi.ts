/**
 * The HTTP API for operators, under `/admin`: the outbox, replays, webhooks, sales and dead letters.
 *
 * Every request needs the admin token; a server without one refuses all of them. `X-Actor` says who it is for the audit log.
 */
import { Limit } from "@turnout/core/application/Cursor"
import { Rotation, WebhookChanges } from "@turnout/core/application/Webhooks"
import { EventId } from "@turnout/core/domain/Event"
import { Instant } from "@turnout/core/domain/Instant"
import { JournalEvent, JournalEventType, Metadata, StoredJournalEntry } from "@turnout/core/domain/JournalEvent"
import { Message } from "@turnout/core/domain/Message"
import { Replay, ReplayId } from "@turnout/core/domain/Replay"
import { SalesSummary } from "@turnout/core/domain/SalesSummary"
import { line } from "@turnout/core/domain/Text"
import { Uuid } from "@turnout/core/domain/Uuid"
import { Webhook, WebhookAttempt, WebhookId, WebhookInput } from "@turnout/core/domain/Webhook"
import * as Schema from "effect/Schema"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import { BodyBoundary, Boundary, describeLimit, strictness } from "./Api.ts"
import * as Problems from "./Problems.ts"

/** On every endpoint: who does not have the token is refused. */
export class AdminToken extends HttpApiMiddleware.Service<AdminToken>()("@turnout/http/AdminToken", {
  error: Problems.unauthorized,
  security: { bearer: HttpApiSecurity.bearer }
}) {}

/** How many dead letters are moved by one request. */
export const MOVED_AT_ONCE = 100

const headers = {
  "x-actor": Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[\x20-\x7e]{1,200}$/, { expected: "1 to 200 printable ASCII characters" }))
  )
}

const SinkName = line({ minLength: 1, maxLength: 200 })
const limit = Schema.optionalKey(Limit)
const page = <S extends Schema.Top>(item: S, next: Schema.Top, identifier: string) =>
  Schema.Struct({ items: Schema.Array(item), next: Schema.NullOr(next as Schema.Codec<unknown>) }).annotate({
    identifier
  })

const SlotStatus = Schema.Struct({
  slot: Schema.Int,
  epoch: Schema.Int,
  owner: Schema.NullOr(Schema.String),
  until: Schema.NullOr(Instant)
}).annotate({ identifier: "SlotStatus" })
const SinkStatus = Schema.Struct({
  name: Schema.String,
  createdAt: Instant,
  workers: Schema.Int,
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
const ofReplay = { replayId: ReplayId }
const ofWebhook = { webhookId: WebhookId }

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
  /** Everything in the journal: without it, something has to be selected. */
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
const WithSecret = Schema.Struct({ webhook: Webhook, secret: Schema.String }).annotate({ identifier: "WithSecret" })

const get = HttpApiEndpoint.get

const decideAbout = <const Name extends string>(name: Name, path: `/${string}`, summary: string) =>
  HttpApiEndpoint.post(name, `/admin/sinks/:sink/blocked/:stream${path}`, {
    params: ofStream,
    headers,
    success: BlockedStream,
    error: [Problems.sinkNotFound, Problems.streamNotBlocked]
  })
    .annotate(OpenApi.Summary, summary)
    .middleware(Boundary)
    .middleware(BodyBoundary)

export class OutboxGroup extends HttpApiGroup.make("outbox")
  .add(
    get("status", "/admin/outbox", { success: OutboxStatus }).annotate(
      OpenApi.Summary,
      "Backlog, age, leases and blocked streams of every sink"
    ),
    get("blocked", "/admin/sinks/:sink/blocked", {
      params: ofSink,
      query: {
        state: Schema.optionalKey(Schema.Literals(["parked", "retrying"])),
        after: Schema.optionalKey(EventId),
        limit
      },
      success: page(BlockedStream, EventId, "BlockedStreamPage"),
      error: Problems.sinkNotFound
    })
      .annotate(OpenApi.Summary, "List blocked streams in the order of their ids")
      .annotate(OpenApi.Transform, describeLimit),
    get("blockedStream", "/admin/sinks/:sink/blocked/:stream", {
      params: ofStream,
      success: Schema.Struct({ block: BlockedStream, waiting: Schema.Array(StoredJournalEntry) }).annotate({
        identifier: "BlockedStreamWithEntries"
      }),
      error: [Problems.sinkNotFound, Problems.streamNotBlocked]
    }).annotate(OpenApi.Summary, "Get a blocked stream, with the first entries that wait"),
    decideAbout("retry", "/retry", "Try a stream again at once"),
    HttpApiEndpoint.post("retryAll", "/admin/sinks/:sink/blocked/retry", {
      params: ofSink,
      headers,
      success: Schema.Struct({ retried: Schema.Int }).annotate({ identifier: "Retried" }),
      error: Problems.sinkNotFound
    })
      .annotate(OpenApi.Summary, "Try every parked stream of a sink again")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("skip", "/admin/sinks/:sink/blocked/:stream/skip", {
      params: ofStream,
      headers,
      payload: Schema.Struct({ version: Schema.Natural }).annotate({ identifier: "SkipInput" }),
      success: BlockedStream,
      error: [Problems.sinkNotFound, Problems.streamNotBlocked, Problems.streamMovedOn]
    })
      .annotate(OpenApi.Summary, "Leave out the first entry that waits, which is of this version")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    decideAbout("discard", "/discard", "Leave out everything that waits"),
    HttpApiEndpoint.delete("forget", "/admin/sinks/:sink", {
      params: ofSink,
      headers,
      success: HttpApiSchema.NoContent,
      error: Problems.sinkNotFound
    })
      .annotate(OpenApi.Summary, "Forget a sink that is no longer delivered to, and what waits for it")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("prune", "/admin/outbox/prune", {
      headers,
      payload: Schema.Struct({ before: Instant }).annotate({ identifier: "PruneInput" }),
      success: Schema.Struct({ deleted: Schema.Int, isMore: Schema.Boolean }).annotate({ identifier: "Pruned" })
    })
      .annotate(OpenApi.Summary, "Delete up to 5,000 entries that every sink has been given; again while isMore")
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
    get("journal", "/admin/journal", {
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
      .annotate(OpenApi.Summary, "Read on in the journal, from its beginning, from now, or behind a cursor")
      .annotate(OpenApi.Transform, describeLimit),
    get("audit", "/admin/audit", {
      query: {
        after: Schema.optionalKey(Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThan(0))),
        limit
      },
      success: page(AuditEntry, Schema.Int, "AuditPage")
    })
      .annotate(OpenApi.Summary, "List what operators have done, the latest first")
      .annotate(OpenApi.Transform, describeLimit)
  )
  .annotate(OpenApi.Description, "What is delivered to whom, and what could not be.") {}

export class ReplaysGroup extends HttpApiGroup.make("replays")
  .add(
    HttpApiEndpoint.post("start", "/admin/replays", {
      headers,
      payload: ReplayInput,
      success: Replay.pipe(HttpApiSchema.status(201)),
      error: Problems.sinkNotFound
    })
      .annotate(OpenApi.Summary, "Send entries to a sink again; its relays carry it out")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("count", "/admin/replays/count", {
      payload: Schema.Struct(Selected).annotate({ identifier: "SelectionInput" }),
      success: Schema.Struct({ entries: Schema.Int }).annotate({ identifier: "Counted" })
    })
      .annotate(OpenApi.Summary, "Count what would be sent")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    get("list", "/admin/replays", {
      query: { after: Schema.optionalKey(ReplayId), limit },
      success: page(Replay, ReplayId, "ReplayPage")
    })
      .annotate(OpenApi.Summary, "List replays, the latest first")
      .annotate(OpenApi.Transform, describeLimit),
    get("get", "/admin/replays/:replayId", {
      params: ofReplay,
      success: Replay,
      error: Problems.replayNotFound
    }).annotate(OpenApi.Summary, "Get a replay, with its progress"),
    ...(["resume", "cancel"] as const).map((name) =>
      HttpApiEndpoint.post(name, `/admin/replays/:replayId/${name}`, {
        params: ofReplay,
        headers,
        success: Replay,
        error: [Problems.replayNotFound, Problems.replayNotOpen]
      })
        .annotate(OpenApi.Summary, name === "resume" ? "Go on with a replay that was stopped" : "End a replay")
        .middleware(Boundary)
        .middleware(BodyBoundary)
    )
  )
  .annotate(OpenApi.Description, "Entries of the journal that are sent to a sink again.") {}

const changeWebhook = <const Name extends string>(name: Name, summary: string) =>
  HttpApiEndpoint.post(name, `/admin/webhooks/:webhookId/${name}`, {
    params: ofWebhook,
    headers,
    success: Webhook,
    error: Problems.webhookNotFound
  })
    .annotate(OpenApi.Summary, summary)
    .middleware(Boundary)
    .middleware(BodyBoundary)

export class WebhooksGroup extends HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.post("create", "/admin/webhooks", {
      headers,
      payload: Schema.Struct({
        ...WebhookInput.fields,
        from: Schema.optionalKey(Schema.Literals(["beginning", "now"]))
      }).annotate({ identifier: "WebhookInput" }),
      success: WithSecret.pipe(HttpApiSchema.status(201))
    })
      .annotate(OpenApi.Summary, "Add a webhook; its secret is shown this once")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    get("list", "/admin/webhooks", {
      query: { after: Schema.optionalKey(WebhookId), limit },
      success: page(Webhook, WebhookId, "WebhookPage")
    })
      .annotate(OpenApi.Summary, "List webhooks, the oldest first")
      .annotate(OpenApi.Transform, describeLimit),
    get("get", "/admin/webhooks/:webhookId", {
      params: ofWebhook,
      success: Webhook,
      error: Problems.webhookNotFound
    }).annotate(OpenApi.Summary, "Get a webhook"),
    HttpApiEndpoint.patch("update", "/admin/webhooks/:webhookId", {
      params: ofWebhook,
      headers,
      payload: WebhookChanges.annotate({ identifier: "WebhookChanges" }),
      success: Webhook,
      error: Problems.webhookNotFound
    })
      .annotate(OpenApi.Summary, "Change where and what is posted")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("rotate", "/admin/webhooks/:webhookId/rotate", {
      params: ofWebhook,
      headers,
      payload: Rotation.annotate({ identifier: "RotationInput" }),
      success: WithSecret,
      error: Problems.webhookNotFound
    })
      .annotate(OpenApi.Summary, "Sign with a new secret, and for a while with the one before as well")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    changeWebhook("enable", "Post again, beginning with what happened meanwhile"),
    changeWebhook("disable", "Post nothing until it is enabled again"),
    HttpApiEndpoint.delete("remove", "/admin/webhooks/:webhookId", {
      params: ofWebhook,
      headers,
      success: HttpApiSchema.NoContent,
      error: Problems.webhookNotFound
    })
      .annotate(OpenApi.Summary, "Remove a webhook, with its log and what waits for it")
      .middleware(Boundary)
      .middleware(BodyBoundary),
    get("attempts", "/admin/webhooks/:webhookId/attempts", {
      params: ofWebhook,
      query: {
        after: Schema.optionalKey(Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThan(0))),
        limit
      },
      success: page(WebhookAttempt, Schema.Int, "WebhookAttemptPage"),
      error: Problems.webhookNotFound
    })
      .annotate(OpenApi.Summary, "List the requests that were made, the latest first")
      .annotate(OpenApi.Transform, describeLimit)
  )
  .annotate(OpenApi.Description, "URLs that events are posted to.") {}

const Sales = Schema.Struct({
  ...SalesSummary.fields,
  millisToSellOut: Schema.NullOr(Schema.Number),
  /** The last entry of the stream that is counted. */
  version: Schema.Natural
}).annotate({ identifier: "SalesSummary" })

export class SalesGroup extends HttpApiGroup.make("sales")
  .add(
    get("list", "/admin/sales", {
      query: { after: Schema.optionalKey(EventId), limit },
      success: page(Sales, EventId, "SalesPage")
    })
      .annotate(OpenApi.Summary, "List sales summaries, in the order of the ids of their events")
      .annotate(OpenApi.Transform, describeLimit),
    get("get", "/admin/sales/:eventId", {
      params: { eventId: EventId },
      success: Sales,
      error: Problems.salesNotCounted
    }).annotate(OpenApi.Summary, "Get the sales summary of an event"),
    HttpApiEndpoint.post("rebuild", "/admin/sales/:eventId/rebuild", {
      params: { eventId: EventId },
      headers,
      success: Sales,
      error: [Problems.salesNotCounted, Problems.journalPruned]
    })
      .annotate(OpenApi.Summary, "Make the sales summary of an event anew from the journal")
      .middleware(Boundary)
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "How events sold.") {}

const DeadLetterQueue = Schema.Struct({
  name: Schema.String,
  /** Where its messages are moved to. */
  to: Schema.String
}).annotate({ identifier: "DeadLetterQueue" })
const DeadLetter = Schema.Struct({
  id: Schema.String,
  group: Schema.NullOr(Schema.String),
  sentAt: Instant,
  receiveCount: Schema.Int,
  body: Schema.String,
  /** What it says, if it is a message of Turnout. */
  message: Schema.NullOr(Message)
}).annotate({ identifier: "DeadLetter" })
const ofQueue = { queue: line({ minLength: 1, maxLength: 200 }) }

export class DeadLettersGroup extends HttpApiGroup.make("deadLetters")
  .add(
    get("queues", "/admin/dead-letters", {
      success: Schema.Struct({ items: Schema.Array(DeadLetterQueue) }).annotate({ identifier: "DeadLetterQueues" })
    }).annotate(OpenApi.Summary, "List the dead-letter queues that this server was told of"),
    get("list", "/admin/dead-letters/:queue", {
      params: ofQueue,
      query: { limit },
      success: Schema.Struct({
        ...DeadLetterQueue.fields,
        /** About how many there are. */
        count: Schema.Int,
        items: Schema.Array(DeadLetter)
      }).annotate({ identifier: "DeadLetters" }),
      error: [Problems.deadLettersNotFound, Problems.queueUnavailable]
    })
      .annotate(OpenApi.Summary, "Look at dead letters; they are hidden from others meanwhile")
      .annotate(OpenApi.Transform, describeLimit),
    HttpApiEndpoint.post("redrive", "/admin/dead-letters/:queue/redrive", {
      params: ofQueue,
      headers,
      payload: Schema.Struct({
        /** By the id of the message, or of the queue. Default: all. */
        messages: Schema.optionalKey(
          Schema.Array(line({ minLength: 1, maxLength: 200 })).check(
            Schema.isMinLength(1),
            Schema.isMaxLength(MOVED_AT_ONCE)
          )
        )
      }).annotate({ identifier: "RedriveInput" }),
      success: Schema.Struct({ moved: Schema.Int, isMore: Schema.Boolean }).annotate({ identifier: "Redriven" }),
      error: [Problems.deadLettersNotFound, Problems.queueUnavailable]
    })
      .annotate(OpenApi.Summary, `Move up to ${MOVED_AT_ONCE} dead letters back; again while isMore`)
      .middleware(Boundary)
      .middleware(BodyBoundary)
  )
  .annotate(OpenApi.Description, "Messages that a queue has given up on.") {}

export class AdminApi extends HttpApi.make("turnout-admin")
  .add(OutboxGroup, ReplaysGroup, WebhooksGroup, SalesGroup, DeadLettersGroup)
  .middleware(Boundary)
  .middleware(AdminToken)
  .annotateMerge(strictness)
  .annotateMerge(
    OpenApi.annotations({
      title: "Turnout for operators",
      version: "0.1.0",
      description: "Looking at what is delivered to whom, and repairing it. Every request needs the admin token."
    })
  ) {}
