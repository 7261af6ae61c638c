/**
 * The keys of an issuer (RFC 7517) that tokens can be verified with.
 *
 * A key is passed over if it is not public, is for something else than signing, is too weak, or fits no algorithm that the issuer may use.
 * A set of keys of which none is left is a set: its issuer has revoked them all.
 */
import type { Algorithm } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { type CryptoKey, importJWK, type JWK } from "jose"

/** A key for one algorithm. */
export interface VerifyingKey {
  readonly kid: string | undefined
  readonly algorithm: Algorithm
  readonly key: CryptoKey
  /** The key as it stands in the set, which is the same for each of its algorithms. */
  readonly jwk: object
}

/** The most keys that a set may have. A token without the id of a key is tried with each of them that fits. */
export const MAX_KEYS = 64
/** The smallest RSA key, in bits (RFC 7518, 3.3). */
const MIN_RSA_BITS = 2_048

/** The public members of a key for each algorithm, of which the first says what kind of key it is. */
const KINDS: Readonly<Record<Algorithm, { readonly kty: string; readonly crv?: string; readonly names: string }>> = {
  RS256: { kty: "RSA", names: "n e" },
  PS256: { kty: "RSA", names: "n e" },
  ES256: { kty: "EC", crv: "P-256", names: "x y" },
  EdDSA: { kty: "OKP", crv: "Ed25519", names: "x" }
}

type Member = Readonly<Record<string, unknown>>

const bitsOf = (base64url: string): number => {
  const bytes = Buffer.from(base64url, "base64url")
  const first = bytes.findIndex((byte) => byte !== 0)
  return first === -1 ? 0 : (bytes.length - first - 1) * 8 + (32 - Math.clz32(bytes[first]!))
}

const isPublicForSigning = ({ d, k, key_ops: operations, use }: Member): boolean =>
  d === undefined &&
  k === undefined &&
  (use === undefined || use === "sig") &&
  (operations === undefined || (Array.isArray(operations) && operations.includes("verify")))

/** The public members of a key, if it fits the algorithm. */
const fitting = (member: Member, algorithm: Algorithm): JWK | undefined => {
  const { alg, crv, kty, n } = member
  const kind = KINDS[algorithm]
  if (kty !== kind.kty || (kind.crv !== undefined && crv !== kind.crv)) return undefined
  if (alg !== undefined && alg !== algorithm) return undefined
  const entries = kind.names.split(" ").map((name) => [name, member[name]] as const)
  if (entries.some(([, value]) => typeof value !== "string")) return undefined
  if (kty === "RSA" && bitsOf(n as string) < MIN_RSA_BITS) return undefined
  return { kty, ...(kind.crv === undefined ? {} : { crv: kind.crv }), ...Object.fromEntries(entries) } as JWK
}

const importKey = async (member: Member, algorithm: Algorithm): Promise<ReadonlyArray<VerifyingKey>> => {
  const jwk = fitting(member, algorithm)
  if (jwk === undefined) return []
  const { kid } = member
  try {
    const key = (await importJWK(jwk, algorithm)) as CryptoKey
    return [{ kid: typeof kid === "string" ? kid : undefined, algorithm, key, jwk: member }]
  } catch {
    // The numbers are those of no key, such as a point that is not on the curve.
    return []
  }
}

/** The number of different keys of a set, each of which may be there for several algorithms. */
export const count = (keys: ReadonlyArray<VerifyingKey>): number => new Set(keys.map(({ jwk }) => jwk)).size

/** Reads a set of keys. Fails, with words that say why, if the document is none. */
export const read = async (
  document: unknown,
  algorithms: ReadonlyArray<Algorithm>
): Promise<ReadonlyArray<VerifyingKey>> => {
  const { keys } = Object(document) as { readonly keys?: unknown }
  if (!Array.isArray(keys)) throw new Error("the answer is no set of keys")
  if (keys.length > MAX_KEYS) throw new Error(`the answer has more than ${MAX_KEYS} keys`)
  const usable = keys.filter((key): key is Member => typeof key === "object" && key !== null && isPublicForSigning(key))
  const imported = usable.flatMap((key) => algorithms.map((algorithm) => importKey(key, algorithm)))
  return (await Promise.all(imported)).flat()
}
