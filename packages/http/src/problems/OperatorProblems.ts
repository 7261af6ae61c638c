/**
 * The problems of the API for operators: organizations, members, people, API keys, the outbox, replays, webhooks, sales and dead letters.
 */
import { ApiKeyNotFound, ApiKeyNotReplaceable } from "@turnout/core/access/domain/credentials/ApiKey"
import { LastOwner, MemberExists, MemberNotFound } from "@turnout/core/access/domain/Member"
import { PersonNotFound } from "@turnout/core/access/domain/Person"
import { SlugTaken } from "@turnout/core/access/domain/Organization"
import { DeadLettersOutOfReach } from "@turnout/core/consumer/ports/DeadLetters"
import { SinkNotFound, StreamMovedOn, StreamNotBlocked } from "@turnout/core/delivery/ports/OutboxOperations"
import { ReplayNotFound, ReplayNotOpen } from "@turnout/core/delivery/ports/Replays"
import { JournalPruned } from "@turnout/core/projections/application/Projection"
import { TooManySecrets, TooManyWebhooks, WebhookNotFound } from "@turnout/core/webhooks/ports/WebhookStore"
import { SalesNotCounted } from "@turnout/core/projections/application/SalesAdministration"
import { DeadLettersNotFound } from "@turnout/core/guard/application/GuardedDeadLetters"
import { described } from "@turnout/core/kernel/domain/document/Documented"
import * as Schema from "effect/Schema"
import { done, type Problem, problem } from "./Problem.ts"
import { TaggedError } from "@turnout/core/kernel/domain/TaggedError"

export const slugTaken: Problem<typeof SlugTaken> = problem(SlugTaken, {
  status: 409,
  code: "slug_taken",
  title: "Another organization has the short name"
})

export const memberExists: Problem<typeof MemberExists> = problem(MemberExists, {
  status: 409,
  code: "member_exists",
  title: "The organization has this member already"
})

export const memberNotFound: Problem<typeof MemberNotFound> = problem(MemberNotFound, {
  status: 404,
  code: "member_not_found",
  title: "The organization has no such member"
})

export const lastOwner: Problem<typeof LastOwner> = problem(LastOwner, {
  status: 409,
  code: "last_owner",
  title: "The member is the last owner of the organization"
})

export const personNotFound: Problem<typeof PersonNotFound> = problem(PersonNotFound, {
  status: 404,
  code: "person_not_found",
  title: "There is no such person"
})

export const apiKeyNotFound: Problem<typeof ApiKeyNotFound> = problem(ApiKeyNotFound, {
  status: 404,
  code: "api_key_not_found",
  title: "There is no such API key"
})

export const apiKeyNotReplaceable: Problem<typeof ApiKeyNotReplaceable> = problem(ApiKeyNotReplaceable, {
  status: 409,
  code: "api_key_not_replaceable",
  title: "The API key cannot be replaced"
})

export const sinkNotFound: Problem<typeof SinkNotFound> = problem(SinkNotFound, {
  status: 404,
  code: "sink_not_found",
  title: "There is no such sink"
})

export const streamNotBlocked: Problem<typeof StreamNotBlocked> = problem(StreamNotBlocked, {
  status: 404,
  code: "stream_not_blocked",
  title: "The stream is not blocked"
})

export const streamMovedOn: Problem<typeof StreamMovedOn> = problem(StreamMovedOn, {
  status: 409,
  code: "stream_moved_on",
  title: "Another entry is the first that waits"
})

export const replayNotFound: Problem<typeof ReplayNotFound> = problem(ReplayNotFound, {
  status: 404,
  code: "replay_not_found",
  title: "There is no such replay"
})

export const replayNotOpen: Problem<typeof ReplayNotOpen> = problem(ReplayNotOpen, {
  status: 409,
  code: "replay_not_open",
  title: "The state of the replay does not allow this"
})

export const webhookNotFound: Problem<typeof WebhookNotFound> = problem(WebhookNotFound, {
  status: 404,
  code: "webhook_not_found",
  title: "There is no such webhook"
})

export const tooManySecrets: Problem<typeof TooManySecrets> = problem(TooManySecrets, {
  status: 409,
  code: "too_many_secrets",
  title: "As many secrets sign as may"
})

export const tooManyWebhooks: Problem<typeof TooManyWebhooks> = problem(TooManyWebhooks, {
  status: 409,
  code: "too_many_webhooks",
  title: "The organization has as many webhooks as it may"
})

export const salesNotCounted: Problem<typeof SalesNotCounted> = problem(SalesNotCounted, {
  status: 404,
  code: "sales_not_counted",
  title: "There is no sales summary of this event"
})

export const journalPruned: Problem<typeof JournalPruned> = problem(JournalPruned, {
  status: 409,
  code: "journal_pruned",
  title: "The beginning of the journal has been pruned"
})

export const deadLettersNotFound: Problem<typeof DeadLettersNotFound> = problem(DeadLettersNotFound, {
  status: 404,
  code: "dead_letters_not_found",
  title: "There is no such dead-letter queue"
})

export const deadLettersOutOfReach: Problem<typeof DeadLettersOutOfReach> = problem(DeadLettersOutOfReach, {
  status: 409,
  code: "dead_letters_out_of_reach",
  title: "Other dead letters stand before those that are to be moved"
})

/** The queue cannot be reached. `done` has the number of messages that were moved before. */
export class QueueUnavailable extends TaggedError<QueueUnavailable>()("QueueUnavailable", {
  reason: described("What is wrong, and how to go on", Schema.String),
  retryAfterSeconds: described("When to try again, in seconds", Schema.Int),
  done
}) {
  override get message(): string {
    return this.reason
  }
}
export const queueUnavailable: Problem<typeof QueueUnavailable> = problem(QueueUnavailable, {
  status: 503,
  code: "queue_unavailable",
  title: "The queue is not available"
})
