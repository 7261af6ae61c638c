/**
 * Public addresses: webhooks are posted to no others, whichever address their host name resolves to.
 *
 * A person who may add webhooks chooses their URLs, but requests are made from inside of the operator's network. So an address
 * that is not public (`PublicAddress` of the core has the rules) is refused. `WebhookEndpoint` of the core looks at addresses in
 * URLs. A name is checked here, when it is resolved for the very connection, so that the address that was checked is the one that is
 * connected to, and once before, when a webhook is added (`WebhookEndpoints`).
 */
import { type AddressBytes, notPublic } from "@turnout/core/webhooks/domain/PublicAddress"
import ipaddr from "ipaddr.js"
import { lookup as resolve, type LookupAddress, type LookupAllOptions } from "node:dns"
import type { LookupFunction } from "node:net"

/** A name and its address, as the subject of a sentence about the address that is not public. */
const wordsOf = (name: string, address: string): string => {
  const refused = refusedOf(address) ?? address
  const parts = [name, ...(address === name ? [] : [`is at ${address}, which`])]
  if (refused !== address) parts.push(`leads to ${refused}, which`)
  return parts.join(" ")
}

/** The words for those who do not run the network: they are not told what its names lead to. */
export const PRIVATE_ADDRESS = "the name does not lead to a public address; webhooks are not posted there"

/** The address is not one of the public internet. */
export class PrivateAddress extends Error {
  override readonly name = "PrivateAddress"

  constructor(name: string, address: string) {
    super(`${wordsOf(name, address)} is not a public address; webhooks are not posted there`)
  }
}

const toText = (bytes: AddressBytes): string => ipaddr.fromByteArray([...bytes]).toString()

/** The address that is not public: this one, or one that it leads to; `undefined` if it is public. */
const refusedOf = (address: string): string | undefined => {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.parse(address)
  // An address with a zone is one of a link of this machine.
  if ("zoneId" in parsed && parsed.zoneId !== undefined) return address
  const bytes = parsed.toByteArray()
  const refused = notPublic(bytes)
  return refused === undefined ? undefined : refused === bytes ? address : toText(refused)
}

export const isPublic = (address: string): boolean => refusedOf(address) === undefined

/** Finds all addresses of a name. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: Array<LookupAddress>) => void
) => void

/** Resolves a name with `resolve`, and fails if one of its addresses is not public. */
export const lookupBy =
  (resolve: Resolve): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "")
      const refused = addresses.find(({ address }) => !isPublic(address))
      if (refused !== undefined) return callback(new PrivateAddress(hostname, refused.address), "")
      const [first] = addresses
      if (first === undefined) return callback(new Error(`${hostname} has no address`), "")
      if (options.all === true) return callback(null, [...addresses])
      return callback(null, first.address, first.family)
    })
  }

/** Resolves a name as Node does, and fails if one of its addresses is not public. */
export const lookup: LookupFunction = lookupBy(resolve)
