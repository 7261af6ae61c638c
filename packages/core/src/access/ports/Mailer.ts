/**
 * Sending mail.
 *
 * A mail that was sent has been taken over by the next server, and arrives or comes back later; nobody is told here. Sending is one
 * attempt: a mail that failed and may be tried again has perhaps been taken over all the same, if its answer was lost.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"
import type { Mail } from "../domain/Mail.ts"

const fields = {
  /** Why, in words that can be shown: those of the server, or a rule of ours. They contain no password. */
  words: Schema.String
}

/** The mail will not be taken: its recipient is unknown, it is too large, or it breaks a rule. */
export class MailRefused extends TaggedError<MailRefused>()("MailRefused", fields) {
  readonly isRetryable = false
  override get message(): string {
    return `The mail was refused: ${this.words}`
  }
}

/** The server is away, asks to come back later, or takes no mail from this service at the moment, whatever it says. */
export class MailUnavailable extends TaggedError<MailUnavailable>()("MailUnavailable", fields) {
  readonly isRetryable = true
  override get message(): string {
    return `The mail could not be sent: ${this.words}`
  }
}

export const MailFailedReason = Schema.Union([MailRefused, MailUnavailable])
export type MailFailedReason = typeof MailFailedReason.Type

/** The mail was not sent, or it is not known whether it was. */
export class MailFailed extends TaggedError<MailFailed>()("MailFailed", { reason: MailFailedReason }) {
  override get message(): string {
    return this.reason.message
  }
  /** Whether sending the same mail again may succeed. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
}

export class Mailer extends Context.Service<
  Mailer,
  {
    /** Sends a mail once. Fails with `MailRefused`, and sends nothing, if the mail breaks a rule (`problemOf` of `Mail`). */
    readonly send: (mail: Mail) => Effect.Effect<void, MailFailed>
  }
>()("@turnout/Mailer") {}
