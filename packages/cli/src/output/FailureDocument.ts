/**
 * The document of a failure: its kind, the facts behind it, and a message for people.
 *
 * The kind is `_tag`. It is `Failed` for a failure of a command itself that has none, and `Unexpected` for a defect.
 */
import { ApiKeyNotFound, ApiKeyNotReplaceable } from "@turnout/core/access/domain/credentials/ApiKey"
import { LastOwner, MemberExists, MemberNotFound } from "@turnout/core/access/domain/Member"
import { PersonNotFound } from "@turnout/core/access/domain/Person"
import { SessionNotFound } from "@turnout/core/access/domain/signIn/Session"
import { SlugTaken } from "@turnout/core/access/domain/Organization"
import { InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import { Overloaded } from "@turnout/core/kernel/application/Overloaded"
import * as PartlyDone from "@turnout/core/kernel/application/PartlyDone"
import * as Rejection from "@turnout/core/admission/domain/model/Rejection"
import { SinkNotFound, StreamMovedOn, StreamNotBlocked } from "@turnout/core/delivery/ports/OutboxOperations"
import { QueueUnavailable } from "@turnout/core/consumer/ports/Queue"
import { ReplayNotFound, ReplayNotOpen } from "@turnout/core/delivery/ports/Replays"
import { StoreError } from "@turnout/core/kernel/ports/StoreError"
import { TooManySecrets, TooManyWebhooks, WebhookNotFound } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Schema from "effect/Schema"
import { CliError } from "../CliError.ts"
import { Stopped } from "../Stopped.ts"
import * as Advice from "./Advice.ts"

const encodeRejection = Schema.encodeSync(Schema.toCodecJson(Rejection.Rejection))
const isRejection = Schema.is(Rejection.Rejection)

/** Errors about requests of operators, whose fields go into the document. */
const OPERATORS_ERRORS = [
  SlugTaken,
  MemberExists,
  MemberNotFound,
  LastOwner,
  PersonNotFound,
  SessionNotFound,
  ApiKeyNotFound,
  ApiKeyNotReplaceable,
  SinkNotFound,
  StreamNotBlocked,
  StreamMovedOn,
  ReplayNotFound,
  ReplayNotOpen,
  WebhookNotFound,
  TooManySecrets,
  TooManyWebhooks
]

/** The message of an error of the store, with the store's own words. */
const ofStore = ({ message, reason, words }: StoreError): string => {
  // A connection that cannot be made has a reason that says what to look at.
  if (reason._tag === "Unavailable" && reason.cause instanceof Error && reason.cause.name === "CannotConnect")
    return `The database cannot be reached, so nothing has changed: ${words}.`
  return message.includes(words) ? message : `${message} Cause: ${words}`
}

const documentOf = (error: unknown): Record<string, unknown> => {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Stopped) return { ...documentOf(error.cause), message }
  const partly = PartlyDone.find(error)
  if (partly !== undefined) return { ...documentOf(partly.cause), done: partly.done, message: partly.message }
  if (isRejection(error)) return { ...(encodeRejection(error) as object), message }
  if (error instanceof InvalidInput) return { _tag: error._tag, issues: error.issues, message }
  if (OPERATORS_ERRORS.some((kind) => error instanceof kind)) return { ...(error as object), message }
  if (error instanceof QueueUnavailable) return { _tag: error._tag, message }
  if (error instanceof StoreError) return { _tag: error.reason._tag, message: ofStore(error) }
  if (error instanceof Overloaded) return { _tag: error._tag, message }
  if (error instanceof CliError) return { _tag: "Failed", ...error.details, message }
  return { _tag: "Unexpected", message }
}

/** The document of an error, whose message is in the words of the command, and ends with the command that helps. */
export const of = (error: unknown, messageOf: (message: string) => string): Record<string, unknown> => {
  const document = documentOf(error)
  const message = messageOf(String(document["message"]))
  const advice = Advice.of(error)
  return { ...document, message: advice === undefined ? message : `${message} ${advice}` }
}
