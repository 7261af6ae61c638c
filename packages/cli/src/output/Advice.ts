/**
 * Advice after a failure, or about what keeps entries of the journal: the command of `turnout` that helps. The core says what is
 * wrong, in the same words to every transport; the command line adds the command.
 */
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import type { Keeper, SinkKeeper } from "@turnout/core/delivery/domain/Keeper"
import { SinkNotFound } from "@turnout/core/delivery/ports/OutboxOperations"
import { ReplayNotFound } from "@turnout/core/delivery/ports/Replays"
import { EventWasDeleted } from "@turnout/core/admission/domain/model/event/EventDeletion"
import { VersionConflict } from "@turnout/core/admission/domain/model/event/EventVersion"
import { ApiKeyNotFound } from "@turnout/core/access/domain/credentials/ApiKey"
import { LastOwner, MemberExists, MemberNotFound } from "@turnout/core/access/domain/Member"
import { PersonNotFound } from "@turnout/core/access/domain/Person"
import { SessionNotFound } from "@turnout/core/access/domain/signIn/Session"
import { OrganizationNotFound } from "@turnout/core/kernel/domain/OrganizationId"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { TooManyWebhooks, WebhookNotFound } from "@turnout/core/webhooks/ports/WebhookStore"
import { Stopped } from "../Stopped.ts"
import { word } from "../usage/Shell.ts"

const isStoreError = (error: unknown, tag: StoreError["reason"]["_tag"]): boolean =>
  error instanceof StoreError && error.reason._tag === tag

/** A sentence that names the command that helps, if there is one. */
export const of = (error: unknown): string | undefined => {
  if (error instanceof Stopped) return of(error.cause)
  const partly = PartlyDone.find(error)
  if (partly !== undefined) return of(partly.cause)
  if (error instanceof SinkNotFound) return '"turnout outbox status" lists them.'
  if (error instanceof ReplayNotFound) return '"turnout outbox replay list" lists them.'
  if (error instanceof WebhookNotFound) return '"turnout webhooks list" lists them.'
  if (error instanceof TooManyWebhooks)
    return `"turnout webhooks list --organization ${error.organization}" lists them.`
  if (error instanceof OrganizationNotFound) return '"turnout organizations list" lists them.'
  if (error instanceof MemberNotFound) return `"turnout members list --organization ${error.organization}" lists them.`
  if (error instanceof MemberExists) return '"turnout members change" gives the member another role.'
  if (error instanceof LastOwner) return '"turnout members add" and "turnout members change" make one.'
  if (error instanceof PersonNotFound) return 'The audit log names those who have signed in: "turnout audit list".'
  if (error instanceof SessionNotFound) return '"turnout sessions list" lists those of a person.'
  if (error instanceof ApiKeyNotFound) return '"turnout keys list" lists them.'
  if (error instanceof EventWasDeleted)
    return '"turnout events create" and "turnout import" make an event with another --id.'
  if (error instanceof VersionConflict) return `"turnout events show ${error.eventId}" shows the event.`
  if (isStoreError(error, "NotMigrated")) return "Run: turnout migrate up"
  if (isStoreError(error, "LogRestored")) return "Run: turnout outbox repair"
  return undefined
}

/** How the sink is forgotten. A webhook is removed along with its sink. */
const forget = (sink: string): string =>
  sink.startsWith("webhook:")
    ? `turnout webhooks remove ${word(sink.slice("webhook:".length))}`
    : `turnout outbox forget --sink ${word(sink)}`

/** How a relay of the sink is started. */
const start = (sink: string): string => {
  const [kind, ...name] = sink.split(":")
  if (kind === "webhook")
    return `start one (turnout relay --webhooks), enable it if it is disabled (turnout webhooks enable ${word(name.join(":"))})`
  if (sink === "projection:sales") return "start one (turnout relay --sales)"
  if (kind === "stdout" && name.length > 0) return `start one (turnout relay --stdout ${word(name.join(":"))})`
  return "start one"
}

const ofSink = ({ relays, sink }: SinkKeeper): string =>
  relays > 0
    ? `Its relays are at work; if they do not come on: turnout outbox status. To let go for good: ${forget(sink)}`
    : `No relay of it runs: ${start(sink)}, or let go: ${forget(sink)}`

/** A sentence that says what lets go of the entries that are kept. */
export const letGo = (keeper: Keeper): string => {
  switch (keeper._tag) {
    case "Sink":
      return ofSink(keeper)
    case "BlockedStreams":
      return `To look, and decide: turnout outbox parked list --sink ${word(keeper.sink)} --all`
    case "Replay":
      return keeper.state === "stopped"
        ? `To go on: turnout outbox replay resume ${keeper.replay}. To let go: turnout outbox replay cancel ${keeper.replay}`
        : `To look: turnout outbox replay watch ${keeper.replay}. To let go: turnout outbox replay cancel ${keeper.replay}`
    case "Store":
      return "Prune again in an hour."
  }
}
