/**
 * Attendee links: the credentials of those who have registered, each for one registration, whose id is that of the credential. A
 * registration has one link at a time: a new one ends the one before.
 */
import * as Schema from "effect/Schema"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { type CredentialId, textOf as textOfCredential } from "./Credential.ts"

/** The id of the registration that a link is for. */
export const registrationOf = (id: CredentialId): string =>
  [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join("-")

/** The text of a link. `secret` is base64url of 32 bytes. */
export const textOf = (registrationId: string, secret: string): string =>
  textOfCredential("attendeeLink", registrationId.replaceAll("-", ""), secret)

/** A field that has the text of a link. */
export const TheLink = described(
  "The credential of the attendee, which opens this registration and no other: send it as a bearer token. It is shown this once only",
  Schema.String,
  { examples: ["ta_01a1fc98aa3170bbaea8a708368a1d5e_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"] }
)
