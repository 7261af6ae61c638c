/**
 * The limits of requests over HTTP: by address, by principal and by mail address, and what a refused request is told.
 */
import { assert, describe, it } from "@effect/vitest"
import { DEFAULT_ORGANIZATION } from "@turnout/core/kernel/domain/OrganizationId"
import { DEFAULT_POLICIES, type LimitPolicy } from "@turnout/http/LimitPolicy"
import type * as Server from "@turnout/http/Server"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { type Asked, type Reply, request } from "../support/AdminClient.ts"
import * as HttpWorld from "../support/HttpWorld.ts"
import * as Mailbox from "../support/Mailbox.ts"

const make = Effect.fnUntraced(function* (options: Server.ServerOptions = {}) {
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => HttpWorld.start({ limits: "default", ...options })),
    (one) => Effect.promise(() => one[Symbol.asyncDispose]())
  )
  const call = (method: string, path: string, asked: Asked = { token: null }): Effect.Effect<Reply> =>
    Effect.promise(() => request(server.address, method, path, { token: null, ...asked }))
  return { call, server }
})

/** The number of requests that are not refused by a limit, of so many. */
const passing = (count: number, ask: Effect.Effect<Reply>) =>
  Effect.map(
    Effect.forEach(Array(count).fill(0), () => ask),
    (replies) => replies.filter(({ status }) => status !== 429).length
  )

const limitOf = (name: string) => DEFAULT_POLICIES.find((policy) => policy.name === name)!.limit

/** As many as pass at once, and perhaps one that was added meanwhile. */
const assertBurst = (passed: number, name: string) => {
  const half = Math.ceil(limitOf(name) / 2)
  assert.isAtLeast(passed, half)
  assert.isAtMost(passed, half + Math.ceil(limitOf(name) / 20))
}

const unknownEvent = `/events/${randomUUID()}`
const register = (call: (method: string, path: string, asked: Asked) => Effect.Effect<Reply>, asked: Asked = {}) =>
  Effect.suspend(() =>
    call("POST", `${unknownEvent}/registrations`, {
      ...asked,
      headers: { "idempotency-key": randomUUID(), ...asked.headers },
      body: { attendee: { name: "Ada", email: `${randomUUID()}@example.com` } }
    })
  )

