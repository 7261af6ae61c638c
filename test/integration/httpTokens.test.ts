/**
 * Bearer tokens of issuers over HTTP: whom they open what to, that a bad one opens nothing, and that no two of their bearers ever share
 * an idempotency key. Checks A1, A4 and I4 of the invariants. `tokensAttacks.test.ts` has all attacks on the verifier itself.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Verifier from "@turnout/adapters/tokens"
import * as Members from "@turnout/core/access/application/Members"
import * as Organizations from "@turnout/core/access/application/Organizations"
import * as People from "@turnout/core/access/application/People"
import type { TokenIssuerInput } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { PersonId } from "@turnout/core/access/domain/Person"
import { permissionsOf } from "@turnout/core/access/domain/policy/Role"
import { TokenVerifier } from "@turnout/core/access/ports/TokenVerifier"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import type { OrganizationId } from "@turnout/core/kernel/domain/OrganizationId"
import * as Server from "@turnout/http/Server"
import { Context, Deferred, Effect, Fiber, Layer, Logger, Redacted, References } from "effect"
import { HttpServer } from "effect/http"
import { createHmac, randomUUID } from "node:crypto"
import { get } from "node:http"
import * as AdminClient from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import * as IssuerServer from "../support/IssuerServer.ts"

const AUDIENCE = "https://tickets.example.com"
const [one, two, stranger] = await Promise.all([
  IssuerServer.newKey("ES256", "one"),
  IssuerServer.newKey("ES256", "two"),
  IssuerServer.newKey("ES256", "one")
])

const seconds = (): number => Math.floor(Date.now() / 1_000)

interface World {
  readonly issuer: IssuerServer.IssuerServer
  readonly logged: ReadonlyArray<string>
  /** A token of the issuer, with these claims besides. */
  readonly token: (claims?: Record<string, unknown>, key?: IssuerServer.SigningKey) => Effect.Effect<string>
  readonly commits: Commits
}

/** Commits that can be made to wait. */
interface Commits {
  gate: Deferred.Deferred<void> | undefined
  waiting: number
}

const held = (commits: Commits) =>
  Layer.effect(
    AdmissionStore,
    Effect.map(AdmissionStore, (real) =>
      AdmissionStore.of({
        ...real,
        transact: (events, close) =>
          Effect.suspend(() => {
            const { gate } = commits
            if (gate === undefined) return real.transact(events, close)
            const closed = close()
            commits.waiting += 1
            return Effect.andThen(
              Deferred.await(gate),
              real.transact(events, () => closed)
            )
          }).pipe(Effect.uninterruptible)
      })
    )
  ).pipe(Layer.provideMerge(Memory.layer))

const server = (tokenVerifier: TokenVerifier["Service"], commits: Commits) =>
  Server.layer({ port: 0, adminToken: Redacted.make(AdminClient.TOKEN), tokenVerifier }).pipe(
    Layer.provideMerge(Layer.mergeAll(Turnout.layer(), Organizations.layer, Members.layer, People.layer)),
    Layer.provideMerge(held(commits))
  )

type Services = Layer.Success<ReturnType<typeof server>>

interface Setting {
  readonly settings?: Partial<TokenIssuerInput>
  /** What becomes of the issuer before the server asks it. */
  readonly before?: (issuer: IssuerServer.IssuerServer) => void
}

