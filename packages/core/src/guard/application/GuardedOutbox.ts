/**
 * The outbox and the journal, behind the policy.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { eventResource } from "../../access/domain/audit/AuditEntry.ts"
import * as OutboxAdministration from "../../delivery/application/OutboxAdministration.ts"
import type { Outbox } from "../../delivery/ports/Outbox.ts"
import { OutboxOperations } from "../../delivery/ports/OutboxOperations.ts"
import * as Subscription from "../../journal/application/Subscription.ts"
import type { JournalReader } from "../../journal/ports/JournalReader.ts"
import { lookAtInstallation, onInstallation } from "./Guard.ts"

type Operations = OutboxOperations["Service"]
type Sink = Parameters<Operations["retry"]>[0]
type Stream = Parameters<Operations["retry"]>[1]
type Needed = JournalReader | Outbox | OutboxOperations

const make = Effect.gen(function* () {
  const operations = yield* OutboxOperations
  const context = yield* Effect.context<Needed>()
  const provided = <A, E>(work: Effect.Effect<A, E, Needed>): Effect.Effect<A, E> => Effect.provide(work, context)
  return {
    status: onInstallation("getOutboxStatus", () => operations.status),
    blocked: (...asked: Parameters<typeof OutboxAdministration.blocked>) =>
      onInstallation("listBlockedStreams", () => provided(OutboxAdministration.blocked(...asked))),
    blockedStream: (...asked: Parameters<typeof OutboxAdministration.blockedStream>) =>
      lookAtInstallation(
        "getBlockedStream",
        provided(OutboxAdministration.blockedStream(...asked)),
        eventResource(asked[1])
      ),
    retry: (sink: Sink, stream: Stream) =>
      onInstallation("retryBlockedStream", (who) => operations.retry(sink, stream, who)),
    retryAll: (sink: Sink) => onInstallation("retryAllBlockedStreams", (who) => operations.retryAll(sink, who)),
    skip: (sink: Sink, stream: Stream, version: number) =>
      onInstallation("skipEntry", (who) => operations.skip(sink, stream, version, who)),
    discard: (sink: Sink, stream: Stream) =>
      onInstallation("discardBlockedStream", (who) => operations.discard(sink, stream, who)),
    forget: (sink: Sink) => onInstallation("forgetSink", (who) => operations.forget(sink, who)),
    prune: (before: Date) =>
      onInstallation("pruneJournal", (who) => provided(OutboxAdministration.pruneAndLook(before, who))),
    repair: onInstallation("repairOutbox", (who) => operations.repair(who)),
    journal: (...asked: Parameters<typeof Subscription.page>) =>
      lookAtInstallation(
        "readJournal",
        provided(Subscription.page(...asked)),
        null,
        // A reader that follows the journal asks again and again.
        ({ items }) => items.length > 0
      )
  }
})

export class GuardedOutbox extends Context.Service<GuardedOutbox, Effect.Success<typeof make>>()(
  "@turnout/GuardedOutbox"
) {
  static readonly layer: Layer.Layer<GuardedOutbox, never, Needed> = Layer.effect(GuardedOutbox, make)
}
