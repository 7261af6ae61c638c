/**
 * Public addresses: those that a webhook may be posted to, whatever its host name resolves to.
 *
 * A URL comes from whoever may add webhooks; requests are made from inside of the operator's network. So an address that is
 * not of the public internet (loopback, private, link-local, carrier-grade NAT, multicast, reserved, and IPv6 forms that
 * embed such) is refused: for a literal before anything is sent, and for a name when it is resolved for the very connection,
 * so that what was checked is what is connected to.
 */
import ipaddr from "ipaddr.js"
import { lookup as resolve, type LookupAddress, type LookupAllOptions } from "node:dns"
import type { LookupFunction } from "node:net"

/** The address is not one of the public internet. */
export class PrivateAddress extends Error {
  override readonly name = "PrivateAddress"

  constructor(host: string, address: string) {
    super(
      `${host === address ? host : `${host} is at ${address}, which`} is not a public address; webhooks are not posted there`
    )
  }
}

export const isPublic = (address: string): boolean => {
  if (!ipaddr.isValid(address)) return false
  // An IPv4 address in the clothes of an IPv6 one is judged as what it is.
  return ipaddr.process(address).range() === "unicast"
}

/** The address, if the host of a URL is one. */
export const literalOf = ({ hostname }: URL): string | undefined => {
  const host = hostname.replace(/^\[|\]$/g, "")
  return ipaddr.isValid(host) ? host : undefined
}

/** What gives all addresses of a name. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: Array<LookupAddress>) => void
) => void

/** Resolves a name in some way, and fails if one of its addresses is not public. */
export const lookupBy =
  (resolve: Resolve): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "")
      const refused = addresses.find(({ address }) => !isPublic(address))
      if (refused !== undefined) return callback(new PrivateAddress(hostname, refused.address), "")
      if (options.all === true) return callback(null, [...addresses])
      const [first] = addresses
      return callback(null, first!.address, first!.family)
    })
  }

/** Resolves a name as Node does, and fails if one of its addresses is not public. */
export const lookup: LookupFunction = lookupBy(resolve)
