/**
 * Where a request comes from: the address of the client, and whether it came by https.
 *
 * Behind proxies, the connection is that of the last proxy. A proxy adds the address that it was asked from at the right of
 * `X-Forwarded-For`. So the list is read from the right, up to the first address that is no trusted proxy: that is the client. What stands
 * further left, anybody may have written. If the connection is not that of a trusted proxy, the headers are not looked at.
 */
import * as Result from "effect/Result"
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import type { TLSSocket } from "node:tls"

export interface Origin {
  /** The IP address as text; an IPv4 address has its own form, even if it came as one of IPv6. `null` if it is not known. */
  readonly address: string | null
  readonly isHttps: boolean
}

export const PROXY_RULE = "must be an IP address or a network such as 10.0.0.0/8 or fd00::/8"

/** The network of a text, which may be one address; `undefined` if it is none. */
export const networkOf = (text: string): IpNetwork.IpNetwork | undefined => {
  const network = IpNetwork.fromString(text)
  if (Result.isSuccess(network)) return network.success
  const address = NetAddress.ipFromString(text)
  return Result.isSuccess(address)
    ? IpNetwork.fromAddressUnsafe(address.success, NetAddress.width(address.success))
    : undefined
}

/** The address of a text, which may have a port as some proxies write it. */
const parse = (text: string): NetAddress.IpAddress | undefined => {
  const plain = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text
  const ip = NetAddress.ipFromString(plain)
  if (Result.isSuccess(ip)) return NetAddress.toCanonical(ip.success)
  const withPort = NetAddress.inetAddressFromString(text)
  return Result.isSuccess(withPort) ? NetAddress.toCanonical(withPort.success.address) : undefined
}

const MAPPED = /^::ffff:(?=\d+\.)/i

/** The address at the other end of a connection. */
const peerOf = ({ remoteAddress }: Socket): string | null =>
  remoteAddress === undefined ? null : remoteAddress.replace(MAPPED, "")

const isEncrypted = (socket: Socket): boolean => (socket as TLSSocket).encrypted === true

/** The most addresses that are looked at. A client may send a list as long as it likes. */
const MAX_HOPS = 32

/** The parts of a list in a header, those at the right if there are too many. */
const partsOf = (header: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  header === undefined
    ? []
    : String(header)
        .split(",")
        .slice(-MAX_HOPS)
        .map((part) => part.trim())

/** The networks that are nobody's on the internet: whoever connects from one of them is a neighbour, and perhaps a proxy. */
const PRIVATE = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1",
  "fc00::/7",
  "fe80::/10"
].map((text) => networkOf(text)!)

/**
 * Finds out where requests come from, given the networks of the proxies that are trusted. `foundAnother` is called once, when a neighbour
 * that is not trusted has sent `X-Forwarded-For`: it is probably a proxy that nobody has named.
 */
export const make = (
  trusted: ReadonlyArray<IpNetwork.IpNetwork>,
  foundAnother: () => void = () => {}
): ((request: IncomingMessage) => Origin) => {
  let isFound = false
  const notice = ({ headers, socket }: IncomingMessage): void => {
    if (isFound || headers["x-forwarded-for"] === undefined) return
    const address = parse(peerOf(socket) ?? "")
    if (address === undefined || !PRIVATE.some((network) => IpNetwork.contains(network, address))) return
    isFound = true
    foundAnother()
  }
  const isTrusted = (address: NetAddress.IpAddress) => trusted.some((network) => IpNetwork.contains(network, address))
  /** Whether a connection is one of a trusted proxy. The answer is the same for all of its requests. */
  const proxies = new WeakMap<Socket, boolean>()
  const isProxy = (socket: Socket): boolean => {
    const known = proxies.get(socket)
    if (known !== undefined) return known
    const address = parse(peerOf(socket) ?? "")
    const is = address !== undefined && isTrusted(address)
    proxies.set(socket, is)
    return is
  }
  const ofConnection = (socket: Socket): Origin => ({ address: peerOf(socket), isHttps: isEncrypted(socket) })
  if (trusted.length === 0)
    return (request) => {
      notice(request)
      return ofConnection(request.socket)
    }
  return (request) => {
    const { headers, socket } = request
    const direct = ofConnection(socket)
    if (!isProxy(socket)) {
      notice(request)
      return direct
    }
    const protocols = partsOf(headers["x-forwarded-proto"])
    // Of several values, the last is that of the proxy which is trusted.
    const isHttps = protocols.length === 0 ? direct.isHttps : protocols.at(-1)!.toLowerCase() === "https"
    const hops = partsOf(headers["x-forwarded-for"])
    let address = direct.address
    for (const hop of hops.toReversed()) {
      const parsed = parse(hop)
      // A proxy that is trusted has written no address: what is known of the way ends there.
      if (parsed === undefined) break
      address = NetAddress.formatIp(parsed)
      if (!isTrusted(parsed)) break
    }
    return { address, isHttps }
  }
}