describe("limits over HTTP", () => {
  it.live("refuse an address that asks too often without a credential, and say when to come back", () =>
    Effect.gen(function* () {
      const { call } = yield* make()
      const first = yield* call("GET", "/events")
      assert.strictEqual(first.headers.get("ratelimit-policy"), '"anonymous";q=60;w=60')
      assert.match(first.headers.get("ratelimit")!, /^"anonymous";r=29;t=2$/)
      assert.isNull(first.headers.get("x-ratelimit-limit"))
      assertBurst(1 + (yield* passing(40, call("GET", "/events"))), "anonymous")
      const refused = yield* call("GET", "/events")
      assert.strictEqual(refused.status, 429)
      assert.deepInclude(refused.body, { code: "rate_limited", policy: "anonymous", retryAfterSeconds: 2 })
      assert.strictEqual(refused.headers.get("retry-after"), "2")
      assert.match(refused.headers.get("ratelimit")!, /^"anonymous";r=0;t=2$/)
      // Balancers and monitors are not refused.
      assert.strictEqual(yield* passing(100, call("GET", "/health/live")), 100)
      yield* Effect.sleep(2_000)
      assert.strictEqual((yield* call("GET", "/events")).status, 200)
    })
  )

  it.live("are tighter for registering, and have room for a principal", () =>
    Effect.gen(function* () {
      const { call, server } = yield* make()
      assertBurst(yield* passing(20, register(call)), "anonymous-registrations")
      const { text } = yield* Effect.promise(() => server.key("organizer", DEFAULT_ORGANIZATION))
      const other = yield* Effect.promise(() => server.key("organizer", DEFAULT_ORGANIZATION))
      assertBurst(yield* passing(400, register(call, { token: text })), "identified")
      assert.notStrictEqual((yield* register(call, { token: other.text })).status, 429)
    })
  )

  it.live("count credentials that are refused by their address, and look for no more of them", () =>
    Effect.gen(function* () {
      const { call, server } = yield* make()
      const { text } = yield* Effect.promise(() => server.key("organizer", DEFAULT_ORGANIZATION))
      const guess = Effect.suspend(() =>
        call("GET", "/me", { token: `${text.slice(0, -8)}${randomUUID().slice(0, 8)}` })
      )
      assertBurst(yield* passing(50, guess), "refused-credentials")
      // Not even the right one is looked for: who guesses must not see the difference.
      assert.strictEqual((yield* call("GET", "/me", { token: text })).status, 429)
    })
  )

  it.live("of signing in are by address, and by the address that is mailed to", () =>
    Effect.gen(function* () {
      const { mailer } = yield* Mailbox.make
      const limits = DEFAULT_POLICIES.filter(({ name }) => name !== "sign-in")
      const { call } = yield* make({ mailer, limits })
      const ask = (address: string) => Effect.suspend(() => call("POST", "/sign-in", { body: { address } }))
      assert.strictEqual(yield* passing(6, ask("ada@example.com")), 3)
      assert.strictEqual((yield* ask("ADA@example.com")).status, 429)
      assert.strictEqual(yield* passing(3, ask("bob@example.com")), 3)
      const both = yield* make({ mailer })
      const asked = yield* Effect.forEach(Array(5).fill(0), () =>
        both.call("POST", "/sign-in", { body: { address: `${randomUUID()}@example.com` } })
      )
      assert.deepStrictEqual(
        asked.map(({ status }) => status),
        [202, 202, 202, 429, 429]
      )
      assert.strictEqual(asked[3]!.body.policy, "sign-in")
    })
  )

  it.live("are not evaded by a header that nobody trusts, and count clients behind a proxy that is", () =>
    Effect.gen(function* () {
      const forwarded = (address: string): Asked => ({ headers: { "x-forwarded-for": address } })
      const distrusting = yield* make()
      let n = 0
      const spoofed = Effect.suspend(() => distrusting.call("GET", "/events", forwarded(`198.51.100.${(n += 1)}`)))
      assertBurst(yield* passing(50, spoofed), "anonymous")
      const trusting = yield* make({ trustedProxies: ["127.0.0.1"] })
      const by = (address: string) => trusting.call("GET", "/events", forwarded(address))
      assertBurst(yield* passing(50, by("203.0.113.9, 198.51.100.7")), "anonymous")
      assert.strictEqual((yield* by("198.51.100.8")).status, 200)
      // What stands further left, the client has written.
      assert.strictEqual((yield* by("203.0.113.10, 198.51.100.7")).status, 429)
      assert.strictEqual((yield* by("2001:db8::1")).status, 200)
    })
  )

  it.live("are told in the older headers as well if that is asked for, and are as the policies say", () =>
    Effect.gen(function* () {
      const own: LimitPolicy = {
        name: "of-an-event",
        countedBy: "event",
        callers: "all",
        operations: ["getEvent"],
        limit: 4,
        windowSeconds: 60,
        cost: 2,
        whenStoreIsAway: "open"
      }
      const { call } = yield* make({ limits: [own], olderLimitHeaders: true })
      const first = yield* call("GET", unknownEvent)
      assert.strictEqual(first.headers.get("x-ratelimit-limit"), "4")
      assert.strictEqual(first.headers.get("x-ratelimit-remaining"), "0")
      assert.strictEqual((yield* call("GET", unknownEvent)).status, 429)
      assert.notStrictEqual((yield* call("GET", `/events/${randomUUID()}`)).status, 429)
      assert.strictEqual(yield* passing(100, call("GET", "/events")), 100)
    })
  )
})
