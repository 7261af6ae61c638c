/**
 * Bearer tokens of issuers: who the bearer of one is.
 *
 * A token is verified with the keys of its issuer, which the adapter fetches again and again, and not for each token. Keys that are known
 * go on being used while the issuer is away. A key that the issuer has revoked is gone within ten minutes of the issuer being there, or
 * at once if an operator says so (`reload`).
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { described } from "../../kernel/domain/document/Documented.ts"
import { Instant } from "../../kernel/domain/Instant.ts"
import { TaggedError } from "../../kernel/domain/TaggedError.ts"
import type { VerifiedToken } from "../domain/credentials/VerifiedToken.ts"

/** What is wrong with a token. It is for the log of operators, at debug level, and for nobody else. */
export const RefusalReason = Schema.Literals([
  "is too long",
  "is no signed token of three parts",
  "has a header that cannot be used",
  "has claims that are no JSON object, or that name something twice",
  "is of no issuer that is set up",
  "has an algorithm that its issuer may not use",
  "has another type",
  "is signed by no known key",
  "has a signature that is wrong",
  "is for another audience",
  "has expired",
  "is not valid yet",
  "lacks a claim, or has a claim that cannot be used"
])
export type RefusalReason = typeof RefusalReason.Type

/** The token is not valid. The caller is not told why: `reason` is for the log. */
export class TokenRefused extends TaggedError<TokenRefused>()("TokenRefused", { reason: RefusalReason }) {
  readonly isRetryable = false
  override get message(): string {
    return "The token is not valid."
  }
}

/** The keys of the issuer have not been fetched yet, so that a token of it can be neither accepted nor refused. */
export class IssuerUnreachable extends TaggedError<IssuerUnreachable>()("IssuerUnreachable", {
  issuer: described("The issuer of the token", Schema.String),
  /** The milliseconds after which it makes sense to ask again. */
  retryAfterMillis: described("The milliseconds after which it makes sense to ask again", Schema.Number)
}) {
  readonly isRetryable = true
  override get message(): string {
    return "The issuer of the token cannot be reached, so that the token cannot be verified. Try again later."
  }
}

/** What is known of the keys of an issuer. */
export const IssuerState = Schema.Struct({
  /** The URL of the issuer. */
  issuer: described("The URL of the issuer", Schema.String, { examples: ["https://login.example.com/realms/events"] }),
  /** When its keys were fetched last; `null` if they never were. */
  fetchedAt: described("When its keys were fetched last; null if they never were", Schema.NullOr(Instant)),
  /** The number of its keys that tokens can be verified with. */
  keys: described("The number of its keys that tokens can be verified with", Schema.Natural),
  /** The last failure to fetch them, with words that can be shown; `null` if the last attempt has worked, or there was none. */
  failure: described(
    "The last failure to fetch them; null if the last attempt has worked, or there was none",
    Schema.NullOr(
      Schema.Struct({
        at: described("When it was", Instant),
        words: described("What went wrong, for people", Schema.String)
      })
    )
  )
}).annotate({ identifier: "IssuerState" })
export interface IssuerState extends Schema.Schema.Type<typeof IssuerState> {}

export class TokenVerifier extends Context.Service<
  TokenVerifier,
  {
    /** Returns what a token says of its bearer, if everything about it is right. */
    readonly verify: (token: string) => Effect.Effect<VerifiedToken, TokenRefused | IssuerUnreachable>
    /**
     * Fetches the keys of all issuers at once, also of those that are left alone for a while because they were away. Returns what is known
     * then: an issuer with a failure could not be asked, and its keys of before go on being used.
     */
    readonly reload: Effect.Effect<ReadonlyArray<IssuerState>>
    /** Returns what is known of each issuer, in the order of the settings. */
    readonly state: Effect.Effect<ReadonlyArray<IssuerState>>
  }
>()("@turnout/TokenVerifier") {}
