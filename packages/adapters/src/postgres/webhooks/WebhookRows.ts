/**
 * Rows of webhooks as domain values.
 */
import { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { shownUntil, type Webhook, type WebhookAttempt } from "@turnout/core/webhooks/domain/Webhook"
import type { Failing } from "@turnout/core/webhooks/domain/WebhookHealth"
import type { WebhookTarget } from "@turnout/core/webhooks/ports/WebhookStore"
import { type Time, toDate, toDateOrNull } from "../admission/Rows.ts"

export interface WebhookRow {
  readonly id: string
  readonly organization_id: string | null
  readonly url: string
  readonly types: ReadonlyArray<string> | null
  readonly description: string
  readonly disabled_because: string | null
  readonly failing_since: Time | null
  readonly left_alone_until: Time | null
  readonly created_at: Time
  readonly previous_untils: ReadonlyArray<string>
}

/** A webhook that is enabled. */
export interface TargetRow extends WebhookRow {
  readonly secrets: ReadonlyArray<string>
  readonly edition: number
  readonly rest_millis: number
}

export interface FailingRow {
  readonly failing_since: Time
  readonly failed_millis: number
}

export interface AttemptRow {
  readonly id: bigint
  readonly at: Time
  readonly message: string
  readonly event_id: string
  readonly version: bigint
  readonly type: string
  readonly replay: string | null
  readonly millis: number
  readonly status: number | null
  readonly error: string | null
}

export const toWebhook = (row: WebhookRow): Webhook => ({
  id: row.id,
  organizationId: row.organization_id === null ? null : OrganizationId.make(row.organization_id),
  url: row.url,
  types: row.types,
  description: row.description,
  state: row.disabled_because === null ? "enabled" : "disabled",
  disabledBecause: row.disabled_because,
  failingSince: toDateOrNull(row.failing_since),
  leftAloneUntil: toDateOrNull(row.left_alone_until),
  createdAt: toDate(row.created_at),
  ...shownUntil(row.previous_untils.map(toDate))
})

export const toTarget = (row: TargetRow): WebhookTarget => ({
  webhook: toWebhook(row),
  secrets: row.secrets,
  edition: row.edition,
  restMillis: row.rest_millis
})

export const toFailing = ({ failed_millis, failing_since }: FailingRow): Failing => ({
  since: toDate(failing_since),
  failedMillis: failed_millis
})

export const toAttempt = (row: AttemptRow): WebhookAttempt => ({
  id: Number(row.id),
  at: toDate(row.at),
  message: row.message,
  eventId: row.event_id,
  version: Number(row.version),
  type: row.type,
  replay: row.replay,
  millis: row.millis,
  status: row.status,
  error: row.error
})
