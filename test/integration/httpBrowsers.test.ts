/**
 * What browsers are told: who may read answers, what a page may load, and to come back by https only. Behind an nginx as the docs say, with
 * headers that a client has forged.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Server from "@turnout/http/Server"
import { Context, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { randomUUID } from "node:crypto"
import { request } from "node:http"
import * as Http from "../support/HttpServerFixture.ts"
import * as NginxProxy from "../support/NginxProxy.ts"

const SHOP = "https://shop.example.com"
const LISTED = { server: { corsOrigins: [SHOP] } } as const

const preflight = (origin: string, path = `/events/${randomUUID()}/registrations`) =>
  Http.call("OPTIONS", path, {
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,idempotency-key"
    }
  })

const allowOf = (reply: { readonly headers: Headers }) => reply.headers.get("access-control-allow-origin")

describe("pages of other origins", () => {
  it.live("read nothing by default", () =>
    Effect.gen(function* () {
      const reply = yield* Http.call("GET", "/events", { headers: { origin: SHOP } })
      assert.deepStrictEqual([reply.status, allowOf(reply)], [200, null])
      const asked = yield* preflight(SHOP)
      assert.deepStrictEqual([asked.status, allowOf(asked)], [405, null])
    }).pipe(Effect.provide(Http.layer()))
  )

  it.live("read answers and problems if their origin is listed, and may send credentials", () =>
    Effect.gen(function* () {
      const asked = yield* preflight(SHOP)
      assert.strictEqual(asked.status, 204)
      assert.strictEqual(asked.headers.get("access-control-allow-methods"), "GET, HEAD, POST")
      assert.match(asked.headers.get("access-control-allow-headers")!, /Idempotency-Key/)
      for (const path of ["/events", "/nowhere"]) {
        const reply = yield* Http.call("GET", path, { headers: { origin: SHOP } })
        assert.strictEqual(allowOf(reply), SHOP)
        assert.strictEqual(reply.headers.get("access-control-allow-credentials"), "true")
        assert.match(reply.headers.get("access-control-expose-headers")!, /ETag.*RateLimit.*Retry-After/)
        assert.match(reply.headers.get("vary")!, /\borigin\b/)
      }
      const other = yield* Http.call("GET", "/events", { headers: { origin: "https://evil.example.com" } })
      assert.isNull(allowOf(other))
      assert.match(other.headers.get("vary")!, /\borigin\b/, "a cache must not give one origin the answer to another")
      assert.strictEqual((yield* preflight("https://evil.example.com")).status, 405)
      assert.strictEqual((yield* preflight(`${SHOP}.evil.example.com`)).status, 405)
      assert.strictEqual((yield* preflight("null")).status, 405)
    }).pipe(Effect.provide(Http.layer(LISTED)))
  )

  it.live("may be all, and then send no credentials", () =>
    Effect.gen(function* () {
      const reply = yield* Http.call("GET", "/events", { headers: { origin: SHOP } })
      assert.deepStrictEqual([allowOf(reply), reply.headers.get("access-control-allow-credentials")], ["*", null])
    }).pipe(Effect.provide(Http.layer({ server: { corsOrigins: "any" } })))
  )

  it("are refused by rule if they are no origins, and proxies if they are no networks", () => {
    for (const origin of ["shop.example.com", `${SHOP}/`, `${SHOP}/path`, "*", "https://SHOP.example.com"])
      assert.throws(() => Server.layer({ corsOrigins: [origin] }), /^corsOrigins: must be an origin/, origin)
    for (const proxy of ["example.com", "10.0.0.0/40", "10.0.0", ""])
      assert.throws(() => Server.layer({ trustedProxies: [proxy] }), /^trustedProxies: must be an IP address/, proxy)
    for (const proxy of ["10.0.0.0/8", "192.0.2.1", "fd00::/8", "::1"]) Server.layer({ trustedProxies: [proxy] })
  })
})

const BLOCKS = `
server {
  listen 80;
  location / {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto https;
  }
}`

describe("behind a real nginx", () => {
  const POLICY = {
    name: "one",
    countedBy: "address",
    callers: "all",
    operations: "all",
    limit: 4,
    windowSeconds: 3_600,
    cost: 1,
    whenStoreIsAway: "open"
  } as const

  interface Reply {
    readonly status: number
    readonly hsts: string | undefined
  }

  /** Looks at a path from another address of this machine, with headers as a client may forge them. */
  const look = (url: string, localAddress: string, headers: Readonly<Record<string, string>>): Effect.Effect<Reply> =>
    Effect.promise(
      () =>
        new Promise<Reply>((resolve, reject) => {
          request(url, { localAddress, headers }, (response) => {
            const hsts = response.headers["strict-transport-security"]
            response.resume().once("end", () => resolve({ status: response.statusCode!, hsts }))
          })
            .once("error", reject)
            .end()
        })
    )

  const statuses = (url: string, from: string, count: number) =>
    Effect.forEach(
      Array.from({ length: count }, (_, n) => n),
      (n) =>
        Effect.map(
          look(`${url}/events`, from, { "x-forwarded-for": `203.0.113.${n}, 127.0.0.1`, "x-forwarded-proto": "http" }),
          ({ status }) => status
        )
    )

  const behindNginx = Effect.fnUntraced(function* (trustedProxies: ReadonlyArray<string>) {
    const server = Server.layer({ port: 0, open: true, limits: [POLICY], trustedProxies }).pipe(
      Layer.provideMerge(Turnout.layer()),
      Layer.provideMerge(Memory.layer),
      Layer.fresh
    )
    const { address } = Context.get(yield* Layer.build(server), HttpServer.HttpServer)
    const upstream = HttpServer.formatAddress(address)
    const { url } = yield* NginxProxy.make(BLOCKS, Number(new URL(upstream).port))
    return { upstream, url }
  })

  it.live("no header that a client has forged makes it another client, or its connection another one", () =>
    Effect.gen(function* () {
      const { upstream, url } = yield* behindNginx(["127.0.0.1"])
      assert.deepStrictEqual(yield* statuses(url, "127.0.0.2", 4), [200, 200, 429, 429])
      assert.deepStrictEqual(yield* statuses(url, "127.0.0.3", 3), [200, 200, 429])
      // Past the proxy, nobody believes the headers.
      assert.deepStrictEqual(yield* statuses(upstream, "127.0.0.4", 3), [200, 200, 429])
      const secure = { "x-forwarded-proto": "https" }
      const live = "/health/live"
      assert.strictEqual((yield* look(url + live, "127.0.0.2", {})).hsts, "max-age=31536000")
      assert.isUndefined((yield* look(upstream + live, "127.0.0.2", secure)).hsts)
    })
  )

  it.live("all clients count as one if nobody trusts the proxy", () =>
    Effect.gen(function* () {
      const { url } = yield* behindNginx([])
      assert.deepStrictEqual(yield* statuses(url, "127.0.0.2", 1), [200])
      assert.deepStrictEqual(yield* statuses(url, "127.0.0.3", 2), [200, 429])
    })
  )
})
