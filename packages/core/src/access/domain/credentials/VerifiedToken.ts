/**
 * What a token says of its bearer, once its signature, its issuer, its audience and its times have been found to be right.
 *
 * Claims are what the issuer says. A claim that is missing, or is not what it should be, gives nothing: no address, no name, no role.
 * Only a subject must be there.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { line } from "../../../kernel/domain/Text.ts"
import type { MemberRole } from "../policy/Role.ts"
import type { RoleRule, TokenIssuer } from "./TokenIssuer.ts"

/** A role that a token gives its bearer: for the installation, or in an organization, which has this id or short name. */
export type Grant = { readonly role: "operator" } | { readonly role: MemberRole; readonly organization: string }

export interface VerifiedToken {
  /** The URL of the issuer. */
  readonly issuer: string
  /** The bearer, as the issuer knows them: the same text always means the same person, of one issuer. */
  readonly subject: string
  /** The e-mail address in the form that is stored; `null` if there is none that the issuer has verified. */
  readonly address: string | null
  /** The name of the person; `null` if the token has none. */
  readonly name: string | null
  /** The roles that the claims give, each once, in the order of the settings. */
  readonly grants: ReadonlyArray<Grant>
  /** When the token ends. */
  readonly expiresAt: Date
}

export type Claims = Readonly<Record<string, unknown>>

/** Claims whose text is a list with blanks in between, as in OAuth (RFC 6749, 3.3) and at Entra ID. */
const LISTS_IN_TEXT: ReadonlySet<string> = new Set(["scope", "scp"])

const ownValue = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? (value as Claims)[name]
    : undefined

/**
 * The value of the claim of this name, or, if there is none, of the one that a path with dots leads to; `undefined` if there is neither.
 * A claim such as `https://example.com/roles` has dots in its name.
 */
export const claimAt = (claims: Claims, path: string): unknown => {
  const named = ownValue(claims, path)
  if (named !== undefined) return named
  return path.split(".").reduce<unknown>(ownValue, claims)
}

/** The values of a claim: its text, or those items of its list that are text. */
export const valuesAt = (claims: Claims, path: string): ReadonlyArray<string> => {
  const value = claimAt(claims, path)
  if (Array.isArray(value)) return value.filter((item) => typeof item === "string")
  if (typeof value !== "string") return []
  return LISTS_IN_TEXT.has(path.slice(path.lastIndexOf(".") + 1)) ? value.split(" ") : [value]
}

const grantOf = ({ organization, role }: RoleRule): Grant | undefined => {
  if (role === "operator") return { role }
  return organization === undefined ? undefined : { role, organization }
}

const isSame = (one: Grant, other: Grant): boolean =>
  one.role === other.role &&
  (one.role === "operator" || other.role === "operator" || one.organization === other.organization)

/** The roles that claims give by these rules. */
export const grantsOf = (claims: Claims, rules: ReadonlyArray<RoleRule>): ReadonlyArray<Grant> => {
  const grants: Array<Grant> = []
  for (const rule of rules) {
    const grant = valuesAt(claims, rule.claim).includes(rule.value) ? grantOf(rule) : undefined
    if (grant !== undefined && !grants.some((other) => isSame(grant, other))) grants.push(grant)
  }
  return grants
}

/** The longest subject that an issuer may give (OpenID Connect Core, 2). */
const MAX_SUBJECT = 255
const MAX_NAME = 200

const decodeSubject = Schema.decodeUnknownResult(line({ minLength: 1, maxLength: MAX_SUBJECT }))
const decodeName = Schema.decodeUnknownResult(line({ minLength: 1, maxLength: MAX_NAME }))

/** The subject, if it is a line of text as stores keep it; it is not changed, since another text is another person. */
const subjectOf = ({ sub }: Claims): string | undefined => {
  const decoded = decodeSubject(sub)
  return Result.isSuccess(decoded) && decoded.success === sub ? decoded.success : undefined
}

/** Some issuers write `true` as text. */
const isVerified = (claim: unknown): boolean => claim === true || claim === "true"

/** The address of a claim, as it was written, if the token says that it is verified. */
const verifiedAddressOf = (claims: Claims, { addressClaim, verifiedClaim }: TokenIssuer): string | undefined => {
  const address = claimAt(claims, addressClaim)
  return typeof address === "string" && isVerified(claimAt(claims, verifiedClaim)) ? address : undefined
}

/** When the token ends: `exp` in seconds; `undefined` if that is no moment that a date can be. */
const endOf = ({ exp }: Claims): Date | undefined => {
  const end = new Date(typeof exp === "number" ? exp * 1_000 : Number.NaN)
  return Number.isNaN(end.getTime()) ? undefined : end
}

/**
 * Reads verified claims. `readAddress` gives an address in the form that is stored, and `null` for a text that is no address. Returns
 * the claim that is missing, or wrong, if there is no bearer to speak of.
 */
export const fromClaims = (
  claims: Claims,
  issuer: TokenIssuer,
  readAddress: (text: string) => string | null
): Result.Result<VerifiedToken, "sub" | "exp"> => {
  const [subject, expiresAt] = [subjectOf(claims), endOf(claims)]
  if (subject === undefined) return Result.fail("sub")
  if (expiresAt === undefined) return Result.fail("exp")
  const address = verifiedAddressOf(claims, issuer)
  const name = decodeName(claimAt(claims, issuer.nameClaim))
  return Result.succeed({
    issuer: issuer.issuer,
    subject,
    address: address === undefined ? null : readAddress(address),
    name: Result.isSuccess(name) ? name.success : null,
    grants: grantsOf(claims, issuer.roles),
    expiresAt
  })
}
