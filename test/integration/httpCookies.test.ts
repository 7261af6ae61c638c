/**
 * The cookie of a session as the credential of a browser: how it is given, when it is taken away, that it is the only credential of its
 * request, and that no page of another site writes with it. Checks A1 of the invariants.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Members from "@turnout/core/access/application/Members"
import { REMEMBERED_MILLIS } from "@turnout/core/access/application/Authentication"
import { parse, textOf } from "@turnout/core/access/domain/credentials/Credential"
import { permissionsOf } from "@turnout/core/access/domain/policy/Role"
import { PeopleStore } from "@turnout/core/access/ports/PeopleStore"
import { SessionStore } from "@turnout/core/access/ports/SessionStore"
import * as Server from "@turnout/http/Server"
import { Effect } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { type Reply, request, TOKEN } from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import * as HttpWorld from "../support/HttpWorld.ts"
import * as Mailbox from "../support/Mailbox.ts"
import * as SettableClock from "../support/SettableClock.ts"
import * as SignedIn from "../support/SignedIn.ts"

const NAME = "__Host-turnout"
const CLEARED = `${NAME}=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0`

type Session = Effect.Success<ReturnType<typeof SignedIn.by>>

type Sent = Readonly<Record<string, string>>

const make = Effect.fnUntraced(function* (options: Server.ServerOptions = {}) {
  const { linkTo, mailer } = yield* Mailbox.make
  const { clock, set } = yield* SettableClock.make
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => HttpWorld.start({ mailer, ...options }, { clock })),
    (server) => Effect.promise(() => server[Symbol.asyncDispose]())
  )
  /** Sends a request with these headers and without a token. */
  const send = (method: string, path: string, headers: Sent = {}, body?: unknown): Effect.Effect<Reply> =>
    Effect.promise(() =>
      request(server.address, method, path, { token: null, headers, ...(body === undefined ? {} : { body }) })
    )
  const run = <A, E>(work: Effect.Effect<A, E, HttpWorld.Services>) => Effect.promise(() => server.run(work))
  const signedIn = Effect.suspend(() => run(SignedIn.by(`${randomUUID()}@example.com`)))
  const own = { origin: server.address }
  return { address: server.address, linkTo, own, run, send, set, signedIn }
})

const cookie = (text: string): Sent => ({ cookie: `${NAME}=${text}` })

const codeOf = ({ body, status }: Reply) => [status, body.code]

const placesOf = ({ body }: Reply) =>
  (body.violations as ReadonlyArray<{ in: string; pointer: string }>).map((one) => `${one.in} ${one.pointer}`)

