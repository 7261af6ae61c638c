/**
 * Bearer tokens of issuers (`TokenVerifier` of the core), verified by `jose` with keys that are fetched over HTTP. Needs `jose` and
 * `undici` to be installed.
 *
 * Everything that a token must be is demanded here, whatever its issuer is used to: one of the algorithms of the issuer, of a kind that
 * fits the key; the issuer and the audience of the settings; `sub` and `exp`; the type, where the issuer is set so. A token that
 * says that it is of another kind, such as `logout+jwt`, is refused (RFC 8725, 3.11).
 */
import type { TokenIssuer, TokenIssuerInput } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { fromInput, TokenIssuers } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { type Claims, fromClaims, type VerifiedToken } from "@turnout/core/access/domain/credentials/VerifiedToken"
import {
  type IssuerUnreachable,
  type RefusalReason,
  TokenRefused,
  TokenVerifier
} from "@turnout/core/access/ports/TokenVerifier"
import { Email } from "@turnout/core/kernel/domain/text/EmailAddress"
import { decoder, type InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { errors, jwtVerify } from "jose"
import * as CompactToken from "./CompactToken.ts"
import * as IssuerDocuments from "./IssuerDocuments.ts"
import * as IssuerKeys from "./IssuerKeys.ts"
import type { VerifyingKey } from "./KeySet.ts"

export interface TokenVerifierOptions {
  /** The issuers whose tokens are taken, each at most once; without any, every token is refused. */
  readonly issuers: ReadonlyArray<TokenIssuerInput>
}

/** The rules of `TokenVerifierOptions`. */
export const TokenVerifierOptions = Schema.Struct({ issuers: TokenIssuers })

const decodeOptions: (input: unknown) => Effect.Effect<typeof TokenVerifierOptions.Type, InvalidInput> =
  decoder(TokenVerifierOptions)

/** The types of access tokens that have no type of their own. */
const USUAL_TYPES: ReadonlySet<string | undefined> = new Set([undefined, "jwt", "at+jwt"])

const hasType = (type: string | undefined, issuer: TokenIssuer): boolean =>
  issuer.type === null ? USUAL_TYPES.has(type) : type === issuer.type

const decodeEmail = Schema.decodeUnknownOption(Email)
const readAddress = (text: string): string | null => Option.getOrNull(decodeEmail(text))

const reasonOf = (error: unknown): RefusalReason => {
  if (error instanceof errors.JWTExpired) return "has expired"
  if (error instanceof errors.JWTClaimValidationFailed && error.reason === "check_failed") {
    if (error.claim === "aud") return "is for another audience"
    if (error.claim === "nbf") return "is not valid yet"
  }
  return "lacks a claim, or has a claim that cannot be used"
}

interface Issuer {
  readonly settings: TokenIssuer
  readonly keys: IssuerKeys.IssuerKeys
}

const refuse = (reason: RefusalReason): Effect.Effect<never, TokenRefused> => Effect.fail(new TokenRefused({ reason }))

/** Verifies with one key. Returns `undefined` if the token has another signature. */
const verifyWith = Effect.fnUntraced(function* (
  token: string,
  { algorithm, key }: VerifyingKey,
  { audience, clockToleranceSeconds: clockTolerance, issuer }: TokenIssuer
): Effect.fn.Return<Claims | undefined, TokenRefused> {
  const currentDate = new Date(yield* Clock.currentTimeMillis)
  const options = {
    algorithms: [algorithm],
    issuer,
    audience,
    requiredClaims: ["sub", "exp"],
    clockTolerance,
    currentDate
  }
  const verified = yield* Effect.result(
    Effect.tryPromise({ try: () => jwtVerify(token, key, options), catch: (e) => e })
  )
  if (Result.isSuccess(verified)) return verified.success.payload
  const { failure } = verified
  return failure instanceof errors.JWSSignatureVerificationFailed ? undefined : yield* refuse(reasonOf(failure))
})

/** Verifies with the keys that fit. Returns what is wrong if none of them has made the signature. */
const verifyWithSome = Effect.fnUntraced(function* (
  token: string,
  { algorithm, kid }: CompactToken.CompactToken,
  keys: ReadonlyArray<VerifyingKey>,
  settings: TokenIssuer
): Effect.fn.Return<Claims | RefusalReason, TokenRefused> {
  const fitting = keys.filter((key) => key.algorithm === algorithm && (kid === undefined || key.kid === kid))
  for (const key of fitting) {
    const claims = yield* verifyWith(token, key, settings)
    if (claims !== undefined) return claims
  }
  // A token that names no key may be signed by one that is not known yet.
  return fitting.length === 0 || kid === undefined ? "is signed by no known key" : "has a signature that is wrong"
})

/** Makes the service, which fetches keys until the scope is closed. Fails if the settings break a rule; names the field and the rule. */
export const make = Effect.fnUntraced(function* (
  options: TokenVerifierOptions
): Effect.fn.Return<TokenVerifier["Service"], InvalidInput, Scope.Scope> {
  const decoded = yield* decodeOptions(options)
  const fetchKeys = yield* IssuerDocuments.make
  const circuits = yield* IssuerKeys.circuits
  const issuers = new Map<string | undefined, Issuer>()
  for (const settings of decoded.issuers.map(fromInput))
    issuers.set(settings.issuer, { settings, keys: yield* IssuerKeys.make(settings, fetchKeys, circuits) })
  const ofAll = <A>(of: (keys: IssuerKeys.IssuerKeys) => Effect.Effect<A>): Effect.Effect<Array<A>> =>
    Effect.forEach([...issuers.values()], ({ keys }) => of(keys), { concurrency: "unbounded" })

  const verify = Effect.fnUntraced(function* (
    token: string
  ): Effect.fn.Return<VerifiedToken, TokenRefused | IssuerUnreachable> {
    const read = CompactToken.read(token)
    if (Result.isFailure(read)) return yield* refuse(read.failure)
    const compact = read.success
    const issuer = issuers.get(compact.issuer)
    if (issuer === undefined) return yield* refuse("is of no issuer that is set up")
    const { keys, settings } = issuer
    if (!settings.algorithms.some((algorithm) => algorithm === compact.algorithm))
      return yield* refuse("has an algorithm that its issuer may not use")
    if (!hasType(compact.type, settings)) return yield* refuse("has another type")
    const known = yield* keys.known
    let claims = yield* verifyWithSome(token, compact, known, settings)
    if (claims === "is signed by no known key") {
      const asked = yield* keys.askedAnew
      if (asked !== known) claims = yield* verifyWithSome(token, compact, asked, settings)
    }
    if (typeof claims === "string") return yield* refuse(claims)
    const bearer = fromClaims(claims, settings, readAddress)
    return Result.isSuccess(bearer)
      ? bearer.success
      : yield* refuse("lacks a claim, or has a claim that cannot be used")
  })

  return { verify, reload: ofAll(({ reload }) => reload), state: ofAll(({ state }) => state) }
})

/** Verifies tokens for as long as the layer is there. */
export const layer = (options: TokenVerifierOptions): Layer.Layer<TokenVerifier, InvalidInput> =>
  Layer.effect(TokenVerifier, make(options))
