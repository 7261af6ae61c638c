/**
 * Token issuers in the settings of `turnout serve`: whom their tokens open what to, that a key which was revoked counts no more once an
 * operator has said so, and what `turnout doctor` says of them. Checks A1 and A4 of the invariants with real processes.
 */
import { Effect, Exit, Scope } from "effect"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { OAuth2Server } from "oauth2-mock-server"
import { assert, describe, it } from "vitest"
import * as CommandLine from "../support/CommandLine.ts"
import * as Given from "../support/Given.ts"
import { AUDIENCE, mockServer } from "../support/TokenProviders.ts"

const ADMIN_TOKEN = "a-token-of-the-tests"

/** Runs work with a resource, and gives it back. */
const using = async <A>(resource: Effect.Effect<A, never, Scope.Scope>, work: (given: A) => Promise<void>) => {
  const scope = await Effect.runPromise(Scope.make())
  try {
    await work(await Effect.runPromise(Scope.provide(resource, scope)))
  } finally {
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

const roles = [
  { claim: "realm_access.roles", value: "door", role: "checkin", organization: "music" },
  { claim: "realm_access.roles", value: "boss", role: "operator" }
]

const tokenOf = (server: OAuth2Server, claims: object = {}): Promise<string> =>
  server.issuer.buildToken({
    scopesOrTransform: (_header, payload) =>
      void Object.assign(payload, {
        aud: AUDIENCE,
        sub: "ada",
        email: "ada@example.com",
        email_verified: true,
        ...claims
      })
  })

const holding = (...names: ReadonlyArray<string>) => ({ realm_access: { roles: names } })

const call = async (url: string, token: string | null, method = "GET", body?: unknown) => {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(method === "GET" ? {} : { "content-type": "application/json", "idempotency-key": crypto.randomUUID() })
    },
    ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) })
  })
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into documents of all endpoints
  return { status: response.status, body: (await response.json()) as any }
}

/** Writes a configuration file with issuers. */
const configure = (turnout: CommandLine.CommandLine, ...issuers: ReadonlyArray<object>): void =>
  void turnout.write("turnout.config.json", JSON.stringify({ serve: { issuers } }))