/** Runs work on a server that takes the tokens of one issuer. */
const run = <A, E>(work: (world: World) => Effect.Effect<A, E, Services>, { before, settings = {} }: Setting = {}) =>
  Effect.gen(function* () {
    const issuer = yield* IssuerServer.make([one.publicJwk])
    before?.(issuer)
    const issuers = [{ issuer: issuer.url, audience: AUDIENCE, ...settings }]
    const tokenVerifier = Context.get(yield* Layer.build(Verifier.layer({ issuers })), TokenVerifier)
    const token: World["token"] = (claims = {}, key = one) =>
      Effect.promise(() =>
        IssuerServer.sign(key, {
          iss: issuer.url,
          aud: AUDIENCE,
          sub: "ada",
          exp: seconds() + 60,
          email: "ada@example.com",
          email_verified: true,
          ...claims
        })
      )
    const logged: Array<string> = []
    const commits: Commits = { gate: undefined, waiting: 0 }
    const log = Logger.layer([
      Logger.make(({ logLevel, message }) => void logged.push(`${logLevel} ${String(message)}`))
    ])
    const debugging = Layer.succeed(References.MinimumLogLevel, "Debug")
    return yield* work({ issuer, logged, token, commits }).pipe(
      Effect.provide(Layer.fresh(server(tokenVerifier, commits)).pipe(Layer.provide([log, debugging])))
    )
  }).pipe(Effect.scoped, Effect.provide(Logger.layer([])))

const { call } = AdminClient

const draftOf = (organizationId: OrganizationId) =>
  Turnout.Turnout.use((turnout) => turnout.createEvent({ ...Given.eventInput(), organizationId }))

const organization = (slug: string) =>
  Effect.map(
    Organizations.Organizations.use((all) => all.create({ slug, name: slug }, "grace")),
    ({ id }) => id
  )

/** The principal in the last entry of the journal. */
const lastActor = Effect.map(call("GET", "/admin/journal"), ({ body }) => body.items.at(-1).metadata.actor as string)

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")
const withPart = (token: string, index: number, part: string): string => token.split(".").with(index, part).join(".")

