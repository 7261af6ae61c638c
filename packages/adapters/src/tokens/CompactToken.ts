/**
 * The text of a signed token (JWS in its compact form), read before anything about it is verified.
 *
 * It has exactly three parts in base64url, each in its one canonical spelling: encrypted tokens, tokens without a signature, and JSON
 * forms have others. Nothing in the header tells where a key is: `jku`, `x5u`, `jwk` and `x5c` are not looked at, and a token that
 * demands that its extensions are understood (`crit`) is refused.
 */
import type { RefusalReason } from "@turnout/core/access/ports/TokenVerifier"
import * as Result from "effect/Result"
import { repeatsAName } from "./RepeatedNames.ts"

/** The longest token that is looked at, in characters. */
export const MAX_TOKEN_LENGTH = 16 * 1_024

export interface CompactToken {
  readonly algorithm: string
  /** The id of the key; `undefined` if the header has none. */
  readonly kid: string | undefined
  /** The type in lower case, without `application/`; `undefined` if the header has none. */
  readonly type: string | undefined
  /** The issuer that the token claims to be of, which nobody has verified yet. */
  readonly issuer: string | undefined
}

const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

type JsonObject = Readonly<Record<string, unknown>>

/** An object of JSON whose names are unique; `undefined` if the bytes are none. */
const readObject = (bytes: Uint8Array): JsonObject | undefined => {
  try {
    const text = decoder.decode(bytes)
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
    return isObject && !repeatsAName(text) ? (value as JsonObject) : undefined
  } catch {
    return undefined
  }
}

/** A type as it is compared: `application/` may be left out (RFC 7515, 4.1.9). */
const typeOf = (typ: string): string => typ.toLowerCase().replace(/^application\//, "")

const isAbsentOr = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === "string" && value !== "")

/** Reads a text, and verifies nothing. */
export const read = (text: string): Result.Result<CompactToken, RefusalReason> => {
  if (text.length > MAX_TOKEN_LENGTH) return Result.fail("is too long")
  if (!FORM.test(text)) return Result.fail("is no signed token of three parts")
  const parts = text.split(".").map((part) => ({ part, bytes: Buffer.from(part, "base64url") }))
  if (parts.some(({ bytes, part }) => bytes.toString("base64url") !== part))
    return Result.fail("is no signed token of three parts")
  const [header, claims] = [readObject(parts[0]!.bytes), readObject(parts[1]!.bytes)]
  if (header === undefined) return Result.fail("has a header that cannot be used")
  const { alg, kid, typ } = header
  if (typeof alg !== "string" || !isAbsentOr(kid) || !isAbsentOr(typ) || "crit" in header)
    return Result.fail("has a header that cannot be used")
  if (claims === undefined) return Result.fail("has claims that are no JSON object, or that name something twice")
  const { iss } = claims
  return Result.succeed({
    algorithm: alg,
    kid,
    type: typ === undefined ? undefined : typeOf(typ),
    issuer: typeof iss === "string" ? iss : undefined
  })
}
