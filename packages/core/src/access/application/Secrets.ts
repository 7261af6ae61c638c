/**
 * Secrets of 256 random bits or so, of which a digest is all that is stored: nobody guesses them, so no digest has to be slow.
 */
import { hash, timingSafeEqual } from "node:crypto"

/** The digest of a secret: SHA-256 in hexadecimal digits. */
export const digestOf = (secret: string): string => hash("sha256", secret, "hex")

/** Whether a secret has this digest. The time that it takes does not depend on the number of characters that are right. */
export const hasDigest = (secret: string, digest: string): boolean => {
  const [one, other] = [Buffer.from(digestOf(secret)), Buffer.from(digest)]
  return one.length === other.length && timingSafeEqual(one, other)
}