describe("a token of an issuer", { timeout: 30_000 }, () => {
  it.live("makes its bearer a person, the same one each time", () =>
    run(({ token }) =>
      Effect.gen(function* () {
        const { id: eventId } = yield* Given.publishedEvent()
        const ada = yield* token({ name: "Ada" })
        const register = (body: object) =>
          call("POST", `/events/${eventId}/registrations`, {
            token: ada,
            body,
            headers: { "idempotency-key": randomUUID() }
          })
        const other = yield* register(Given.person(1))
        assert.deepStrictEqual([other.status, other.body.code], [403, "forbidden"])
        const made = yield* register({ attendee: { email: "Ada@example.com", name: "Ada" } })
        assert.strictEqual(made.status, 201)
        const own = `/attendees/${encodeURIComponent("mailto:ada@example.com")}/registrations`
        const again = yield* call("GET", own, { token: yield* token({ jti: "another" }) })
        assert.deepStrictEqual(
          again.body.items.map(({ id }: { id: string }) => id),
          [made.body.registration.id]
        )
        const bob = yield* call("GET", own, { token: yield* token({ sub: "bob", email: "bob@example.com" }) })
        assert.deepStrictEqual([bob.status, bob.body.code ?? bob.body.items], [200, []])
        assert.match(yield* lastActor, /^user:[0-9a-f-]{36}$/)
      })
    )
  )

  it.live("is refused with 401 if anything about it is wrong, and never counts as none", () =>
    run(({ logged, token }) =>
      Effect.gen(function* () {
        const good = yield* token()
        const [header, claims] = good.split(".").map((part) => Buffer.from(part, "base64url").toString())
        const now = seconds()
        const confused = `${encode({ alg: "HS256", kid: "one" })}.${good.split(".")[1]}`
        const mac = createHmac("sha256", JSON.stringify(one.publicJwk)).update(confused).digest("base64url")
        const attacks: Readonly<Record<string, string>> = {
          "the algorithm none": `${encode({ alg: "none" })}.${good.split(".")[1]}.`,
          "the public key as a secret": `${confused}.${mac}`,
          "another key of the same name": yield* token({}, stranger),
          "claims that were changed": withPart(good, 1, encode({ ...JSON.parse(claims!), sub: "grace" })),
          "a header that was changed": withPart(good, 0, encode({ ...JSON.parse(header!), typ: "logout+jwt" })),
          "another audience": yield* token({ aud: "https://elsewhere.example.com" }),
          "another issuer": yield* token({ iss: "https://login.example.com" }),
          "an end that is past": yield* token({ exp: now - 60 }),
          "a beginning that is to come": yield* token({ nbf: now + 60 }),
          "no subject": yield* token({ sub: undefined }),
          "no signature": withPart(good, 2, ""),
          "five parts": `${good}.a.b`
        }
        // Also where somebody without a credential is answered.
        for (const [name, attack] of Object.entries(attacks)) {
          const { body, headers, status } = yield* call("GET", "/events", { token: attack })
          const told = headers.get("www-authenticate")
          const expected = [401, "invalid_credential", 'Bearer error="invalid_token"']
          assert.deepStrictEqual([status, body.code, told], expected, name)
          assert.notMatch(JSON.stringify(body), /expired|audience|signature/, name)
        }
        assert.strictEqual((yield* call("GET", "/events", { token: good })).status, 200)
        const reasons = logged.filter((line) => line.includes("a bearer token is refused"))
        assert.lengthOf(reasons, Object.keys(attacks).length - 1)
        assert.include(reasons, "Debug a bearer token is refused: it has expired")
        for (const attack of Object.values(attacks)) assert.notInclude(logged.join(), attack)
      })
    )
  )

  it.live("and another credential at once are one too many", () =>
    run(({ issuer, token }) =>
      Effect.gen(function* () {
        const { address } = yield* HttpServer.HttpServer
        const good = yield* token()
        yield* call("GET", "/events", { token: good })
        const asked = issuer.requests.length
        const reply = yield* Effect.promise(
          () =>
            new Promise<number>((resolve) => {
              const headers = ["authorization", `Bearer ${good}`, "authorization", `Bearer ${AdminClient.TOKEN}`]
              const url = new URL("/events", HttpServer.formatAddress(address))
              get(url, { headers: ["host", url.host, ...headers] }, (response) => {
                response.resume()
                resolve(response.statusCode!)
              })
            })
        )
        assert.deepStrictEqual([reply, issuer.requests.length], [400, asked])
      })
    )
  )

  it.live("can be neither accepted nor refused while its issuer has never been reached", () =>
    run(
      ({ issuer, token }) =>
        Effect.gen(function* () {
          const { body, headers, status } = yield* call("GET", "/events", { token: yield* token() })
          assert.deepStrictEqual([status, body.code, body.issuer], [503, "issuer_unreachable", issuer.url])
          const seconds = Number(headers.get("retry-after"))
          assert.isTrue(seconds >= 1 && seconds <= 30, `Retry-After: ${seconds}`)
          // Others are answered meanwhile.
          assert.strictEqual((yield* call("GET", "/events", { token: null })).status, 200)
          assert.strictEqual((yield* call("GET", "/events")).status, 200)
        }),
      { before: (issuer) => (issuer.answerMetadata = (response) => void response.writeHead(500).end()) }
    )
  )

  it.live("of a deactivated person is refused", () =>
    run(({ token }) =>
      Effect.gen(function* () {
        const ada = yield* token()
        assert.strictEqual((yield* call("GET", "/events", { token: ada })).status, 200)
        const { id: eventId } = yield* Given.publishedEvent()
        yield* call("POST", `/events/${eventId}/registrations`, {
          token: ada,
          body: { attendee: { email: "ada@example.com", name: "Ada" } },
          headers: { "idempotency-key": randomUUID() }
        })
        const id = PersonId.make((yield* lastActor).slice("user:".length))
        yield* People.People.use((people) => people.deactivate(id, "grace"))
        // Another claim is looked up at once, and the same within ten seconds.
        const again = yield* call("GET", "/events", { token: yield* token({ name: "Ada" }) })
        assert.deepStrictEqual([again.status, again.body.code], [401, "invalid_credential"])
      })
    )
  )
})

const reload = (token?: string) => call("POST", "/admin/auth/reload", token === undefined ? {} : { token })

