/**
 * Where webhooks may be posted to: every address that a name resolves to has to be a public one, since any of them may be the
 * one that is connected to, and an address that embeds another is judged by what it leads to.
 */
import type { LookupAddress } from "node:dns"
import { assert, describe, it } from "vitest"
import { refusalOf } from "@turnout/core/webhooks/domain/WebhookEndpoint"
import { isPublic, lookupBy, PrivateAddress } from "@turnout/adapters/internal/webhooks/PublicAddress"

const PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "8.8.8.8"]
const PRIVATE = ["10.0.0.1", "::1", "169.254.169.254", "::ffff:192.168.0.1", "fd00::1", "64:ff9b::a00:1"]

const toAddress = (address: string): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 })

/** The rule that a URL with the address breaks. */
const inUrl = (address: string): string | undefined =>
  refusalOf(new URL(`https://${address.includes(":") ? `[${address}]` : address}:8443/`), { allowPrivate: false })

/** What connecting to a name that resolves to these is told. */
const connect = (addresses: ReadonlyArray<string>, all: boolean): Promise<unknown> =>
  new Promise((resolve) =>
    lookupBy((_, options, callback) => {
      assert.isTrue(options.all, "all of them are asked for")
      callback(null, addresses.map(toAddress))
    })("hooks.example.com", { all }, (error, found, family) =>
      resolve(error ?? (all ? found : { address: found, family }))
    )
  )

describe("a name", () => {
  it("of which every address is public can be connected to", async () => {
    assert.isTrue(PUBLIC.every(isPublic))
    assert.deepStrictEqual(await connect(PUBLIC, true), PUBLIC.map(toAddress))
    assert.deepStrictEqual(await connect(PUBLIC, false), toAddress(PUBLIC[0]!))
  })

  it("that DNS64 has made of IPv4 addresses can be connected to", async () => {
    const addresses = ["64:ff9b::8d5f:accd", "64:ff9b::5db8:d70e"]
    assert.deepStrictEqual(await connect(addresses, true), addresses.map(toAddress))
  })

  it.each(PRIVATE)("one of whose addresses is %s cannot, whichever it is", async (address) => {
    for (let place = 0; place <= PUBLIC.length; place++)
      for (const all of [true, false]) {
        const error = await connect(PUBLIC.toSpliced(place, 0, address), all)
        assert.instanceOf(error, PrivateAddress)
        assert.match(
          (error as Error).message,
          new RegExp(
            `^hooks\\.example\\.com is at ${address}, which (leads to [\\d.]+, which )?is not a public address`
          )
        )
      }
  })

  it("that has no address cannot", async () => {
    for (const all of [true, false]) assert.match(String(await connect([], all)), /has no address/)
  })

  it("that does not resolve says why", async () => {
    const cause = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" })
    const told = new Promise((resolve) => lookupBy((_, __, callback) => callback(cause, []))("nowhere", {}, resolve))
    assert.strictEqual(await told, cause)
  })
})

