/**
 * Facts about a token issuer: whether its metadata and its keys can be fetched now, and what they say. Nothing is kept of them.
 */
import { fromInput, TokenIssuerInput } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { decoder, type InvalidInput } from "@turnout/core/kernel/application/InvalidInput"
import * as Effect from "effect/Effect"
import * as IssuerDocuments from "./IssuerDocuments.ts"
import * as KeySet from "./KeySet.ts"

export interface IssuerFacts {
  /** The URL of the keys: that of the settings, or the one that the metadata names. */
  readonly keysUrl: string
  /** The number of keys that the issuer has published, and of those that its tokens can be verified with. */
  readonly published: number
  readonly usable: number
  /** How far the clock of the issuer is ahead, within some milliseconds more or less; `null` if it does not tell the time. */
  readonly clock: IssuerDocuments.ClockDifference | null
}

const decode: (input: unknown) => Effect.Effect<TokenIssuerInput, InvalidInput> = decoder(TokenIssuerInput)

/**
 * Asks an issuer. Fails with `KeysUnavailable`, in words that can be shown, if its tokens could not be verified; each request is given up
 * after `REQUEST_MILLIS`.
 */
export const look = Effect.fnUntraced(function* (
  input: TokenIssuerInput
): Effect.fn.Return<IssuerFacts, InvalidInput | IssuerDocuments.KeysUnavailable> {
  const issuer = fromInput(yield* decode(input))
  const { clock, keys, published, url } = yield* Effect.scoped(
    Effect.flatMap(IssuerDocuments.make, (fetchKeys) => fetchKeys(issuer))
  )
  return { keysUrl: url, published, usable: KeySet.count(keys), clock }
})
