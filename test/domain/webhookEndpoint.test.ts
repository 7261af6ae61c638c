/**
 * The endpoints that a webhook may have: the operator who enters one, and the relay that posts to it, go by one rule.
 */
import * as Webhooks from "@turnout/core/webhooks/application/Webhooks"
import { DEFAULT_ORGANIZATION, type OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import { nameOf, refusalOf } from "@turnout/core/webhooks/domain/WebhookEndpoint"
import { WebhookEndpoints } from "@turnout/core/webhooks/ports/WebhookEndpoints"
import * as Endpoints from "@turnout/adapters/webhooks/endpoints"
import * as Memory from "@turnout/adapters/memory"
import { lookupBy } from "@turnout/adapters/internal/webhooks/PublicAddress"
import * as WebhookRequest from "@turnout/adapters/internal/webhooks/WebhookRequest"
import { Effect, Layer, Result } from "effect"
import { lookup as resolve } from "node:dns"
import { assert, describe, it } from "vitest"
import { target } from "../support/WebhookTargets.ts"

const LONG = "a".repeat(64)

/** URLs, and the rule that each breaks: without private addresses, and with them. */
const URLS: ReadonlyArray<readonly [url: string, strict: RegExp | null, lenient: RegExp | null]> = [
  ["https://hooks.invalid/", null, null],
  ["https://hooks.invalid.:8443/a?b=c", null, null],
  ["https://8.8.8.8:1/", null, null],
  ["https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:1/", null, null],
  ["http://hooks.invalid/", /must begin with https/, null],
  ["https://hooks.invalid:0/", /must not have port 0/, /must not have port 0/],
  [`https://${LONG}.invalid/`, /must name a host that there can be/, /must name a host that there can be/],
  [`https://${"a.".repeat(127)}invalid/`, /must name a host that there can be/, /must name a host that there can be/],
  ["https://a..invalid/", /must name a host that there can be/, /must name a host that there can be/],
  ...[
    "localhost",
    "localhost.",
    "a.localhost",
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "2130706433",
    "10.1.2.3",
    "0.0.0.0"
  ].map((host) => [`https://${host}:1/`, /is not a public address/, null] as const),
  ...["[::1]", "[::]", "[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[2001:db8::1]"].map(
    (host) => [`https://${host}:1/`, /is not a public address/, null] as const
  )
]

/** Names of 253 and of 254 characters, none of whose labels has more than 63. */
const [LONGEST, TOO_LONG] = [61, 62].map((last) => [63, 63, 63, last].map((length) => "a".repeat(length)).join("."))

/** What became of posting; `null` if there was an answer. */
const failureOf = (url: string, allowPrivate: boolean, organizationId: OrganizationId | null = null) =>
  Effect.gen(function* () {
    const lookup = lookupBy((name, options, callback) =>
      name === "inside.example.com"
        ? callback(null, [{ address: "10.1.2.3", family: 4 }])
        : resolve(name, options, callback)
    )
    const post = yield* WebhookRequest.make({ allowPrivate, timeoutMillis: 100, connections: 1, lookup })
    const answer = yield* Effect.timeoutOrElse(
      post(target({ url, organizationId }), { id: "id", body: "{}", at: new Date(0) }),
      {
        duration: 150,
        orElse: () => Effect.succeed({ status: null, error: "none" } as const)
      }
    )
    return answer.status === null ? answer.error : null
  }).pipe(Effect.scoped, Effect.runPromise)

/** The rule that posting names; `null` if it tried to post. */
const posting = async (...asked: Parameters<typeof failureOf>): Promise<string | null> =>
  /the URL (must.*)$/.exec((await failureOf(...asked)) ?? "")?.[1] ?? null

/** The rule that entering names; `null` if the webhook was stored. */
const entering = (
  url: string,
  endpoints: Layer.Layer<never>,
  organizationId: OrganizationId | null = null
): Promise<ReadonlyArray<string | null>> =>
  Effect.gen(function* () {
    const webhooks = yield* Webhooks.Webhooks
    const ruleOf = (exit: Result.Result<unknown, { readonly message: string }>) =>
      Result.isSuccess(exit) ? null : exit.failure.message.replace(/^url: /, "")
    const { webhook } = yield* webhooks.create({ url: "https://first.invalid" }, { who: "ada", organizationId })
    const added = yield* Effect.result(webhooks.create({ url }, { who: "ada", organizationId }))
    const changed = yield* Effect.result(webhooks.update(webhook.id, { url }, "ada"))
    return [ruleOf(added), ruleOf(changed)]
  }).pipe(
    Effect.provide(Webhooks.layer.pipe(Layer.provide(endpoints), Layer.provide(Layer.fresh(Memory.layer)))),
    Effect.runPromise
  )

describe("the URL of a webhook", () => {
  it.each(URLS)("%s is refused when it is entered as when it is posted to", async (url, strict, lenient) => {
    for (const [allowPrivate, expected] of [
      [false, strict],
      [true, lenient]
    ] as const) {
      const posted = await posting(url, allowPrivate)
      const entered = await entering(url, Endpoints.layer({ allowPrivate }))
      assert.deepStrictEqual(entered, [posted, posted], `${url} ${allowPrivate}`)
      if (expected === null) assert.isNull(posted)
      else assert.match(posted!, expected)
    }
  })

  it.each(URLS)("%s is that of an organization by the strict rule, whatever is allowed", async (url, strict) => {
    const posted = await posting(url, true, DEFAULT_ORGANIZATION)
    const entered = await entering(url, Endpoints.layer({ allowPrivate: true }), DEFAULT_ORGANIZATION)
    assert.deepStrictEqual(entered, [posted, posted], url)
    if (strict === null) assert.isNull(posted)
    else assert.match(posted!, strict)
  })

  it("of an organization is refused for what its name leads to, whatever is allowed, and nobody is told where", async () => {
    const url = "https://inside.example.com:1/"
    const rule = "must not lead to a private address"
    const told = "must not lead to a private address: inside.example.com is at 10.1.2.3"
    const nameRefusal = (name: string) => Effect.succeed(name.startsWith("inside") ? told : undefined)
    for (const allowPrivate of [false, true]) {
      const endpoints = Layer.succeed(WebhookEndpoints, { allowPrivate, nameRefusal })
      assert.deepStrictEqual(await entering(url, endpoints, DEFAULT_ORGANIZATION), [rule, rule])
      assert.strictEqual(
        await failureOf(url, allowPrivate, DEFAULT_ORGANIZATION),
        "PrivateAddress: the name does not lead to a public address; webhooks are not posted there"
      )
    }
    const [operators] = await entering(url, Layer.succeed(WebhookEndpoints, { allowPrivate: false, nameRefusal }))
    assert.strictEqual(operators, told)
    assert.match((await failureOf(url, false))!, /^PrivateAddress: inside\.example\.com is at 10\.1\.2\.3, which/)
  })

  it("is refused by the strict rule if nobody says which endpoints there are", async () => {
    const [added, changed] = await entering("http://127.0.0.1/", Layer.empty)
    assert.match(added!, /must begin with https/)
    assert.strictEqual(changed, added)
  })

  it("is refused for what its name resolves to", async () => {
    const asked: Array<string> = []
    const nameRefusal = (name: string) =>
      Effect.sync(() => {
        asked.push(name)
        return name.startsWith("inside") ? "must not lead inside" : undefined
      })
    const endpoints = Layer.succeed(WebhookEndpoints, { allowPrivate: false, nameRefusal })
    assert.deepStrictEqual(await entering("https://inside.invalid./", endpoints), [
      "must not lead inside",
      "must not lead inside"
    ])
    assert.include(asked, "inside.invalid")
    assert.deepStrictEqual(await entering("https://outside.invalid/", endpoints), [null, null])
  })
})

describe("the rule of endpoints", () => {
  it.each([
    ["a name", "https://hooks.example.com/"],
    ["a name of 253 characters, with labels of 63", `https://${LONGEST}/`],
    ["a name of 253 characters, with the dot that ends it", `https://${LONGEST}./`],
    ["a name that begins as an address", "https://10.0.0.1.example.com/"],
    ["a name that begins as one of the machine itself", "https://localhost.example.com/"],
    ["a name that ends as one of the machine itself", "https://mylocalhost/"],
    ["a public address", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/"]
  ])("allows %s", (_, url) => {
    assert.isUndefined(refusalOf(new URL(url), { allowPrivate: false }), url)
  })

  it.each([
    ["http://hooks.example.com/", "must begin with https://, since only https is allowed"],
    ["https://hooks.example.com:0/", "must not have port 0, which nothing can listen on"],
    [`https://${TOO_LONG}/`, "must name a host that there can be"],
    [`https://${LONG}.example.com/`, "must name a host that there can be"],
    ["https://localhost./", "must not lead to localhost, which is not a public address"],
    ["https://a.localhost/", "must not lead to a.localhost, which is not a public address"],
    ["https://10.0.0.1/", "must not lead to 10.0.0.1, which is not a public address"],
    ["https://[fd00::1]/", "must not lead to fd00::1, which is not a public address"],
    ["https://[::]/", "must not lead to ::, which leads to 0.0.0.0, which is not a public address"],
    ["https://[::a00:1]/", "must not lead to ::a00:1, which leads to 10.0.0.1, which is not a public address"],
    [
      "https://[64:ff9b::a00:1]/",
      "must not lead to 64:ff9b::a00:1, which leads to 10.0.0.1, which is not a public address"
    ]
  ])("refuses %s: it %s", (url, rule) => {
    assert.strictEqual(refusalOf(new URL(url), { allowPrivate: false }), rule)
  })

  it("allows http where private addresses are allowed, and no further protocol", () => {
    assert.isUndefined(refusalOf(new URL("http://10.0.0.1/"), { allowPrivate: true }))
    assert.strictEqual(
      refusalOf(new URL("ftp://hooks.example.com/"), { allowPrivate: true }),
      "must begin with https://, since only https is allowed"
    )
  })

  it.each([
    ["https://hooks.example.com./", "hooks.example.com"],
    ["https://10.0.0.1.example.com/", "10.0.0.1.example.com"],
    ["https://10.0.0.1/", undefined],
    ["https://[fd00::1]/", undefined]
  ])("finds in %s the name %s", (url, name) => assert.strictEqual(nameOf(new URL(url)), name))
})
