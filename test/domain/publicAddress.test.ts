/**
 * Where webhooks may be posted to: every address that a name resolves to has to be a public one, since any of them may be the
 * one that is connected to.
 */
import type { LookupAddress } from "node:dns"
import { assert, describe, it } from "vitest"
import { isPublic, lookupBy, PrivateAddress } from "@turnout/adapters/internal/webhooks/PublicAddress"

const PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "8.8.8.8"]
const PRIVATE = ["10.0.0.1", "::1", "169.254.169.254", "::ffff:192.168.0.1", "fd00::1"]

const toAddress = (address: string): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 })

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

  it.each(PRIVATE)("one of whose addresses is %s cannot, whichever it is", async (address) => {
    for (let place = 0; place <= PUBLIC.length; place++)
      for (const all of [true, false]) {
        const error = await connect(PUBLIC.toSpliced(place, 0, address), all)
        assert.instanceOf(error, PrivateAddress)
        assert.include((error as Error).message, `hooks.example.com is at ${address}, which is not a public address`)
      }
  })

  it("that does not resolve says why", async () => {
    const cause = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" })
    const told = new Promise((resolve) => lookupBy((_, __, callback) => callback(cause, []))("nowhere", {}, resolve))
    assert.strictEqual(await told, cause)
  })
})
