/**
 * Mails that keep the rules: every mailer checks them before it sends, so that none of them can be made to send others.
 */
import { type Mail, problemOf } from "@turnout/core/access/domain/Mail"
import { MailFailed, MailRefused } from "@turnout/core/access/ports/Mailer"
import * as Effect from "effect/Effect"

/** Sends a mail, unless it breaks a rule. */
export const checked =
  (send: (mail: Mail) => Effect.Effect<void, MailFailed>) =>
  (mail: Mail): Effect.Effect<void, MailFailed> => {
    const problem = problemOf(mail)
    return problem === undefined
      ? send(mail)
      : Effect.fail(new MailFailed({ reason: new MailRefused({ words: problem }) }))
  }