describe("turnout serve with token issuers", { timeout: 180_000 }, () => {
  it.concurrent("opens to their tokens what the roles of the settings say, and refuses all others", () =>
    using(Effect.all([mockServer, mockServer]), async ([ours, theirs]) => {
      await using turnout = await CommandLine.onPostgres()
      configure(
        turnout,
        { issuer: ours.issuer.url, audience: AUDIENCE, roles },
        { issuer: theirs.issuer.url, audience: AUDIENCE, algorithms: ["RS256"] }
      )
      await turnout.run("migrate", "up")
      await turnout.run("organizations", "add", "music", "--name", "Music society")
      const server = await turnout.serve("--admin-token", ADMIN_TOKEN)
      assert.include(server.printed.stdout, `It takes bearer tokens of ${ours.issuer.url}, ${theirs.issuer.url}.`)
      const { body: music } = await call(`${server.url}/admin/organizations/music`, ADMIN_TOKEN)
      const draft = await call(`${server.url}/events`, ADMIN_TOKEN, "POST", {
        ...Given.eventInput(),
        organizationId: music.id
      })
      const event = `${server.url}/events/${draft.body.id}`
      const seen = async (token: string | null) => [
        (await call(event, token)).status,
        (await call(`${server.url}/admin/outbox`, token)).status
      ]
      assert.deepStrictEqual(await seen(await tokenOf(ours, holding("door"))), [200, 403])
      assert.deepStrictEqual(await seen(await tokenOf(ours, holding("others"))), [404, 403])
      assert.deepStrictEqual(await seen(await tokenOf(ours, holding("boss"))), [200, 200])
      // The rules of one issuer are not those of another.
      assert.deepStrictEqual(await seen(await tokenOf(theirs, holding("boss", "door"))), [404, 403])
      assert.deepStrictEqual(await seen(null), [404, 401])
      const wrong = [
        await tokenOf(ours, { ...holding("boss"), aud: "https://elsewhere.example.com" }),
        await tokenOf(ours, { ...holding("boss"), iss: theirs.issuer.url }),
        await tokenOf(ours, { ...holding("boss"), exp: 1 }),
        `${(await tokenOf(ours, holding("boss"))).slice(0, -8)}AAAAAAAA`
      ]
      for (const token of wrong) assert.deepStrictEqual(await seen(token), [401, 401])
      await server.stop("SIGTERM")
    })
  )

  it.concurrent("refuses the tokens of a revoked key once an operator has had the keys fetched", () =>
    using(mockServer, async (before) => {
      await using turnout = await CommandLine.onPostgres()
      const issuer = before.issuer.url!
      configure(turnout, { issuer, audience: AUDIENCE, roles })
      const server = await turnout.serve("--admin-token", ADMIN_TOKEN)
      const status = async (token: string) => (await call(`${server.url}/admin/outbox`, token)).status
      const token = await tokenOf(before, holding("boss"))
      assert.strictEqual(await status(token), 200)
      // The issuer comes back with another key at the same address.
      await before.stop()
      await using after = await startAgain(Number(new URL(issuer).port))
      assert.strictEqual(await status(token), 200, "nobody has asked the issuer again yet")
      const reload = await call(`${server.url}/admin/auth/reload`, ADMIN_TOKEN, "POST")
      assert.deepInclude(reload.body.items[0], { issuer, keys: 1, failure: null })
      assert.strictEqual(await status(token), 401)
      assert.strictEqual(await status(await tokenOf(after.server, holding("boss"))), 200)
      // An issuer that is away leaves its keys in use, and the operator is told.
      const kept = await tokenOf(after.server, holding("boss"))
      await after.server.stop()
      const failed = await call(`${server.url}/admin/auth/reload`, ADMIN_TOKEN, "POST")
      assert.include(failed.body.items[0].failure.words, "ECONNREFUSED")
      assert.strictEqual(await status(kept), 200)
      await server.stop("SIGTERM")
    })
  )

  it.concurrent(
    "takes them from the variable as well, and asks for a credential then, also on an embedded database",
    () =>
      using(mockServer, async (issuing) => {
        await using turnout = await CommandLine.embedded()
        const issuers = JSON.stringify([{ issuer: issuing.issuer.url, audience: AUDIENCE, roles }])
        const running = turnout.start(["serve", "--port", "0", "--json"], { TURNOUT_ISSUERS: issuers })
        const hasSaid = () => running.printed.stdout.endsWith("\n") || running.process.exitCode !== null
        await CommandLine.until(hasSaid, "the address of the server", 150)
        assert.isNull(running.process.exitCode, running.printed.stderr)
        const said = JSON.parse(running.printed.stdout) as Readonly<Record<"address" | "open" | "issuers", unknown>>
        assert.deepStrictEqual([said.open, said.issuers], [false, [issuing.issuer.url]])
        const status = async (token: string | null) =>
          (await call(`${String(said.address)}/admin/outbox`, token)).status
        assert.deepStrictEqual([await status(null), await status(await tokenOf(issuing, holding("boss")))], [401, 200])
        running.process.kill("SIGTERM")
        assert.strictEqual((await running.ended).code, 0)
      })
  )

  it.concurrent("refuses settings that break a rule, with the file, the field and the rule", async () => {
    await using turnout = await CommandLine.embedded()
    const good = { issuer: "https://login.example.com", audience: AUDIENCE }
    const refused: ReadonlyArray<readonly [ReadonlyArray<object>, string]> = [
      [[{ issuer: "http://login.example.com", audience: AUDIENCE }], "serve.issuers.0.issuer must begin with https://"],
      [[{ issuer: good.issuer }], "serve.issuers.0.audience is required"],
      [[good, { ...good, algorithms: ["HS256"] }], "serve.issuers.1.algorithms.0 must be"],
      [[good, good], "serve.issuers.1.issuer must be that of no other issuer"],
      [[{ ...good, type: "JWT" }], 'serve.issuers.0.type must be "at+jwt" or null'],
      [[{ ...good, rolls: [] }], "serve.issuers.0.rolls is not a field here"],
      [
        [{ ...good, roles: [{ claim: "a", value: "b", role: "owner" }] }],
        "serve.issuers.0.roles.0.organization must be there for the role owner"
      ],
      [[{ ...good, clockToleranceSeconds: 31 }], "serve.issuers.0.clockToleranceSeconds must be between 0 and 30"]
    ]
    for (const [issuers, says] of refused) {
      configure(turnout, ...issuers)
      const { code, stderr } = await turnout.run("serve")
      assert.strictEqual(code, 2, says)
      assert.include(stderr, `error: turnout.config.json: ${says}`)
    }
  })
})

