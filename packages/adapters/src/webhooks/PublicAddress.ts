/**
 * Public addresses: webhooks are posted to no others, whichever address their host name resolves to.
 *
 * A person who may add webhooks chooses their URLs, but requests are made from inside of the operator's network. So an address
 * that is not of the public internet (loopback, private, link-local, carrier-grade NAT, multicast, reserved, and IPv6 forms
 * that embed such) is refused: a literal address before anything is sent, and a name when it is resolved for the very
 * connection, so that the address that was checked is the one that is connected to.
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
  // An IPv4 address that is embedded in an IPv6 one is judged as an IPv4 address.
  return ipaddr.process(address).range() === "unicast"
}

/** The address, if the host of a URL is one. */
export const literalOf = ({ hostname }: URL): string | undefined => {
  const host = hostname.replace(/^\[|\]$/g, "")
  return ipaddr.isValid(host) ? host : undefined
}

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
      if (options.all === true) return callback(null, [...addresses])
      const [first] = addresses
      return callback(null, first!.address, first!.family)
    })
  }

/** Resolves a name as Node does, and fails if one of its addresses is not public. */
export const lookup: LookupFunction = lookupBy(resolve)
