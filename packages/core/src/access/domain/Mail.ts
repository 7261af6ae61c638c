/**
 * Mails that the service sends: one recipient, a subject of one line, a text, and the same as HTML if it is to look like more.
 *
 * What goes into the head of a mail is checked before any mailer sees it. A line break in a subject or an address would begin a header of
 * the sender's choice, and a comma in an address another recipient.
 */

export interface Mail {
  /** The address of the recipient, alone: `ada@example.com`. */
  readonly to: string
  readonly subject: string
  /** The text, with `\n` between its lines. */
  readonly text: string
  /** The same as a page of HTML, for those whose mail programs show it. */
  readonly html?: string
}

/** The most characters of an address (RFC 5321, 4.5.3.1.3), and of a subject. */
const MAX_ADDRESS = 254
const MAX_SUBJECT = 250
/** The most characters of a text, and of its HTML. */
export const MAX_BODY = 100_000

/** Controls, and what some programs take for a line break. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u
const ADDRESS = /^[^\s@"(),:;<>[\]\\\p{C}\p{Z}]+@[^\s@"(),:;<>[\]\\\p{C}\p{Z}]+$/u

/** Whether a text is one address, without a name, a comment or another address beside it. */
export const isAddress = (text: string): boolean =>
  text.length <= MAX_ADDRESS && text.isWellFormed() && ADDRESS.test(text)

const bodyProblemOf = (name: string, body: string): string | undefined =>
  body.length > MAX_BODY || !body.isWellFormed() || body.includes("\u0000")
    ? `the ${name} must be well-formed Unicode of at most ${MAX_BODY.toLocaleString("en")} characters, without NUL`
    : undefined

/** The rule that a mail breaks, in words; `undefined` if it can be sent. */
export const problemOf = ({ html = "", subject, text, to }: Mail): string | undefined => {
  if (!isAddress(to)) return "the recipient must be one address alone, such as ada@example.com"
  if (subject.trim() === "" || subject.length > MAX_SUBJECT || CONTROL.test(subject) || !subject.isWellFormed())
    return `the subject must be a line of 1 to ${MAX_SUBJECT} characters, without control characters`
  return bodyProblemOf("text", text) ?? bodyProblemOf("HTML", html)
}