describe("the keys of issuers", { timeout: 30_000 }, () => {
  it.live("are fetched anew when an operator says so: a revoked key counts no more, and a new one does", () =>
    run(({ issuer, token }) =>
      Effect.gen(function* () {
        const [before, after] = [yield* token(), yield* token({}, two)]
        const statusOf = (token: string) => Effect.map(call("GET", "/events", { token }), ({ status }) => status)
        assert.strictEqual(yield* statusOf(before), 200)
        issuer.keys = [two.publicJwk]
        assert.strictEqual(yield* statusOf(before), 200)
        const { body, status } = yield* reload()
        assert.strictEqual(status, 200)
        assert.deepInclude(body.items[0], { issuer: issuer.url, keys: 1, failure: null })
        assert.deepStrictEqual([yield* statusOf(before), yield* statusOf(after)], [401, 200])
        issuer.answer = (response) => void response.writeHead(503).end()
        const failed = yield* reload()
        assert.deepInclude(failed.body.items[0], { issuer: issuer.url, keys: 1 })
        assert.isString(failed.body.items[0].failure.words)
        assert.strictEqual(yield* statusOf(after), 200)
        const { body: log } = yield* call("GET", "/admin/audit?limit=1")
        assert.deepInclude(log.items[0], { who: "operator", action: "issuers.reload" })
      })
    )
  )

  it.live("are fetched anew by operators only", () =>
    run(({ issuer, token }) =>
      Effect.gen(function* () {
        const ada = yield* token()
        yield* call("GET", "/events", { token: ada })
        const asked = issuer.requests.length
        assert.strictEqual((yield* reload(ada)).status, 403)
        assert.strictEqual((yield* call("POST", "/admin/auth/reload", { token: null })).status, 401)
        assert.strictEqual(issuer.requests.length, asked)
      })
    )
  )
})

describe("the roles that tokens give", { timeout: 30_000 }, () => {
  const roles = [
    { claim: "groups", value: "staff", role: "viewer", organization: "music" },
    { claim: "groups", value: "door", role: "checkin", organization: "music" },
    { claim: "groups", value: "gone", role: "owner", organization: "nowhere" },
    { claim: "groups", value: "boss", role: "operator" }
  ] as const

  it.live("are those of the settings, in the organizations that there are", () =>
    run(
      ({ logged, token }) =>
        Effect.gen(function* () {
          const [music, sports] = [yield* organization("music"), yield* organization("sports")]
          const [ours, theirs] = [yield* draftOf(music), yield* draftOf(sports)]
          const seen = (groups: ReadonlyArray<string>) =>
            Effect.gen(function* () {
              const bearer = yield* token({ groups })
              const statuses: Array<number> = []
              for (const path of [`/events/${ours.id}`, `/events/${theirs.id}`, "/admin/outbox"])
                statuses.push((yield* call("GET", path, { token: bearer })).status)
              return statuses
            })
          assert.deepStrictEqual(yield* seen([]), [404, 404, 403])
          assert.deepStrictEqual(yield* seen(["staff"]), [200, 404, 403])
          assert.deepStrictEqual(yield* seen(["Staff", "staff door"]), [404, 404, 403])
          assert.deepStrictEqual(yield* seen(["boss"]), [200, 200, 200])
          assert.deepStrictEqual(yield* seen([]), [404, 404, 403])
          for (let n = 0; n < 3; n++) assert.deepStrictEqual(yield* seen(["gone"]), [404, 404, 403])
          assert.lengthOf(
            logged.filter((line) => line.includes("nowhere")),
            1
          )
        }),
      { settings: { roles } }
    )
  )

  it.live("are added to memberships, of which the stronger counts", () =>
    run(
      ({ token }) =>
        Effect.gen(function* () {
          const music = yield* organization("music")
          const { id } = yield* draftOf(music)
          const subject = { address: "ada@example.com" }
          yield* Members.Members.use((all) =>
            all.add(music, { subject, role: "organizer" }, permissionsOf("owner"), "grace")
          )
          const mayDo = (groups: ReadonlyArray<string>, claims: object) =>
            Effect.gen(function* () {
              const bearer = yield* token({ groups, ...claims })
              const publish = yield* call("POST", `/events/${id}/publish`, {
                token: bearer,
                headers: { "idempotency-key": randomUUID() }
              })
              const people = yield* call("GET", "/attendees/nobody/registrations", { token: bearer })
              return [publish.status, people.status]
            })
          const bob = { sub: "bob", email: "bob@example.com" }
          assert.deepStrictEqual(yield* mayDo(["staff"], bob), [403, 200])
          assert.deepStrictEqual(yield* mayDo(["staff"], {}), [200, 200])
          // An address that the issuer has not verified is nobody's.
          const unverified = { sub: "eve", email_verified: false }
          assert.deepStrictEqual(yield* mayDo(["staff"], unverified), [403, 200])
        }),
      { settings: { roles } }
    )
  )
})

