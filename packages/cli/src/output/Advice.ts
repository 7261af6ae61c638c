/**
 * Advice after a failure: the command of `turnout` that helps. The core says what is wrong, in the same words to every
 * transport; the command line adds the command.
 */
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import { SinkNotFound } from "@turnout/core/delivery/ports/OutboxOperations"
import { ReplayNotFound } from "@turnout/core/delivery/ports/Replays"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { WebhookNotFound } from "@turnout/core/webhooks/ports/WebhookStore"
import { Stopped } from "../Stopped.ts"

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
  if (isStoreError(error, "NotMigrated")) return "Run: turnout migrate up"
  if (isStoreError(error, "LogRestored")) return "Run: turnout outbox repair"
  return undefined
}
