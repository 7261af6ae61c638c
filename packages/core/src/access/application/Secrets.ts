/**
 * Secrets of 256 random bits or so, of which a digest is all that is stored: nobody guesses them, so no digest has to be slow.
 */
import * as Effect from "effect/Effect"
import type * as SecureRandom from "effect/crypto/SecureRandom"
import { hash, timingSafeEqual } from "node:crypto"
import { type CredentialId, type CredentialKind, SECRET_BYTES, textOf } from "../domain/credentials/Credential.ts"

/** The digest of a secret: SHA-256 in hexadecimal digits. */
export const digestOf = (secret: string): string => hash("sha256", secret, "hex")

/** Whether a secret has this digest. The time that it takes does not depend on the number of characters that are right. */
export const hasDigest = (secret: string, digest: string): boolean => {
  const [one, other] = [Buffer.from(digestOf(secret)), Buffer.from(digest)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** Makes a secret: base64url of 256 random bits. */
export const newSecret = (random: SecureRandom.SecureRandom["Service"]): Effect.Effect<string> =>
  Effect.map(random.randomBytes(SECRET_BYTES), (bytes) => Buffer.from(bytes).toString("base64url"))

/** A new credential: its id and digest, which are stored, and its text, which is shown once. */
export interface NewCredential {
  readonly id: CredentialId
  readonly digest: string
  readonly text: string
}

/** Makes a credential of a kind. Later ones have higher ids. */
export const newCredential = (
  random: SecureRandom.SecureRandom["Service"],
  kind: CredentialKind
): Effect.Effect<NewCredential> =>
  Effect.zipWith(random.uuidV7(), newSecret(random), (uuid, secret) => {
    const id = uuid.replaceAll("-", "")
    return { id, digest: digestOf(secret), text: textOf(kind, id, secret) }
  })
