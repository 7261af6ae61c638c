/**
 * Joining: which person somebody is who signs in, and what is known of that person from then on.
 *
 * An identity belongs to one person for ever, and a person has at most one identity of an issuer. An address belongs to one person at
 * a time: to the one who was the last to prove it, as far as issuers can tell people apart.
 *
 * - A known identity is its person. An address that comes with it, and that nobody has, is added.
 * - A new identity whose address somebody has is attached to that person, and an address alone is its person.
 * - An issuer that has another identity of the person who has the address tells by the new one that the address was given to somebody
 *   else, as those of employees are. The one who signs in now is a person of their own, or the one that they were, and takes the
 *   address along: it must not open the account of the one who had it.
 * - Otherwise an address of another person stays where it is.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as EmailAddress from "../../../kernel/domain/text/EmailAddress.ts"
import { line } from "../../../kernel/domain/Text.ts"
import type { Person, PersonId } from "../Person.ts"
import { Identity, textOfIdentity } from "../Subject.ts"

/** The most addresses that a person has by signing in. Further ones are added to nobody. */
export const MAX_ADDRESSES = 50

/** What is known of somebody who signs in: an identity, a verified address (folded), or both. */
export type SignedIn = { readonly name: string | null } & (
  | { readonly identity: Identity; readonly address: string | null }
  | { readonly identity: null; readonly address: string }
)

/** The people who are known by the identity and by the address of one who signs in. */
export interface Found {
  readonly byIdentity: Person | undefined
  readonly byAddress: Person | undefined
}

/** The person who has signed in, and what is new about them. */
export interface Joined {
  readonly personId: PersonId
  /** Whether the person has signed in for the first time. */
  readonly isNew: boolean
  /** The name that the person gets; `null` for none. */
  readonly name: string | null
  /** The identity that is attached; `null` for none. */
  readonly identity: Identity | null
  /** The address that is added; `null` for none. */
  readonly address: string | null
  /** The person who had the address, and has it no more; `null` for nobody. */
  readonly from: PersonId | null
}

/** Decides who has signed in. A new person gets the id `newId`. */
export const join = (signedIn: SignedIn, { byAddress, byIdentity }: Found, newId: PersonId): Joined => {
  const { identity, name } = signedIn
  /** Whether the issuer has given the address of another of its people to the one who signs in. */
  const isGivenAnew =
    identity !== null &&
    byAddress !== undefined &&
    byAddress.id !== byIdentity?.id &&
    byAddress.identities.some(({ issuer }) => issuer === identity.issuer)
  const person = byIdentity ?? (isGivenAnew ? undefined : byAddress)
  const isFree = byAddress === undefined && (person?.addresses.length ?? 0) < MAX_ADDRESSES
  return {
    personId: person?.id ?? newId,
    isNew: person === undefined,
    name: (person?.name ?? null) ? null : name,
    identity: byIdentity === undefined ? identity : null,
    address: isFree || isGivenAnew ? signedIn.address : null,
    from: isGivenAnew ? byAddress.id : null
  }
}

/** Whether there is nothing to write: all that is known was known before. */
export const isKnown = ({ address, identity, isNew, name }: Joined): boolean =>
  !isNew && address === null && identity === null && name === null

/** Those of some people who are known by the identity and by the address. */
export const findAmong = (people: ReadonlyArray<Person>, { address, identity }: SignedIn): Found => {
  const text = identity === null ? undefined : textOfIdentity(identity)
  return {
    byIdentity: people.find(({ identities }) => identities.some((one) => textOfIdentity(one) === text)),
    byAddress: address === null ? undefined : people.find(({ addresses }) => addresses.includes(address))
  }
}

/** What an issuer tells of somebody. The address is one that the issuer has verified. */
export interface Claims extends Identity {
  readonly address: string | null
  readonly name: string | null
}

const decodeIdentity = Schema.decodeUnknownResult(Identity)
const decodeName = Schema.decodeUnknownResult(line({ minLength: 1, maxLength: 200 }))

/**
 * Reads what an issuer tells; `undefined` if no person is known by such an identity. An address that is none, and a name that is no
 * line of 1 to 200 characters, count as absent.
 */
export const readClaims = ({ address, issuer, name, subject }: Claims): SignedIn | undefined => {
  const identity = Result.getOrUndefined(decodeIdentity({ issuer, subject }))
  if (identity === undefined) return undefined
  return {
    identity,
    address: address === null ? null : EmailAddress.foldedOf(address),
    name: name === null ? null : Result.getOrElse(decodeName(name), () => null)
  }
}