describe("two bearers with one idempotency key", { timeout: 30_000 }, () => {
  const registering = (eventId: string, name: string, token: string, key: string) =>
    call("POST", `/events/${eventId}/registrations`, {
      token,
      body: { attendee: { email: `${name}@example.com`, name } },
      headers: { "idempotency-key": key }
    })

  it.live("each get an answer of their own, then and again", () =>
    run(({ token }) =>
      Effect.gen(function* () {
        const { id: eventId } = yield* Given.publishedEvent()
        const key = randomUUID()
        const ada = yield* token()
        const bob = yield* token({ sub: "bob", email: "bob@example.com" })
        const first = yield* registering(eventId, "ada", ada, key)
        const second = yield* registering(eventId, "bob", bob, key)
        const emailOf = ({ body }: AdminClient.Reply) => body.registration.attendee.email as string
        assert.deepStrictEqual(
          [first, second].map(({ status }) => status),
          [201, 201]
        )
        assert.deepStrictEqual([first, second].map(emailOf), ["ada@example.com", "bob@example.com"])
        assert.isNull(second.headers.get("idempotent-replayed"))
        const repeated = [yield* registering(eventId, "ada", ada, key), yield* registering(eventId, "bob", bob, key)]
        for (const [index, reply] of repeated.entries()) {
          assert.strictEqual(reply.headers.get("idempotent-replayed"), "true")
          assert.strictEqual(reply.body.registration.id, [first, second][index]!.body.registration.id)
          // The link is shown once.
          assert.isUndefined(reply.body.link)
        }
        // The same payload under the same key is no repetition for another bearer either.
        const carol = yield* token({ sub: "carol", email: "carol@example.com" })
        const asAda = yield* registering(eventId, "ada", carol, key)
        assert.deepStrictEqual([asAda.status, asAda.body.code], [403, "forbidden"])
      })
    )
  )

  it.live("do not meet while the first is worked on", () =>
    run(({ commits, token }) =>
      Effect.gen(function* () {
        const { id: eventId } = yield* Given.publishedEvent()
        const key = randomUUID()
        const ada = yield* token()
        const bob = yield* token({ sub: "bob", email: "bob@example.com" })
        const gate = yield* Deferred.make<void>()
        Object.assign(commits, { gate, waiting: 0 })
        const first = yield* Effect.forkChild(registering(eventId, "ada", ada, key))
        yield* Effect.repeat(Effect.sleep(2), { until: () => commits.waiting === 1, times: 2_000 })
        const again = yield* registering(eventId, "ada", ada, key)
        assert.deepStrictEqual([again.status, again.body.code], [409, "idempotency_key_in_flight"])
        const second = yield* Effect.forkChild(registering(eventId, "bob", bob, key))
        yield* Effect.sleep(100)
        assert.isUndefined(second.pollUnsafe(), "bob is told of the request of ada")
        commits.gate = undefined
        yield* Deferred.succeed(gate, undefined)
        const replies = [yield* Fiber.join(first), yield* Fiber.join(second)]
        assert.deepStrictEqual(
          replies.map(({ body, status }) => [status, body.registration.attendee.email]),
          [
            [201, "ada@example.com"],
            [201, "bob@example.com"]
          ]
        )
      })
    )
  )
})