describe("the cookie of a session", () => {
  it.live("is set by a page that redeems a link, and opens what the session opens", () =>
    Effect.gen(function* () {
      const { linkTo, own, send } = yield* make()
      yield* send("POST", "/sign-in", {}, { address: "ada@example.com" })
      const link = yield* linkTo("ada@example.com")
      const reply = yield* send("POST", "/sign-in/redeem", own, { link, as: "cookie" })
      assert.strictEqual(reply.status, 200)
      assert.hasAllKeys(reply.body, ["session"])
      const [pair, ...attributes] = reply.headers.get("set-cookie")!.split("; ")
      assert.sameMembers(attributes, ["Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=2592000"])
      assert.match(pair!, /^__Host-turnout=ts_[0-9a-f]{32}_[\w-]{43}$/)
      assert.notInclude(JSON.stringify(reply.body), parse(pair!.slice(NAME.length + 1))!.secret)
      const me = yield* send("GET", "/me", { cookie: `theme=dark; ${pair!}; lang=de` })
      assert.deepInclude(me.body, { kind: "user", addresses: ["ada@example.com"] })
      assert.strictEqual(me.headers.get("cache-control"), "private, no-store")
      // The cookie lasts as long as the session, which is used.
      assert.include(me.headers.get("set-cookie")!, `${pair!}; `)
    }).pipe(Effect.scoped)
  )

  it.live("is given to no page of another site, and the link is not used up by it", () =>
    Effect.gen(function* () {
      const { linkTo, own, send } = yield* make()
      yield* send("POST", "/sign-in", {}, { address: "ada@example.com" })
      const link = yield* linkTo("ada@example.com")
      for (const headers of [{}, { origin: "https://evil.example.com" }, { "sec-fetch-site": "cross-site" }])
        assert.deepStrictEqual(codeOf(yield* send("POST", "/sign-in/redeem", headers, { link, as: "cookie" })), [
          403,
          "cross_site"
        ])
      assert.strictEqual((yield* send("POST", "/sign-in/redeem", own, { link, as: "cookie" })).status, 200)
    }).pipe(Effect.scoped)
  )

  it.live("is the only credential of its request", () =>
    Effect.gen(function* () {
      const { run, send, signedIn } = yield* make()
      const ada = yield* signedIn
      const bob = yield* signedIn
      const two = { cookie: `${NAME}=${ada.text}; ${NAME}=${bob.text}` }
      for (const [headers, place] of [
        [{ ...cookie(ada.text), authorization: `Bearer ${bob.text}` }, "header /authorization"],
        [{ ...cookie(ada.text), authorization: `Bearer ${ada.text}` }, "header /authorization"],
        [{ ...cookie(ada.text), authorization: `Bearer ${TOKEN}` }, "header /authorization"],
        [{ ...cookie("expired"), authorization: "Basic YTpi" }, "header /authorization"],
        [two, "header /cookie"],
        [{ cookie: `${NAME}=${ada.text};${NAME}=${ada.text}` }, "header /cookie"]
      ] as const) {
        for (const path of ["/me", "/events", "/admin/outbox"]) {
          const reply = yield* send("GET", path, headers)
          assert.deepStrictEqual(codeOf(reply), [400, "validation_failed"], JSON.stringify(headers))
          assert.deepStrictEqual(placesOf(reply), [place])
          assert.isNull(reply.headers.get("set-cookie"))
        }
      }
      // Nothing was done for either of them.
      const { id } = yield* run(Given.publishedEvent())
      const key = { "idempotency-key": randomUUID() }
      assert.strictEqual((yield* send("POST", `/events/${id}/registrations`, { ...two, ...key }, {})).status, 400)
    }).pipe(Effect.scoped)
  )

  it.live("is refused and taken away if it is not valid, and never counts as none", () =>
    Effect.gen(function* () {
      const { send, signedIn } = yield* make()
      const { text } = yield* signedIn
      const { id, secret } = parse(text)!
      const wrong = [
        "",
        "x",
        text.slice(0, -1),
        `${text}x`,
        `"${text}"`,
        textOf("session", id, randomBytes(32).toString("base64url")),
        textOf("session", "0".repeat(32), secret),
        textOf("apiKey", id, secret),
        textOf("signInLink", id, secret),
        TOKEN
      ]
      for (const value of wrong) {
        // Everybody may list events, and whoever sends a bad credential is not everybody.
        const reply = yield* send("GET", "/events", cookie(value))
        assert.deepStrictEqual(codeOf(reply), [401, "invalid_credential"], value)
        assert.strictEqual(reply.headers.get("set-cookie"), CLEARED)
      }
      // A bearer token that is not valid has nothing to do with a cookie.
      assert.isNull((yield* send("GET", "/events", { authorization: "Bearer x" })).headers.get("set-cookie"))
    }).pipe(Effect.scoped)
  )

  it.live("is none of ours under another name", () =>
    Effect.gen(function* () {
      const { send, signedIn } = yield* make()
      const { text } = yield* signedIn
      for (const pair of [
        `turnout=${text}`,
        `__host-turnout=${text}`,
        `x${NAME}=${text}`,
        `${NAME}x=${text}`,
        `\u00a0${NAME}=${text}`,
        `other=${NAME}`
      ]) {
        assert.strictEqual((yield* send("GET", "/events", { cookie: pair })).status, 200, pair)
        assert.deepStrictEqual(codeOf(yield* send("GET", "/me", { cookie: pair })), [401, "unauthorized"], pair)
      }
      const header = { authorization: `Bearer ${text}`, cookie: "turnout=1" }
      assert.strictEqual((yield* send("GET", "/me", header)).status, 200)
    }).pipe(Effect.scoped)
  )

  it.live("writes only from pages of the server", () =>
    Effect.gen(function* () {
      const { address, run, send, signedIn } = yield* make()
      const { text } = yield* signedIn
      const { id } = yield* run(Given.publishedEvent({ capacity: 100 }))
      const { host, port } = new URL(address)
      const register = (headers: Sent) =>
        send(
          "POST",
          `/events/${id}/registrations`,
          { ...cookie(text), "idempotency-key": randomUUID(), ...headers },
          {}
        )
      const others: ReadonlyArray<Sent> = [
        {},
        { origin: "null" },
        { origin: "" },
        { origin: "https://evil.example.com" },
        { origin: `http://localhost:${port}` },
        { origin: `http://${host}.evil.example.com` },
        { origin: `http://evil.example.com/${host}` },
        { origin: `http://user@${host}` },
        { origin: `ftp://${host}` },
        { origin: `${address}, https://evil.example.com` },
        { referer: `${address}/` },
        { "sec-fetch-site": "same-site" },
        { "sec-fetch-site": "none" },
        { origin: "https://evil.example.com", "sec-fetch-site": "cross-site" }
      ]
      for (const headers of others)
        assert.deepStrictEqual(codeOf(yield* register(headers)), [403, "cross_site"], JSON.stringify(headers))
      const { body } = yield* send("GET", `/events/${id}`)
      assert.strictEqual(body.counts.confirmed, 0)
      // Nor does a page of another site end sessions, or change events.
      for (const [method, path] of [
        ["DELETE", "/sessions"],
        ["DELETE", `/sessions/${parse(text)!.id}`],
        ["PATCH", `/events/${id}`],
        ["POST", "/admin/webhooks"]
      ] as const) {
        const reply = yield* send(method, path, { ...cookie(text), origin: "https://evil.example.com" }, {})
        assert.deepStrictEqual(codeOf(reply), [403, "cross_site"], `${method} ${path}`)
      }
      for (const headers of [{ origin: address }, { origin: `https://${host}` }, { "sec-fetch-site": "same-origin" }])
        assert.include([200, 201, 409], (yield* register(headers)).status, JSON.stringify(headers))
      assert.strictEqual((yield* send("GET", `/events/${id}`)).body.counts.confirmed, 1)
      // Reading is harmless: no page of another site sees the answer.
      assert.strictEqual(
        (yield* send("GET", "/me", { ...cookie(text), origin: "https://evil.example.com" })).status,
        200
      )
      assert.strictEqual((yield* send("HEAD", "/events", cookie(text))).status, 200)
    }).pipe(Effect.scoped)
  )

  it.live("writes only from pages of the public URL, if the server has one", () =>
    Effect.gen(function* () {
      const { address, send, signedIn } = yield* make({ publicUrl: "https://Tickets.example.com/" })
      const { text } = yield* signedIn
      const end = (headers: Sent) => send("DELETE", `/sessions/${"0".repeat(32)}`, { ...cookie(text), ...headers })
      for (const origin of [address, "http://tickets.example.com", "https://tickets.example.com:8443"])
        assert.deepStrictEqual(codeOf(yield* end({ origin })), [403, "cross_site"], origin)
      for (const headers of [{ origin: "https://tickets.example.com" }, { "sec-fetch-site": "same-origin" }])
        assert.deepStrictEqual(codeOf(yield* end(headers)), [404, "session_not_found"])
    }).pipe(Effect.scoped)
  )

  it.each([
    ["http://tickets.example.com", /publicUrl: must be an https URL without a path/],
    ["https://tickets.example.com/turnout", /publicUrl: must be/],
    ["https://tickets.example.com/?", /publicUrl: must be/],
    ["https://ada:secret@tickets.example.com", /publicUrl: must be/],
    ["https://tickets.example.com/#", /publicUrl: must be/],
    ["tickets.example.com", /publicUrl: must be/],
    ["ftp://localhost", /publicUrl: must be/],
    ["", /publicUrl: must be/]
  ])("comes from no public URL such as %s", (publicUrl, message) => {
    assert.throws(() => Server.layer({ publicUrl }), message)
  })

  it("comes from a public URL of this machine by http, and links lead to none that is unknown", () => {
    for (const publicUrl of [
      "http://localhost:3000",
      "http://127.0.0.1:3000/",
      "http://[::1]:3000",
      "https://a.example"
    ])
      assert.doesNotThrow(() => Server.layer({ publicUrl }), publicUrl)
    const mailer = { send: () => Effect.void }
    assert.throws(() => Server.layer({ mailer, host: "0.0.0.0" }), /publicUrl: must be there/)
    assert.doesNotThrow(() => Server.layer({ mailer, host: "0.0.0.0", publicUrl: "https://a.example" }))
    assert.doesNotThrow(() => Server.layer({ mailer, host: "::1" }))
  })

  it.live("goes when its session is ended, and stays when another one is", () =>
    Effect.gen(function* () {
      const { own, run, send, set } = yield* make()
      const signedIn = yield* run(
        Effect.all([SignedIn.by("ada@example.com"), SignedIn.by("ada@example.com"), SignedIn.by("ada@example.com")])
      )
      // Those of one millisecond have ids in any order.
      const [one, two, three] = signedIn.toSorted((a, b) => (a.text < b.text ? -1 : 1)) as [Session, Session, Session]
      const [first, second, third] = [one, two, three].map(({ text }) => parse(text)!.id)
      const mine = { ...cookie(one.text), ...own }
      const listed = yield* send("GET", "/sessions?limit=2", mine)
      assert.deepStrictEqual(
        listed.body.items.map(({ id, isCurrent }: { id: string; isCurrent: boolean }) => [id, isCurrent]),
        [
          [first, true],
          [second, false]
        ]
      )
      assert.strictEqual(listed.body.next, second)
      assert.deepStrictEqual(
        (yield* send("GET", `/sessions?limit=2&after=${second!}`, mine)).body.items.map(({ id }: { id: string }) => id),
        [third]
      )
      const ended = yield* send("DELETE", `/sessions/${second!}`, mine)
      assert.deepStrictEqual([ended.status, ended.headers.get("set-cookie")], [204, null])
      const out = yield* send("DELETE", `/sessions/${first!}`, mine)
      assert.deepStrictEqual([out.status, out.headers.get("set-cookie")], [204, CLEARED])
      set(REMEMBERED_MILLIS)
      for (const { text } of [one, two]) assert.strictEqual((yield* send("GET", "/me", cookie(text))).status, 401)
      const everywhere = yield* send("DELETE", "/sessions", { ...cookie(three.text), ...own })
      assert.deepStrictEqual(
        [everywhere.status, everywhere.body, everywhere.headers.get("set-cookie")],
        [200, { ended: 1 }, CLEARED]
      )
      set(REMEMBERED_MILLIS)
      assert.strictEqual((yield* send("GET", "/me", cookie(three.text))).status, 401)
    }).pipe(Effect.scoped)
  )

  it.live("ends with the person, within ten seconds of their deactivation", () =>
    Effect.gen(function* () {
      const { run, send, set, signedIn } = yield* make()
      const { personId, text } = yield* signedIn
      assert.strictEqual((yield* send("GET", "/me", cookie(text))).status, 200)
      yield* run(PeopleStore.use((people) => people.deactivate(personId, "operator")))
      set(REMEMBERED_MILLIS)
      const refused = yield* send("GET", "/me", cookie(text))
      assert.deepStrictEqual(codeOf(refused), [401, "invalid_credential"])
      assert.strictEqual(refused.headers.get("set-cookie"), CLEARED)
      yield* run(PeopleStore.use((people) => people.reactivate(personId, "operator")))
      assert.strictEqual((yield* send("GET", "/me", cookie(text))).status, 401)
      assert.deepStrictEqual(
        yield* run(SessionStore.use((sessions) => sessions.list(personId, { after: null, limit: 10 }))),
        []
      )
    }).pipe(Effect.scoped)
  )

  it.live("opens the API for operators to members, as their role says", () =>
    Effect.gen(function* () {
      const { own, run, send } = yield* make()
      const { text } = yield* run(SignedIn.by("olga@example.com"))
      const input = { subject: { address: "olga@example.com" }, role: "owner" as const }
      const { organizationId } = yield* run(
        Members.Members.use((members) =>
          Effect.flatMap(Given.publishedEvent(), (event) =>
            members.add(event.organizationId, input, permissionsOf("operator"), "ada")
          )
        )
      )
      const path = `/admin/organizations/${organizationId}/members`
      assert.strictEqual((yield* send("GET", path, cookie(text))).status, 200)
      const add = (headers: Sent) =>
        send(
          "POST",
          path,
          { ...cookie(text), ...headers },
          { subject: { address: "vera@example.com" }, role: "viewer" }
        )
      assert.strictEqual((yield* add({})).status, 403)
      assert.strictEqual((yield* add(own)).status, 201)
    }).pipe(Effect.scoped)
  )
})
