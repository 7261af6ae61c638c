/**
 * What a failure of SMTP means for the mail.
 *
 * A mail is refused for good if the server refuses this mail: with a status of 5xx to the sender, the recipient or the message. A server
 * that refuses the connection, the encryption or the password refuses every mail, until an operator has seen to it, and no mail is
 * given up for that.
 */
import { MailFailed, MailRefused, MailUnavailable } from "@turnout/core/access/ports/Mailer"
import { storable } from "@turnout/core/kernel/domain/Text"
import { visible } from "@turnout/core/kernel/domain/text/VisibleText"
import type { SmtpServer } from "./SmtpUrl.ts"

/** The most characters of a server's words. */
const MAX_WORDS = 500
/** The status by which a server asks for a password. */
const AUTHENTICATION_REQUIRED = 530

/** The fields of an error of nodemailer. */
interface Failure {
  readonly code?: unknown
  readonly message?: unknown
  readonly response?: unknown
  readonly responseCode?: unknown
  /** Whether the status is 5xx. */
  readonly permanent?: unknown
}

const base64 = (text: string): string => Buffer.from(text).toString("base64")

/** The words without the password, in the forms in which it was sent: some servers repeat what they do not understand. */
const withoutPassword = (words: string, { password, user }: SmtpServer): string => {
  if (password === "") return words
  const forms = [password, base64(password), base64(`\u0000${user}\u0000${password}`)]
  return forms.reduce((rest, form) => rest.replaceAll(form, "***"), words)
}

/** Failures to hand over this mail: its sender, its recipient, or its text. */
const IN_THE_MAIL: ReadonlySet<unknown> = new Set(["EENVELOPE", "EMESSAGE"])

const isRefused = ({ code, permanent, responseCode }: Failure): boolean => {
  if (!IN_THE_MAIL.has(code) || responseCode === AUTHENTICATION_REQUIRED) return false
  // Without a status, it is nodemailer that finds the mail impossible to send.
  return responseCode === undefined || permanent === true
}

export const toMailFailed = (cause: unknown, server: SmtpServer): MailFailed => {
  const failure = Object(cause) as Failure
  const { message, response } = failure
  const text = [response, message, cause].map(String).find((text) => text !== "undefined" && text !== "")
  const words = visible(storable(withoutPassword(text ?? "no reason was given", server), MAX_WORDS))
  return new MailFailed({ reason: isRefused(failure) ? new MailRefused({ words }) : new MailUnavailable({ words }) })
}

/** There was no end within the time that a mail may take. */
export const tooSlow = (millis: number): MailFailed =>
  new MailFailed({
    reason: new MailUnavailable({ words: `the server has not taken it within ${millis} milliseconds` })
  })

/** The server has failed several times in a row, and is not asked now. */
export const leftAlone = new MailFailed({
  reason: new MailUnavailable({ words: "the server has failed several times in a row, and is left alone for a moment" })
})
