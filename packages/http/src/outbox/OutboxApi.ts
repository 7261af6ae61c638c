/**
 * The group `outbox` of the API for operators: sinks, their leases and blocked streams, and the journal.
 */
import { described } from "@turnout/core/kernel/domain/document/Documented"
import { JournalEvent, JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import { EventId } from "@turnout/core/kernel/domain/EventId"
import { Instant } from "@turnout/core/kernel/domain/Instant"
import { Uuid } from "@turnout/core/kernel/domain/Uuid"
import * as Schema from "effect/Schema"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import { SinkName } from "../admin/SinkName.ts"
import { type About, about } from "../document/About.ts"
import * as OperatorProblems from "../problems/OperatorProblems.ts"
import { BodyBoundary } from "../requests/Boundaries.ts"
import { keyPage, limit } from "../requests/Paging.ts"

const Count = Schema.Natural

const SlotStatus = Schema.Struct({
  slot: described("The number of the slot", Schema.Int),
  epoch: described("How often the slot was claimed: a write under an earlier epoch changes nothing", Schema.Int),
  owner: described("The relay that holds the lease; null if none does", Schema.NullOr(Schema.String)),
  until: described("When the lease ends unless it is renewed", Schema.NullOr(Instant))
}).annotate({ identifier: "SlotStatus" })
const SinkStatus = Schema.Struct({
  name: described("The name of the sink", Schema.String),
  createdAt: described("When the sink was first delivered to", Instant),
  relays: described("The number of its relays that run", Count),
  slots: described("The leases of its slots", Schema.Array(SlotStatus)),
  backlog: described(
    "The number of entries after the position of the sink; those of blocked streams that it has passed do not count",
    Count
  ),
  isBacklogLarger: described("Whether there are more entries than were counted", Schema.Boolean),
  oldest: described("When the oldest of these entries happened; null if there is none", Schema.NullOr(Instant)),
  retrying: described("The number of blocked streams that are tried again", Count),
  parked: described("The number of blocked streams that wait for an operator", Count),
  parkedSince: described("Since when the first of the parked streams has been blocked", Schema.NullOr(Instant))
}).annotate({ identifier: "SinkStatus" })
const OutboxStatus = Schema.Struct({
  at: described("The time of the store's clock", Instant),
  written: described(
    "About how many entries have been written in all: numbers of transactions that were rolled back count as well",
    Count
  ),
  sinks: described("The sinks, by name", Schema.Array(SinkStatus))
}).annotate({ identifier: "OutboxStatus" })
const BlockedStream = Schema.Struct({
  sink: described("The name of the sink", Schema.String),
  stream: described("The stream: the id of the event whose journal it is", EventId),
  version: described("The version of the first entry that waits", Schema.Int),
  attempts: described("How often it was tried", Schema.Int),
  error: described("Why it was not delivered the last time", Schema.String),
  since: described("Since when the stream is blocked", Instant),
  /** `null` while it is parked. */
  retryAt: described("When the stream is tried again; null while it is parked", Schema.NullOr(Instant))
}).annotate({ identifier: "BlockedStream" })
const oldest = described("When the oldest of the entries happened", Instant)
const kept = {
  oldest,
  entries: described("The number of entries", Count),
  isMore: described("Whether there are more entries than were counted", Schema.Boolean)
}
const sinkName = described("The name of the sink", Schema.String)
const Keeper = Schema.Union([
  Schema.Struct({
    _tag: Schema.Literal("Sink"),
    sink: sinkName,
    relays: described("The number of its relays that run", Count),
    ...kept
  }).annotate({ description: "The sink has not been given these entries" }),
  Schema.Struct({
    _tag: Schema.Literal("BlockedStreams"),
    sink: sinkName,
    streams: described("The number of the streams", Count),
    parked: described("How many of them are parked", Count),
    stream: described("The stream that was blocked first", EventId),
    since: described("Since when that stream is blocked", Instant),
    oldest
  }).annotate({ description: "Entries wait in streams that are blocked for the sink" }),
  Schema.Struct({
    _tag: Schema.Literal("Replay"),
    replay: described("The id of the replay", Uuid),
    sink: sinkName,
    state: described("The state of the replay", Schema.Literals(["running", "stopped"])),
    startedAt: described("When the replay was started", Instant),
    sent: described("How many messages it has sent", Count),
    total: described("How many messages it is to send", Count),
    ...kept
  }).annotate({ description: "The replay is still to look at these entries" }),
  Schema.Struct({ _tag: Schema.Literal("Store"), ...kept }).annotate({
    description: "The store keeps these entries in any case: for an hour, or all of them for as long as it is there"
  })
]).annotate({ identifier: "Keeper" })

const { payload: _payload, type: _type, ...EntryFields } = StoredJournalEntry.fields
const JournalItem = Schema.Struct({
  ...EntryFields,
  event: described("What happened", JournalEvent)
}).annotate({ identifier: "JournalItem" })

const ofSink = { sink: SinkName }
const ofStream = {
  sink: SinkName,
  stream: described("The stream: the id of the event whose journal it is", EventId)
}

const decideAbout = <const Name extends string>(name: Name, path: `/${string}`, words: About) =>
  HttpApiEndpoint.post(name, `/admin/sinks/:sink/blocked/:stream${path}`, {
    params: ofStream,
    success: BlockedStream,
    error: [OperatorProblems.sinkNotFound, OperatorProblems.streamNotBlocked]
  })
    .annotateMerge(about(words))
    .middleware(BodyBoundary)

export class OutboxGroup extends HttpApiGroup.make("outbox")
  .add(
    HttpApiEndpoint.get("status", "/admin/outbox", { success: OutboxStatus }).annotateMerge(
      about({
        id: "getOutboxStatus",
        summary: "Get the backlog, age, leases and blocked streams of every sink",
        description: "How far each sink has been given the journal, and what holds it up.",
        answer: "The state of the outbox"
      })
    ),
    HttpApiEndpoint.get("blocked", "/admin/sinks/:sink/blocked", {
      params: ofSink,
      query: {
        state: described(
          "parked: those that wait for an operator; retrying: those that are tried again. Default: both",
          Schema.optionalKey(Schema.Literals(["parked", "retrying"])),
          { examples: ["parked"] }
        ),
        after: described("next of the page before", Schema.optionalKey(EventId)),
        limit
      },
      success: keyPage(BlockedStream, EventId, "BlockedStreamPage"),
      error: OperatorProblems.sinkNotFound
    }).annotateMerge(
      about({
        id: "listBlockedStreams",
        summary: "List blocked streams in the order of their ids",
        description:
          "A stream is blocked for a sink from an entry on that could not be delivered; its later entries wait.",
        answer: "A page of blocked streams"
      })
    ),
    HttpApiEndpoint.get("blockedStream", "/admin/sinks/:sink/blocked/:stream", {
      params: ofStream,
      success: Schema.Struct({
        block: described("The stream", BlockedStream),
        waiting: described("The first entries that wait, in order", Schema.Array(StoredJournalEntry))
      }).annotate({
        identifier: "BlockedStreamWithEntries"
      }),
      error: [OperatorProblems.sinkNotFound, OperatorProblems.streamNotBlocked]
    }).annotateMerge(
      about({
        id: "getBlockedStream",
        summary: "Get a blocked stream, with the first entries that wait",
        description: "Shows why the first entry was not delivered, and what waits after it.",
        answer: "The stream and the entries"
      })
    ),
    decideAbout("retry", "/retry", {
      id: "retryBlockedStream",
      summary: "Try a stream again at once",
      description: "The relay begins with the entry that could not be delivered, with all attempts anew.",
      answer: "The stream as it is now"
    }),
    HttpApiEndpoint.post("retryAll", "/admin/sinks/:sink/blocked/retry", {
      params: ofSink,
      success: Schema.Struct({
        retried: described("The number of streams", Count)
      }).annotate({ identifier: "Retried" }),
      error: OperatorProblems.sinkNotFound
    })
      .annotateMerge(
        about({
          id: "retryAllBlockedStreams",
          summary: "Try every parked stream of a sink again",
          description: "The relay begins each with the entry that could not be delivered, with all attempts anew.",
          answer: "How many streams are tried again"
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("skip", "/admin/sinks/:sink/blocked/:stream/skip", {
      params: ofStream,
      payload: Schema.Struct({
        version: described("The version of the first entry that waits", Schema.Natural, { examples: [1] })
      }).annotate({ identifier: "SkipInput" }),
      success: BlockedStream,
      error: [OperatorProblems.sinkNotFound, OperatorProblems.streamNotBlocked, OperatorProblems.streamMovedOn]
    })
      .annotateMerge(
        about({
          id: "skipEntry",
          summary: "Leave out the first entry that waits",
          description:
            "The sink is never given the entry, which has to be of this version, and goes on with the next one.",
          answer: "The stream as it is now",
          body: { version: 1 }
        })
      )
      .middleware(BodyBoundary),
    decideAbout("discard", "/discard", {
      id: "discardBlockedStream",
      summary: "Leave out everything that waits",
      description:
        "The sink is never given the entries of the stream that are in the journal now, and goes on with later ones.",
      answer: "The stream as it is now"
    }),
    HttpApiEndpoint.delete("forget", "/admin/sinks/:sink", {
      params: ofSink,
      success: HttpApiSchema.NoContent,
      error: OperatorProblems.sinkNotFound
    })
      .annotateMerge(
        about({
          id: "forgetSink",
          summary: "Forget a sink that is no longer delivered to",
          description:
            "Its positions, blocked streams and replays are gone, and it keeps no entry from being pruned any more.",
          answer: "The sink is forgotten"
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("prune", "/admin/outbox/prune", {
      payload: Schema.Struct({
        before: described("Entries that happened before this time are deleted", Instant)
      }).annotate({ identifier: "PruneInput" }),
      success: Schema.Struct({
        deleted: described("The number of entries that were deleted", Count),
        isMore: described("Whether there is more to delete: ask again", Schema.Boolean),
        /** `null` as long as there is more. */
        keepers: described("What keeps the rest; null as long as there is more", Schema.NullOr(Schema.Array(Keeper)))
      }).annotate({ identifier: "Pruned" })
    })
      .annotateMerge(
        about({
          id: "pruneJournal",
          summary: "Delete entries that nothing keeps",
          description: "Deletes up to 5,000 entries at once: ask again while isMore, and then see what keeps the rest.",
          answer: "What was deleted, and what keeps the rest",
          body: { before: "2026-01-01T00:00:00Z" }
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.post("repair", "/admin/outbox/repair", {
      success: Schema.Struct({
        repaired: described(
          "What was repaired; null if there was nothing to repair",
          Schema.NullOr(
            Schema.Struct({
              positions: described("Positions that were set anew, one for each sink and slot", Count),
              entries: described("Entries that were given the transaction id of the repair", Count)
            })
          )
        )
      }).annotate({ identifier: "Repaired" })
    })
      .annotateMerge(
        about({
          id: "repairOutbox",
          summary: "Make a journal deliverable that was restored into another cluster",
          description: "Changes nothing if the journal is deliverable.",
          answer: "What was repaired"
        })
      )
      .middleware(BodyBoundary),
    HttpApiEndpoint.get("journal", "/admin/journal", {
      query: {
        from: described("Where to begin without a cursor", Schema.optionalKey(Schema.Literals(["beginning", "now"])), {
          default: "beginning",
          examples: ["beginning"]
        }),
        cursor: described("cursor of the page before", Schema.optionalKey(Schema.String)),
        type: described("Only entries of this type", Schema.optionalKey(JournalEventType), {
          examples: ["EventCreated"]
        }),
        limit
      },
      success: Schema.Struct({
        items: described("The entries, in order", Schema.Array(JournalItem)),
        cursor: described("Where the next page begins, be there more now or later", Schema.String)
      }).annotate({
        identifier: "JournalPage"
      })
    }).annotateMerge(
      about({
        id: "readJournal",
        summary: "Read the journal from its beginning, from now, or after a cursor",
        description:
          "The entries of all events. A reader keeps its place by the cursor, and keeps no entry from being pruned.",
        answer: "A page of the journal"
      })
    )
  )
  .annotate(OpenApi.Description, "Sinks, their leases and blocked streams, and the journal.") {}
