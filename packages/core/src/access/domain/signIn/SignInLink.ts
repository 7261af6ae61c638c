/**
 * Sign-in links: the credentials that are mailed to an address, and prove that who has them reads its mail.
 *
 * A link is the text `tm_<id>_<secret>`. It works once, within 15 minutes.
 */
import { TaggedError } from "../../../kernel/domain/TaggedError.ts"
import { CredentialId } from "../credentials/Credential.ts"

export const SignInLinkId = CredentialId
export type SignInLinkId = typeof SignInLinkId.Type

/** For how long a link works: 15 minutes. */
export const LINK_MILLIS = 15 * 60 * 1_000
/** The most links for one address that are made within `LINK_MILLIS`. */
export const MAX_LINKS = 5

/** The link is none of ours, was used, or has ended. Which of these is not told. */
export class LinkRefused extends TaggedError<LinkRefused>()("LinkRefused", {}) {
  override get message(): string {
    return "The link is not valid, or was used already: ask for a new one."
  }
}
