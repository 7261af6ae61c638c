/**
 * Attendee links: the credentials of those who have registered, each for one registration.
 *
 * The text of a link is `ta_<id>_<secret>`: the id of the registration without hyphens, and a secret of 256 random bits, of which only
 * a digest is stored. A registration has one link at a time: a new one ends the one before.
 */
import { described } from "../../kernel/domain/document/Documented.ts"
import * as Schema from "effect/Schema"

const TEXT = /^ta_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/

/** The id of the registration and the secret in the text of a link; `undefined` if the text is none. */
export const parse = (text: string): { readonly registrationId: string; readonly secret: string } | undefined => {
  const found = TEXT.exec(text)
  if (found === null) return undefined
  const [, a, b, c, d, e, secret] = found
  return { registrationId: [a, b, c, d, e].join("-"), secret: secret! }
}

/** Whether a credential is meant to be an attendee link: it begins as one. */
export const seemsLink = (text: string): boolean => text.startsWith("ta_")

/** The text of a link. `secret` is base64url of 32 bytes. */
export const textOf = (registrationId: string, secret: string): string =>
  `ta_${registrationId.replaceAll("-", "")}_${secret}`

/** A field that has the text of a link. */
export const TheLink = described(
  "The credential of the attendee, which opens this registration and no other: send it as a bearer token. It is shown this once only",
  Schema.String,
  { examples: ["ta_01a1fc98aa3170bbaea8a708368a1d5e_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"] }
)
