/**
 * Sales summaries, for operators: looking at them, and rebuilding them. HTTP and the command line share these uses.
 */
import * as Effect from "effect/Effect"
import { type Event, EventNotFound } from "../../admission/domain/model/Event.ts"
import type { EventId } from "../../kernel/domain/EventId.ts"
import type { StoreError } from "../../kernel/ports/StoreError.ts"
import { eventResource } from "../../access/domain/audit/AuditEntry.ts"
import { AuditLog } from "../../access/ports/AuditLog.ts"
import type { ProjectionStore } from "../ports/ProjectionStore.ts"
import { AdmissionReads } from "../../admission/ports/AdmissionReads.ts"
import { everyEvent } from "../../admission/ports/EventFilter.ts"
import type { EventKey } from "../../admission/ports/EventReads.ts"
import type { PageByKey, PageRequest } from "../../kernel/domain/Page.ts"
import { pageByKey } from "../../kernel/application/Paging.ts"
import * as PartlyDone from "../../kernel/application/PartlyDone.ts"
import { described } from "../../kernel/domain/document/Documented.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"
import * as Schema from "effect/Schema"
import * as Projection from "./Projection.ts"
import * as Sales from "./Sales.ts"

/** Nothing has been counted of the event. */
export class SalesNotCounted extends TaggedError<SalesNotCounted>()("SalesNotCounted", {
  eventId: described("The id of the event", Schema.String)
}) {
  override get message(): string {
    return `Nothing has been counted of ${this.eventId}.`
  }
}

/** The number of events that are read at once. */
const PAGE = 500

/** A page of summaries, in the order of the ids of their events, which are the keys. */
export const list = (
  page: PageRequest<EventId>
): Effect.Effect<PageByKey<Sales.Sales, EventId>, StoreError, ProjectionStore> =>
  pageByKey(
    (asked) => Effect.map(Projection.list(Sales.projection, asked), (found) => found.map(Sales.show)),
    page,
    ({ eventId }) => eventId
  )

/** The summary of an event, with its days; `undefined` if none of its entries has been counted. */
export const get = (eventId: EventId): Effect.Effect<Sales.SalesInFull | undefined, StoreError, ProjectionStore> =>
  Effect.map(Projection.get(Sales.projection, eventId), (found) =>
    found === undefined ? undefined : Sales.showInFull(found)
  )

/** The ids of all events. */
export const allEvents: Effect.Effect<ReadonlyArray<EventId>, StoreError, AdmissionReads> = Effect.gen(function* () {
  const reads = yield* AdmissionReads
  const ids: Array<EventId> = []
  let after: EventKey | null = null
  do {
    const page: PageByKey<{ readonly id: EventId }, EventKey> = yield* pageByKey(
      (asked) => reads.events(everyEvent, asked, "earliest"),
      { after, limit: PAGE },
      ({ id, startsAt }) => ({ startsAt, id })
    )
    ids.push(...page.items.map(({ id }) => id))
    after = page.next
  } while (after !== null)
  return ids
})

/** Returns an event; fails with `EventNotFound` if it does not exist. */
export const requireEvent = (eventId: EventId): Effect.Effect<Event, EventNotFound | StoreError, AdmissionReads> =>
  Effect.flatMap(
    AdmissionReads.use((reads) => reads.event(eventId)),
    (event) => (event === undefined ? Effect.fail(new EventNotFound({ eventId })) : Effect.succeed(event))
  )

/**
 * Makes the summary of an event anew from its journal, and writes to the audit log who did it. The summary and the audit log
 * are two commits: `rebuild` fails with `PartlyDone` if only the first of them was made. A rebuild that fails leaves the
 * summary as it was, and nothing in the audit log.
 */
export const rebuild = (
  eventId: EventId,
  who: string
): Effect.Effect<
  void,
  EventNotFound | Projection.JournalPruned | StoreError | PartlyDone.PartlyDone,
  AuditLog | ProjectionStore | AdmissionReads
> =>
  // An interruption between the two commits would leave a rebuilt summary without an entry in the audit log.
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const log = yield* AuditLog
      const { organizationId } = yield* requireEvent(eventId)
      yield* restore(Projection.rebuild(Sales.projection, eventId))
      yield* PartlyDone.after({
        done: { rebuilt: eventId },
        told: `The sales summary of ${eventId} was made anew.`,
        next: "The audit log may not have it."
      })(log.note(who, "sales.rebuild", { event: eventId }, { resource: eventResource(eventId), organizationId }))
    })
  )
