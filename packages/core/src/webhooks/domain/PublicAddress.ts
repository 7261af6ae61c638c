/**
 * Public addresses: those that a webhook may be posted to. An address is given as its bytes, 4 or 16.
 *
 * An address that embeds an IPv4 address is judged by the address that it leads to: a translator, a tunnel or the operating
 * system sends the packets there, and to no other place. Any other IPv6 address is public if it is of a block from which
 * addresses have been given out, and not of one for a special purpose.
 *
 * Sources: the IANA registries of special-purpose addresses (IPv4, IPv6) and of global unicast addresses (IPv6); RFC 4291
 * (mapped, compatible), RFC 7915 (translated), RFC 6052 and RFC 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214
 * (ISATAP).
 */

/** The bytes of an address: 4 of an IPv4 address, 16 of an IPv6 address. */
export type AddressBytes = ReadonlyArray<number>

/** The addresses that begin with the same bits. */
interface Block {
  readonly bytes: AddressBytes
  readonly bits: number
}

/** A block of IPv4 addresses, such as `192.0.2/24`. */
const v4 = (text: string): Block => {
  const [bytes, bits] = text.split("/")
  return { bytes: bytes!.split(".").map(Number), bits: Number(bits) }
}

/** A block of IPv6 addresses, such as `2001:db8/32`. */
const v6 = (text: string): Block => {
  const [groups, bits] = text.split("/")
  const bytes = groups!
    .split(":")
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
  return { bytes, bits: Number(bits) }
}

const isIn =
  (address: AddressBytes) =>
  ({ bits, bytes }: Block): boolean => {
    for (let index = 0, left = bits; left > 0; index++, left -= 8) {
      const mask = left >= 8 ? 255 : 255 << (8 - left)
      if (((address[index]! ^ (bytes[index] ?? 0)) & mask) !== 0) return false
    }
    return true
  }

/** IPv4 addresses for a special purpose, for many receivers, and reserved ones. */
const SPECIAL_V4 = [
  "0/8", // this network
  "10/8", // private
  "100.64/10", // shared by customers of a provider
  "127/8", // loopback
  "169.254/16", // link-local
  "172.16/12", // private
  "192.0.0/24", // assignments of the IETF
  "192.0.2/24", // documentation
  "192.31.196/24", // AS112
  "192.52.193/24", // AMT
  "192.88.99/24", // relays of 6to4, deprecated
  "192.168/16", // private
  "192.175.48/24", // AS112
  "198.18/15", // benchmarks
  "198.51.100/24", // documentation
  "203.0.113/24", // documentation
  "224/4", // multicast
  "240/4" // reserved, and broadcast
].map(v4)

/** The blocks of 2000::/3 from which IANA has given addresses out. A new block of a registry has come from these so far. */
const GIVEN_OUT_V6 = ["2001/16", "2003/16", "2400/8", "2600/8", "2800/8", "2a00/8", "2c00/8"].map(v6)

/** Addresses of those blocks for a special purpose. */
const SPECIAL_V6 = [
  "2001/23", // assignments of the IETF: benchmarks, AMT, AS112, ORCHID, and others
  "2001:db8/32", // documentation
  "2620:4f:8000/48" // AS112
].map(v6)

/** Four bytes of an address. */
const at =
  (...places: ReadonlyArray<number>) =>
  (address: AddressBytes): AddressBytes =>
    places.map((place) => address[place]!)

const LAST = at(12, 13, 14, 15)

interface Embedding {
  readonly block: Block
  readonly embedded: ReadonlyArray<(address: AddressBytes) => AddressBytes>
  /**
   * Whether only one of these is an address, and nobody but the operator of the translator knows which. A reading that leads
   * nowhere (0.0.0.0/8) is taken for none.
   */
  readonly isAmbiguous?: true
}

/** The blocks of addresses that embed an IPv4 address, and where. */
const EMBEDDINGS: ReadonlyArray<Embedding> = [
  { block: v6("0:0:0:0:0:ffff/96"), embedded: [LAST] }, // mapped
  { block: v6("0:0:0:0:ffff:0/96"), embedded: [LAST] }, // translated
  { block: v6("0:0:0:0:0:0/96"), embedded: [LAST] }, // compatible; the unspecified address and loopback as well
  { block: v6("64:ff9b:0:0:0:0/96"), embedded: [LAST] }, // NAT64
  {
    // NAT64 of a network of one's own, with a prefix of 48, 56, 64 or 96 bits
    block: v6("64:ff9b:1/48"),
    embedded: [at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12), LAST],
    isAmbiguous: true
  },
  { block: v6("2002/16"), embedded: [at(2, 3, 4, 5)] }, // 6to4
  {
    // Teredo: the server, and the client, whose bits are inverted
    block: v6("2001:0/32"),
    embedded: [at(4, 5, 6, 7), (address) => LAST(address).map((byte) => byte ^ 255)]
  }
]

const [NOWHERE] = SPECIAL_V4 as [Block, ...ReadonlyArray<Block>]

/** ISATAP: an IPv4 address behind `0:5efe` or `200:5efe`, in a network of any kind. */
const isIsatap = (address: AddressBytes): boolean =>
  (address[8]! & 0xfd) === 0 && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe

/** The addresses that packets to this one are sent to in the end. */
const leadsTo = (address: AddressBytes): ReadonlyArray<AddressBytes> => {
  const found = EMBEDDINGS.find(({ block }) => isIn(address)(block))
  if (found === undefined) return isIsatap(address) ? [address, LAST(address)] : [address]
  const all = found.embedded.map((read) => read(address))
  if (found.isAmbiguous !== true) return all
  const somewhere = all.filter((one) => !isIn(one)(NOWHERE))
  return somewhere.length === 0 ? [LAST(address)] : somewhere
}

const isPublicItself = (address: AddressBytes): boolean => {
  const inAny = (blocks: ReadonlyArray<Block>) => blocks.some(isIn(address))
  return address.length === 4 ? !inAny(SPECIAL_V4) : inAny(GIVEN_OUT_V6) && !inAny(SPECIAL_V6)
}

/** The address that keeps this one from being public: itself, or one that it leads to; `undefined` if it is public. */
export const notPublic = (address: AddressBytes): AddressBytes | undefined =>
  (address.length === 4 ? [address] : leadsTo(address)).find((one) => !isPublicItself(one))