describe("an address", () => {
  it.each([
    ["an IPv4 address", "1.1.1.1"],
    ["an IPv4 address behind the last private one", "172.32.0.1"],
    ["an IPv4 address before the multicast ones", "223.255.255.254"],
    ["an IPv6 address of APNIC", "2400:cb00:2048:1::c629:d7a2"],
    ["an IPv6 address of ARIN", "2620:fe::fe"],
    ["an IPv6 address of RIPE", "2a00:1450:4001:81b::200e"],
    ["an IPv6 address of LACNIC", "2800:3f0:4001:80a::200e"],
    ["an IPv6 address of AFRINIC", "2c0f:fb50:4002:802::200e"],
    ["an IPv6 address beside those for documentation", "2001:db9::1"],
    ["an IPv6 address of the first block that registries were given", "2001:200::1"],
    ["IPv4, mapped", "::ffff:8.8.8.8"],
    ["IPv4, compatible", "::8.8.8.8"],
    ["IPv4, translated", "::ffff:0:8.8.8.8"],
    ["NAT64", "64:ff9b::8d5f:accd"],
    ["NAT64 of one's own network", "64:ff9b:1::8d5f:accd"],
    ["6to4", "2002:808:808::1"],
    ["Teredo", "2001:0:4137:9e76:8000:63bf:f7f7:f7f7"],
    ["ISATAP", "2a00:1450:4001:81b:0:5efe:8.8.8.8"],
    ["like ISATAP, but for the first byte of its mark", "2a00:1450:4001:81b:100:5efe:10.0.0.1"],
    ["like ISATAP, but for the second byte of its mark", "2a00:1450:4001:81b:1:5efe:10.0.0.1"],
    ["like ISATAP, but for the third byte of its mark", "2a00:1450:4001:81b:0:5ffe:10.0.0.1"],
    ["like ISATAP, but for the last byte of its mark", "2a00:1450:4001:81b:0:5eff:10.0.0.1"]
  ])("is public: %s", (_, address) => {
    assert.isTrue(isPublic(address), address)
    assert.isUndefined(inUrl(address), address)
  })

  it.each([
    ["this network", "0.0.0.0 0.1.2.3"],
    ["private", "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1"],
    ["shared by the customers of a provider", "100.64.0.1 100.127.255.255"],
    ["loopback", "127.0.0.1 127.255.0.1 127.1 0x7f.1 ::1"],
    ["link-local", "169.254.169.254 fe80::1 febf::1"],
    ["for the IETF", "192.0.0.1 192.0.0.9 192.0.0.170 2001:1::1 2001:2::1 2001:20::1 2001:1ff::1"],
    ["for documentation", "192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1"],
    ["for benchmarks", "198.18.0.1 198.19.255.255"],
    ["of AS112, AMT and relays of 6to4", "192.31.196.1 192.52.193.1 192.88.99.1 192.175.48.1 2620:4f:8000::1"],
    ["multicast", "224.0.0.1 239.255.255.255 ff02::1"],
    ["reserved", "240.0.0.1 255.255.255.255"],
    ["unspecified", ":: ::2 ::ffff"],
    ["of one site", "fc00::1 fdff::1 fec0::1"],
    ["for nothing but discarding, and segments", "100::1 100:0:0:1::1 5f00::1"],
    [
      "nobody's yet",
      "200::1 1000::1 2000::1 2004::1 2300::1 2d00::1 2e00::1 3000::1 3ffe::1 4000::1 8000::1 e000::1 fe00::1"
    ],
    ["of a link of this machine", "fe80::1%eth0 2606:2800:21f:cb07:6820:80da:af6b:8b2c%1"],
    ["no address", "localhost example.com "]
  ])("is not public: %s", (_, addresses) => {
    for (const address of addresses.split(" ")) {
      assert.isFalse(isPublic(address), address)
      // A URL has no zones, and a name is no address.
      if (!/%|^$|[g-z]/i.test(address) || address.startsWith("0x"))
        assert.match(inUrl(address)!, /is not a public address$/, address)
    }
  })

  it.each([
    ["mapped", "::ffff:10.0.0.1", "10.0.0.1"],
    ["compatible", "::10.0.0.1", "10.0.0.1"],
    ["translated", "::ffff:0:127.0.0.1", "127.0.0.1"],
    ["NAT64", "64:ff9b::a9fe:a9fe", "169.254.169.254"],
    ["NAT64 of one's own network, by 96 bits", "64:ff9b:1::a00:1", "10.0.0.1"],
    ["NAT64 of one's own network, by 64 bits", "64:ff9b:1::a:0:100:0", "10.0.0.1"],
    ["NAT64 of one's own network, by 56 bits", "64:ff9b:1:a:0:1::", "10.0.0.1"],
    ["NAT64 of one's own network, by 48 bits", "64:ff9b:1:a00:0:100::", "10.0.0.1"],
    ["NAT64 of one's own network, of which it is not known which", "64:ff9b:1:a00:0:100:808:808", "10.0.0.1"],
    ["NAT64 of one's own network, to nowhere", "64:ff9b:1::", "0.0.0.0"],
    ["6to4", "2002:a00:1::1", "10.0.0.1"],
    ["6to4, to nowhere", "2002:1::808:808", "0.1.0.0"],
    ["Teredo, with a server that is nowhere", "2001:0:1:203:8000:63bf:f7f7:f7f7", "0.1.2.3"],
    ["Teredo, with a private client", "2001:0:808:808:8000:63bf:f5ff:fffe", "10.0.0.1"],
    ["Teredo, with a private server", "2001:0:a00:1:8000:63bf:f7f7:f7f7", "10.0.0.1"],
    ["ISATAP", "2a00:1450:4001:81b:0:5efe:10.0.0.1", "10.0.0.1"],
    ["ISATAP, with the bit of a unique address", "2a00:1450:4001:81b:200:5efe:10.0.0.1", "10.0.0.1"]
  ])("is not public, but leads to another that is not: %s", (_, address, leadsTo) => {
    assert.isFalse(isPublic(address), address)
    assert.include(inUrl(address), `which leads to ${leadsTo}, which is not a public address`)
    const { message } = new PrivateAddress(address, address)
    assert.strictEqual(
      message,
      `${address} leads to ${leadsTo}, which is not a public address; webhooks are not posted there`
    )
  })

  it("is not public behind ISATAP in a network that is not, whatever it embeds", () => {
    for (const address of ["fe80::5efe:8.8.8.8", "fd00::200:5efe:8.8.8.8"]) assert.isFalse(isPublic(address), address)
  })
})
