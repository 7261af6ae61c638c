/**
 * Token issuers: servers of others that sign bearer tokens, such as Keycloak, Entra ID, Auth0 or Cognito, and what is taken from their
 * tokens.
 *
 * A token counts for this service only if it names the audience that is set for its issuer. The tokens by which clients learn who has
 * signed in (ID tokens) name the client, so they count for nothing as long as the audience is that of the service.
 */
import * as Schema from "effect/Schema"
import { described } from "../../../kernel/domain/document/Documented.ts"
import { between, mustBe } from "../../../kernel/domain/rules/OptionRules.ts"
import { isSeen } from "../../../kernel/domain/Text.ts"
import { readName } from "../Organization.ts"
import { Role } from "../policy/Role.ts"

/** The algorithms that tokens may be signed by. All of them have a public key to verify with, and none is a secret that is shared. */
export const Algorithm = Schema.Literals(["RS256", "PS256", "ES256", "EdDSA"])
export type Algorithm = typeof Algorithm.Type

/** The most seconds by which the clock of an issuer may differ. */
export const MAX_CLOCK_TOLERANCE_SECONDS = 30
/** The most issuers of an installation. */
export const MAX_ISSUERS = 20
/** The most rules by which the claims of an issuer give roles. */
export const MAX_ROLE_RULES = 1_000
const MAX_TEXT = 1_000

const text = mustBe(
  `must be text of at most ${MAX_TEXT.toLocaleString("en")} characters with something to see`,
  (text) => text.length <= MAX_TEXT && isSeen(text)
)

/** A host that is this machine, as a URL spells it. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const URL_CHARACTERS = /^[!-~]+$/

/** The rule that the URL of a document of an issuer breaks; `undefined` if documents may be fetched from it. */
export const urlProblemOf = (text: string): string | undefined => {
  if (!URL_CHARACTERS.test(text) || !URL.canParse(text)) return "must be a URL, such as https://login.example.com"
  const { hostname, password, protocol, username } = new URL(text)
  if (username !== "" || password !== "") return "must have no user and no password"
  if (text.includes("#")) return "must have no fragment"
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname))
    ? undefined
    : "must begin with https://, or with http:// if it is on this machine, as http://127.0.0.1:8080 is"
}

const issuerProblemOf = (text: string): string | undefined =>
  urlProblemOf(text) ?? (text.includes("?") ? "must have no query" : undefined)

const url = (problemOf: (text: string) => string | undefined) =>
  Schema.String.check(Schema.makeFilter((text) => problemOf(text) ?? true))

/** A role that a claim gives: the claim has this value, or one of its values is this one. */
export const RoleRule = Schema.Struct({
  /** The name of the claim, or the path to it, with dots: `cognito:groups`, `realm_access.roles`. */
  claim: described("The name of the claim, or the path to it, with dots", text, { examples: ["realm_access.roles"] }),
  /** The value that the claim has, or that is one of its values. */
  value: described("The value that the claim has, or that is one of its values", text, { examples: ["box-office"] }),
  /** The role that it gives. */
  role: described("The role that it gives", Role),
  /** The organization in which it gives the role, by its id or short name; none for the role operator. */
  organization: described(
    "The organization in which it gives the role, by its id or short name; none for the role operator",
    Schema.optionalKey(
      mustBe("must be the id or the short name of an organization", (name) => readName(name) !== undefined)
    ),
    { examples: ["music-society"] }
  )
}).check(
  Schema.makeFilter(({ organization, role }) =>
    role === "operator"
      ? organization === undefined || { path: ["organization"], issue: "must be absent for the role operator" }
      : organization !== undefined || { path: ["organization"], issue: `must be there for the role ${role}` }
  )
)
export type RoleRule = typeof RoleRule.Type

/** The settings of an issuer. */
export const TokenIssuerInput = Schema.Struct({
  /** The URL of the issuer, character by character as its tokens have it in `iss`. */
  issuer: described(
    "The URL of the issuer, character by character as its tokens have it in iss",
    url(issuerProblemOf),
    {
      examples: ["https://login.example.com/realms/events"]
    }
  ),
  /** The audience that tokens for this service name in `aud`. Not the id of a client: tokens that name it are for the client. */
  audience: described("The audience that tokens for this service name in aud", text, {
    examples: ["https://tickets.example.com"]
  }),
  /** The algorithms that its tokens may be signed by. Default all four. */
  algorithms: described(
    "The algorithms that its tokens may be signed by",
    Schema.optionalKey(Schema.Array(Algorithm).check(Schema.isMinLength(1), Schema.isUnique())),
    { default: [...Algorithm.literals] }
  ),
  /** The seconds by which its clock may differ, 0 to 30. Default 5. */
  clockToleranceSeconds: described(
    "The seconds by which its clock may differ",
    between(0, MAX_CLOCK_TOLERANCE_SECONDS),
    { default: 5 }
  ),
  /**
   * The type that its access tokens have in `typ`: `at+jwt` (RFC 9068), or `null` if they have no type of their own. Default `null`: then
   * `at+jwt`, `JWT` and none are taken, and no other.
   */
  type: described(
    "The type that its access tokens have in typ",
    Schema.optionalKey(Schema.NullOr(Schema.Literal("at+jwt"))),
    {
      default: null
    }
  ),
  /** The URL of its keys. Default: the one that its own metadata names (OpenID Connect Discovery, or RFC 8414). */
  jwksUrl: described(
    "The URL of its keys; without one, that which its own metadata names",
    Schema.optionalKey(url(urlProblemOf)),
    { examples: ["https://login.example.com/keys"] }
  ),
  /** The claim that has the address of the person. Default `email`. */
  addressClaim: described("The claim that has the address of the person", Schema.optionalKey(text), {
    default: "email"
  }),
  /** The claim that says whether the address is verified. An address that is not counts for nothing. Default `email_verified`. */
  verifiedClaim: described("The claim that says whether the address is verified", Schema.optionalKey(text), {
    default: "email_verified"
  }),
  /** The claim that has the name of the person. Default `name`. */
  nameClaim: described("The claim that has the name of the person", Schema.optionalKey(text), { default: "name" }),
  /** The roles that its claims give. Default none. */
  roles: described(
    "The roles that its claims give",
    Schema.optionalKey(Schema.Array(RoleRule).check(Schema.isMaxLength(MAX_ROLE_RULES))),
    { default: [] }
  )
}).annotate({ identifier: "TokenIssuer" })
export type TokenIssuerInput = typeof TokenIssuerInput.Type

/** The settings of all issuers, of which no two have the same URL. */
export const TokenIssuers = Schema.Array(TokenIssuerInput).check(
  Schema.isMaxLength(MAX_ISSUERS),
  Schema.makeFilter((issuers) => {
    const index = issuers.findIndex(
      ({ issuer }, index) => issuers.findIndex((other) => other.issuer === issuer) !== index
    )
    return index === -1 || { path: [index, "issuer"], issue: "must be that of no other issuer" }
  })
)

/** An issuer with every setting. */
export interface TokenIssuer extends Required<Omit<TokenIssuerInput, "jwksUrl">> {
  /** The URL of its keys; `null` if its metadata names it. */
  readonly jwksUrl: string | null
}

const DEFAULTS = {
  algorithms: Algorithm.literals,
  clockToleranceSeconds: 5,
  type: null,
  jwksUrl: null,
  addressClaim: "email",
  verifiedClaim: "email_verified",
  nameClaim: "name",
  roles: []
} as const

/** The issuer that decoded settings describe. */
export const fromInput = (input: TokenIssuerInput): TokenIssuer => ({ ...DEFAULTS, ...input })
