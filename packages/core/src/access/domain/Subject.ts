/**
 * Subjects: what is known of somebody who signs in. A subject is an e-mail address that was verified, or what a token issuer calls
 * somebody.
 *
 * As text, a subject is `mailto:` and the address, or the issuer, `#`, and the issuer's name of the person, as in
 * `https://id.example.com#248289761001`. No issuer has a `#` in it, so no two subjects have one text.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import * as EmailAddress from "../../kernel/domain/text/EmailAddress.ts"

/** The most characters of an issuer. */
const MAX_ISSUER_LENGTH = 500
/** The most characters of an issuer's name of a person (OpenID Connect Core, 2). */
const MAX_SUBJECT_LENGTH = 255

const BETWEEN = "#"
/** No white space and no control characters, which no URL has either, and nothing that begins or ends the text of a subject. */
const ISSUER = /^(?!mailto:)[^\s#\p{C}]+$/u
/** An issuer's name is compared as it is, so nothing is trimmed or folded. */
const SUBJECT = /^[^\p{Cc}\p{Cs}]+$/u

/** What a token issuer calls somebody: no two people have one identity. */
export const Identity = Schema.Struct({
  /** The issuer, as it names itself in the claim `iss`. */
  issuer: described(
    "The issuer of the tokens, as it names itself in the claim iss",
    Schema.String.annotate({ minLength: 1, maxLength: MAX_ISSUER_LENGTH }).check(
      Schema.makeFilter(
        (text) =>
          (text.length <= MAX_ISSUER_LENGTH && ISSUER.test(text)) ||
          `must be an issuer of tokens: 1 to ${MAX_ISSUER_LENGTH} characters without white space and #, such as https://id.example.com`
      )
    ),
    { examples: ["https://id.example.com"] }
  ),
  /** What the issuer calls the person, in the claim `sub`. */
  subject: described(
    "What the issuer calls the person, in the claim sub",
    Schema.String.annotate({ minLength: 1, maxLength: MAX_SUBJECT_LENGTH }).check(
      Schema.makeFilter(
        (text) =>
          (text.length <= MAX_SUBJECT_LENGTH && SUBJECT.test(text)) ||
          `must be 1 to ${MAX_SUBJECT_LENGTH} characters without control characters`
      )
    ),
    { examples: ["248289761001"] }
  )
}).annotate({ identifier: "Identity" })
export interface Identity extends Schema.Schema.Type<typeof Identity> {}

/** An address that was verified, folded. */
export const ByAddress = Schema.Struct({
  /** The e-mail address, folded. */
  address: described("The e-mail address of the person", EmailAddress.Folded, { examples: ["ada@example.com"] })
}).annotate({ identifier: "SubjectByAddress" })

export const Subject = Schema.Union([ByAddress, Identity])
export type Subject = typeof Subject.Type

/** The text of an identity. */
export const textOfIdentity = ({ issuer, subject }: Identity): string => issuer + BETWEEN + subject

/** The text of a subject, which no other subject has. */
export const textOf = (subject: Subject): string =>
  "address" in subject ? EmailAddress.idOf(subject.address) : textOfIdentity(subject)

const decode = Schema.decodeUnknownResult(Subject)

/**
 * Reads the text of a subject; `undefined` if it is none. An address may stand without `mailto:`, unless it has a `#`, and in any
 * spelling.
 */
export const read = (text: string): Subject | undefined => {
  const end = text.indexOf(BETWEEN)
  const isAddress = text.startsWith(EmailAddress.BY_ADDRESS)
  const decoded =
    isAddress || end < 0
      ? decode({ address: isAddress ? text.slice(EmailAddress.BY_ADDRESS.length) : text })
      : decode({ issuer: text.slice(0, end), subject: text.slice(end + 1) })
  return Result.getOrUndefined(decoded)
}