/** An issuer at a port, with a key of its own. */
const startAgain = async (port: number) => {
  const server = new OAuth2Server()
  await server.issuer.keys.generate("RS256", { kid: "second" })
  await server.start(port, "127.0.0.1")
  return { server, [Symbol.asyncDispose]: async () => (server.listening ? server.stop() : undefined) }
}

interface Found {
  readonly name: string
  readonly level: string
  readonly says: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly advice: ReadonlyArray<string>
}

/** A server of this machine, and its URL. */
const listening = (answer: (url: string, path: string, response: ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => answer(urlOf(), request.url ?? "", response))
      const urlOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const close = () => (server.closeAllConnections(), void server.close())
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ url: urlOf(), close })))
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ url }) => url))

/** An issuer without keys. `headers` come with the empty set. */
const keyless = (headers: () => Readonly<Record<string, string>> = () => ({})) =>
  listening((url, path, response) => {
    const isMetadata = path.endsWith("/openid-configuration")
    const document = isMetadata ? { issuer: url, jwks_uri: `${url}/keys` } : { keys: [] }
    response.writeHead(200, { "content-type": "application/json", ...headers() }).end(JSON.stringify(document))
  })

const tenMinutesAgo = (): string => new Date(Date.now() - 10 * 60_000).toUTCString()

describe("turnout doctor", { timeout: 180_000 }, () => {
  it.concurrent(
    "says of each issuer whether it answers, is the one that it is taken for, has keys, and has the time",
    () => {
      const away = "http://127.0.0.1:9"
      const other = listening((url, _, response) =>
        response.end(JSON.stringify({ issuer: "https://other.example.com", jwks_uri: url }))
      )
      const late = keyless(() => ({ date: tenMinutesAgo() }))
      // A cache on the way has kept the answer for these ten minutes.
      const cached = keyless(() => ({ date: tenMinutesAgo(), age: "600" }))
      const silent = listening(() => {})
      return using(
        Effect.all([mockServer, other, keyless(), late, cached, silent]),
        async ([good, other, empty, late, cached, silent]) => {
          await using turnout = await CommandLine.onPostgres()
          const urls = [good.issuer.url!, other, empty, late, cached, silent, away]
          await turnout.run("migrate", "up")
          const rule = (organization: string) => ({ claim: "groups", value: "staff", role: "viewer", organization })
          const roles = [rule("default"), rule("nowhere")]
          configure(turnout, ...urls.map((issuer) => ({ issuer, audience: AUDIENCE, roles })))
          const { code, document } = await turnout.json("doctor")
          const { checks } = document as unknown as { readonly checks: ReadonlyArray<Found> }
          const isOfRules = ({ facts }: Found) => facts["organization"] !== undefined
          const of = (issuer: string) =>
            checks.filter((one) => one.name === "issuers" && one.facts["issuer"] === issuer && !isOfRules(one))
          const levels = urls.map((url) => of(url).map(({ level }) => level))
          assert.deepStrictEqual(levels, [
            ["ok", "ok"],
            ["failure"],
            ["warning", "ok"],
            ["warning", "warning"],
            ["warning", "ok"],
            ["failure"],
            ["failure"]
          ])
          assert.strictEqual(code, 1)
          assert.deepInclude(of(urls[0]!)[0]!.facts, { published: 1, usable: 1, keysUrl: `${urls[0]}/jwks` })
          assert.include(of(other)[0]!.says, "is about another issuer")
          assert.include(of(other)[0]!.advice[0], "https://other.example.com")
          assert.include(of(empty)[0]!.says, "has no keys")
          assert.match(of(late)[1]!.says, /is behind that of this machine by about (599|600|601) seconds/)
          assert.include(of(silent)[0]!.says, "there was no answer within 4.5 seconds")
          assert.include(of(away)[0]!.says, "ECONNREFUSED")
          assert.deepStrictEqual(
            checks.filter(isOfRules).map(({ facts, level }) => [facts["organization"], level]),
            [["nowhere", "warning"]]
          )
        }
      )
    }
  )
})
