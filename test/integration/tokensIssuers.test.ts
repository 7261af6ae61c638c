/**
 * The keys of token issuers, over real sockets: how they are fetched, replaced and revoked, and what becomes of tokens while an issuer is
 * away or misbehaves.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Verifier from "@turnout/adapters/tokens"
import type { TokenIssuerInput } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { TokenVerifier } from "@turnout/core/access/ports/TokenVerifier"
import { Context, Effect, Exit, Fiber, Layer, Logger, Result, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as IssuerServer from "../support/IssuerServer.ts"

const AUDIENCE = "https://tickets.example.com"
const [one, two, evil] = await Promise.all([
  IssuerServer.newKey("ES256", "one"),
  IssuerServer.newKey("ES256", "two"),
  IssuerServer.newKey("ES256", "one")
])

const NOW = Date.UTC(2027, 4, 1, 18)
/** The token of an issuer, which ends a day after all tests. */
const tokenOf = (url: string, key: IssuerServer.SigningKey, header: Record<string, unknown> = {}) =>
  Effect.promise(() =>
    IssuerServer.sign(key, { iss: url, aud: AUDIENCE, sub: "ada", exp: NOW / 1_000 + 86_400 }, header)
  )

const settingsOf = ({ url }: { readonly url: string }, more: Partial<TokenIssuerInput> = {}): TokenIssuerInput => ({
  issuer: url,
  audience: AUDIENCE,
  ...more
})

/** A verifier that begins at `NOW`, by the clock of the test. */
const verifierOf = (...issuers: ReadonlyArray<TokenIssuerInput>) =>
  TestClock.setTime(NOW).pipe(
    Effect.andThen(Layer.build(Verifier.layer({ issuers }))),
    Effect.map((context) => Context.get(context, TokenVerifier)),
    Effect.orDie
  )
type Service = TokenVerifier["Service"]

/** `accepted`, or what is wrong with a token. */
const verdict = ({ verify }: Service, token: string) =>
  Effect.match(verify(token), {
    onSuccess: () => "accepted",
    onFailure: (error) => (error._tag === "TokenRefused" ? error.reason : error._tag)
  })

const live = (millis: number) => TestClock.withLive(Effect.sleep(millis))

const until = (what: string, holds: Effect.Effect<boolean>) =>
  Effect.gen(function* () {
    for (let n = 0; n < 1_000; n++) {
      if (yield* holds) return
      yield* live(5)
    }
    return assert.fail(`${what}: never`)
  })

const firstState = ({ state }: Service) => Effect.map(state, ([first]) => first!)

/** Lets time pass, and waits until the fetch that begins then is over. */
const fetchedAfter = Effect.fnUntraced(function* (service: Service, millis: number) {
  yield* TestClock.adjust(millis)
  const now = yield* TestClock.testClockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe()))
  yield* until(
    "fetched",
    Effect.map(firstState(service), ({ failure, fetchedAt }) =>
      [failure?.at, fetchedAt].some((at) => at?.getTime() === now)
    )
  )
})

const MINUTE = 60_000

const logging = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
  return { lines, layer: Logger.layer([logger]) }
}

/** Runs without a log. */
const quiet = Effect.provide(Logger.layer([]))

describe("the keys of an issuer", { timeout: 30_000, concurrent: true }, () => {
  it.effect("are fetched once, by what its metadata says, and not for each token", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      const verdicts = yield* Effect.forEach(Array(50), () => verdict(service, token), { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(verdicts)], ["accepted"])
      assert.deepStrictEqual(server.requests, [IssuerServer.METADATA, IssuerServer.KEYS])
      assert.deepStrictEqual(yield* service.state, [
        { issuer: server.url, fetchedAt: new Date(NOW), keys: 1, failure: null }
      ])
    })
  )

  it.effect("are fetched from the URL of the settings, without metadata", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const issuer = "https://login.example.com"
      const service = yield* verifierOf(settingsOf({ url: issuer }, { jwksUrl: `${server.url}${IssuerServer.KEYS}` }))
      assert.strictEqual(yield* verdict(service, yield* tokenOf(issuer, one)), "accepted")
      assert.deepStrictEqual(server.requests, [IssuerServer.KEYS])
    })
  )

  it.effect("are found by the metadata of OAuth (RFC 8414), if there is none of OpenID Connect", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const issuer = `${server.url}/realms/events`
      server.answerMetadata = (response, { url }) =>
        url === "/.well-known/oauth-authorization-server/realms/events"
          ? response.end(JSON.stringify({ issuer, jwks_uri: `${server.url}${IssuerServer.KEYS}` }))
          : response.writeHead(404).end()
      const service = yield* verifierOf(settingsOf({ url: issuer }))
      assert.strictEqual(yield* verdict(service, yield* tokenOf(issuer, one)), "accepted")
      assert.deepStrictEqual(server.requests, [
        `/realms/events${IssuerServer.METADATA}`,
        "/.well-known/oauth-authorization-server/realms/events",
        IssuerServer.KEYS
      ])
    })
  )

  it.effect("are asked for anew by a token of a new key, once for all tokens that come meanwhile", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const [old, token] = [yield* tokenOf(server.url, one), yield* tokenOf(server.url, two)]
      assert.strictEqual(yield* verdict(service, old), "accepted")
      server.keys = [one.publicJwk, two.publicJwk]
      const verdicts = yield* Effect.forEach(Array(20), () => verdict(service, token), { concurrency: "unbounded" })
      assert.deepStrictEqual([...new Set(verdicts)], ["accepted"])
      assert.strictEqual(yield* verdict(service, old), "accepted")
      assert.lengthOf(server.requests, 4)
    })
  )

  it.effect("are asked for anew by a token that names no key", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, two, { kid: undefined })
      yield* verdict(service, yield* tokenOf(server.url, one))
      server.keys = [
        { ...one.publicJwk, kid: undefined! },
        { ...two.publicJwk, kid: undefined! }
      ]
      assert.strictEqual(yield* verdict(service, token), "accepted")
    })
  )

  it.effect.each([false, true])(
    "are asked for by unknown keys once in thirty seconds, and by wrong signatures never; the issuer is away: %j",
    (isAway) =>
      Effect.gen(function* () {
        const server = yield* IssuerServer.make([one.publicJwk])
        const service = yield* verifierOf(settingsOf(server))
        assert.strictEqual(yield* verdict(service, yield* tokenOf(server.url, one)), "accepted")
        if (isAway) server.answer = (response) => response.writeHead(500).end()
        server.requests.length = 0
        const wrong = yield* tokenOf(server.url, evil)
        assert.strictEqual(yield* verdict(service, wrong), "has a signature that is wrong")
        assert.lengthOf(server.requests, 0)
        const tokens = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8, 9], (n) =>
          tokenOf(server.url, evil, { kid: `unknown ${n}` })
        )
        const askAll = (concurrency: number) =>
          Effect.map(
            Effect.forEach(tokens, (token) => verdict(service, token), { concurrency }),
            (verdicts) => assert.deepStrictEqual([...new Set(verdicts)], ["is signed by no known key"])
          )
        yield* askAll(9)
        assert.lengthOf(server.requests, 2)
        yield* askAll(1)
        yield* TestClock.adjust(29_999)
        yield* askAll(1)
        assert.lengthOf(server.requests, 2)
        yield* TestClock.adjust(1)
        yield* askAll(9)
        yield* askAll(1)
        assert.lengthOf(server.requests, 4)
      }).pipe(quiet)
  )

  it.effect("are gone at once when they were revoked and an operator says so", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk, two.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      server.keys = [two.publicJwk]
      assert.strictEqual(yield* verdict(service, token), "accepted")
      assert.deepStrictEqual(yield* service.reload, [
        { issuer: server.url, fetchedAt: new Date(NOW), keys: 1, failure: null }
      ])
      assert.strictEqual(yield* verdict(service, token), "is signed by no known key")
    })
  )

  it.effect("are gone by themselves within five minutes of being revoked", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk, two.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      server.keys = [two.publicJwk]
      yield* TestClock.adjust(5 * MINUTE - 1)
      yield* live(50)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      yield* fetchedAfter(service, 1)
      assert.strictEqual(yield* verdict(service, token), "is signed by no known key")
      server.keys = [one.publicJwk]
      yield* fetchedAfter(service, 5 * MINUTE)
      assert.strictEqual(yield* verdict(service, token), "accepted")
    })
  )

  it.effect("are none if the issuer has revoked them all", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      server.keys = []
      const [state] = yield* service.reload
      assert.deepInclude(state, { keys: 0, failure: null })
      assert.strictEqual(yield* verdict(service, token), "is signed by no known key")
    })
  )

  it.effect("are fetched anew for an operator, though a fetch that has begun before is under way", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      let finish = () => {}
      server.answer = (response) => void (finish = () => void response.end(JSON.stringify({ keys: [one.publicJwk] })))
      yield* TestClock.adjust(5 * MINUTE)
      yield* until(
        "a request for keys",
        Effect.sync(() => server.requests.length === 4)
      )
      server.keys = []
      server.answer = undefined
      const reloading = yield* Effect.forkChild(service.reload)
      yield* live(20)
      finish()
      const [state] = yield* Fiber.join(reloading)
      assert.deepInclude(state, { keys: 0, failure: null })
      assert.lengthOf(server.requests, 6)
    })
  )

  it.effect("are fetched for all who wait, though the first of them goes away", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      assert.strictEqual(yield* verdict(service, yield* tokenOf(server.url, one)), "accepted")
      let finish = () => {}
      server.answer = (response) =>
        void (finish = () => void response.end(JSON.stringify({ keys: [one.publicJwk, two.publicJwk] })))
      const token = yield* tokenOf(server.url, two)
      const first = yield* Effect.forkChild(verdict(service, token))
      yield* until(
        "a request for keys",
        Effect.sync(() => server.requests.length === 4)
      )
      const second = yield* Effect.forkChild(verdict(service, token))
      yield* Fiber.interrupt(first)
      finish()
      assert.strictEqual(yield* Fiber.join(second), "accepted")
      assert.lengthOf(server.requests, 4)
    })
  )

  it.effect("are fetched no more once the layer is gone", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const scope = yield* Scope.make()
      const service = yield* Scope.provide(verifierOf(settingsOf(server)), scope)
      yield* verdict(service, yield* tokenOf(server.url, one))
      yield* Scope.close(scope, Exit.void)
      yield* TestClock.adjust(60 * MINUTE)
      yield* live(50)
      assert.lengthOf(server.requests, 2)
    })
  )

  it.effect("are those of one issuer: another one signs nothing for it, and being away keeps up nobody else", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* IssuerServer.make([one.publicJwk]), yield* IssuerServer.make([two.publicJwk])]
      second.answerMetadata = () => {}
      const service = yield* verifierOf(settingsOf(first), settingsOf(second))
      assert.strictEqual(yield* verdict(service, yield* tokenOf(first.url, one)), "accepted")
      assert.strictEqual(yield* verdict(service, yield* tokenOf(first.url, two)), "is signed by no known key")
      assert.deepInclude((yield* service.state)[1], { issuer: second.url, keys: 0, fetchedAt: null, failure: null })
    })
  )

  it.effect("are wanted of issuers whose settings keep the rules", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.result(Layer.build(Verifier.layer({ issuers: [settingsOf({ url: "http://x" })] })))
      assert.isTrue(Result.isFailure(refused))
      if (Result.isFailure(refused)) assert.match(refused.failure.message, /^issuers\.0\.issuer: must begin/)
      const none = yield* verifierOf()
      assert.strictEqual(
        yield* verdict(none, yield* tokenOf("https://a.example.com", one)),
        "is of no issuer that is set up"
      )
      assert.deepStrictEqual(yield* none.reload, [])
    })
  )
})

const HUGE = 257 * 1_024
const keysOf = (keys: unknown) => JSON.stringify({ keys })

/** What an issuer may do instead of giving its keys, and what is said of it. */
const FAULTS: ReadonlyArray<readonly [what: string, answer: IssuerServer.Answer, words: RegExp]> = [
  ["cuts the connection", (response) => response.socket?.destroy(), /other side closed|ECONNRESET/],
  ["answers 500", (response) => response.writeHead(500).end(keysOf([evil.publicJwk])), /HTTP 500$/],
  ["answers 204", (response) => response.writeHead(204).end(), /HTTP 204$/],
  ["answers 404", (response) => response.writeHead(404).end(keysOf([])), /HTTP 404$/],
  ["answers with a page", (response) => response.end("<html>maintenance</html>"), /no JSON$/],
  ["answers with nothing", (response) => response.end(), /no JSON$/],
  ["answers with half of its keys", (response) => response.end(keysOf([evil.publicJwk]).slice(0, -1)), /no JSON$/],
  ["answers with something else", (response) => response.end('{"error":"sorry"}'), /no set of keys$/],
  ["answers with null", (response) => response.end("null"), /no set of keys$/],
  ["answers with keys that are no list", (response) => response.end(keysOf({ 0: evil.publicJwk })), /no set of keys$/],
  ["answers with 65 keys", (response) => response.end(keysOf(Array(65).fill(evil.publicJwk))), /more than 64 keys$/],
  ["answers with too much", (response) => response.end(keysOf([evil.publicJwk]).padEnd(HUGE)), /more than 256 KiB$/],
  [
    "answers without an end",
    (response) => {
      const more = () => response.write("x".repeat(16_384), (error) => (error ? undefined : more()))
      more()
    },
    /more than 256 KiB$/
  ],
  [
    "says that it sends more than it does",
    (response) => {
      response.writeHead(200, { "content-length": 10_000 })
      response.write("{", () => response.socket?.destroy())
    },
    /UND_ERR_|ECONNRESET/
  ]
]

describe("an issuer that was there", { timeout: 30_000, concurrent: true }, () => {
  it.effect.each(FAULTS)("and %s is used with the keys of before, and is told of", ([, answer, words]) =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      server.answer = answer
      const [state] = yield* service.reload
      assert.deepInclude(state, { fetchedAt: new Date(NOW), keys: 1 })
      assert.match(state!.failure!.words, words)
      assert.include(state!.failure!.words, `${server.url}${IssuerServer.KEYS}: `)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      assert.strictEqual(yield* verdict(service, yield* tokenOf(server.url, evil)), "has a signature that is wrong")
      server.answer = undefined
      assert.deepInclude((yield* service.reload)[0], { keys: 1, failure: null })
    }).pipe(quiet)
  )

  it.effect.each([301, 302, 303, 307, 308])("and redirects by %i is not followed", (status) =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const other = yield* IssuerServer.make([evil.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      server.answer = (response) => response.writeHead(status, { location: `${other.url}${IssuerServer.KEYS}` }).end()
      const [state] = yield* service.reload
      assert.match(state!.failure!.words, new RegExp(`HTTP ${status}$`))
      assert.strictEqual(yield* verdict(service, token), "accepted")
      assert.lengthOf(other.requests, 0)
    }).pipe(quiet)
  )

  it.effect.each([
    [
      "of another issuer",
      { issuer: "https://evil.example.com", jwks_uri: "https://evil.example.com/keys" },
      /another issuer/
    ],
    [
      "of the same issuer with a slash",
      (url: string) => ({ issuer: `${url}/`, jwks_uri: `${url}/keys` }),
      /another issuer/
    ],
    ["without keys", (url: string) => ({ issuer: url }), /names no keys/],
    ["with keys in a file", (url: string) => ({ issuer: url, jwks_uri: "file:///etc/keys" }), /jwks_uri must begin/],
    [
      "with keys in the open",
      (url: string) => ({ issuer: url, jwks_uri: "http://10.0.0.1/keys" }),
      /jwks_uri must begin/
    ],
    ["that is none", () => null, /another issuer/]
  ] as const)("and has metadata %s is used with the keys of before", ([, document, words]) =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      server.answerMetadata = (response) =>
        response.end(JSON.stringify(typeof document === "function" ? document(server.url) : document))
      const [state] = yield* service.reload
      assert.match(state!.failure!.words, words)
      assert.strictEqual(yield* verdict(service, token), "accepted")
    }).pipe(quiet)
  )

  it.effect.each([
    ["hangs", () => {}],
    ["stops in the middle", (response) => void response.writeHead(200).write('{"keys":[')]
  ] as ReadonlyArray<readonly [string, IssuerServer.Answer]>)("and %s is given five seconds", ([, answer]) =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      assert.strictEqual(yield* verdict(service, token), "accepted")
      server.answer = answer
      const reloading = yield* Effect.forkChild(service.reload)
      yield* until(
        "a request for keys",
        Effect.sync(() => server.requests.length === 4)
      )
      // Tokens with known keys wait for nothing.
      assert.strictEqual(yield* verdict(service, token), "accepted")
      yield* TestClock.adjust(4_999)
      yield* live(30)
      assert.isUndefined(reloading.pollUnsafe())
      yield* TestClock.adjust(1)
      const [state] = yield* Fiber.join(reloading)
      assert.match(state!.failure!.words, /no answer within 5000 milliseconds$/)
    }).pipe(quiet)
  )

  it.effect("and is away for hours is asked now and then, and at once if an operator says so", () =>
    Effect.gen(function* () {
      const { layer, lines } = logging()
      const server = yield* IssuerServer.make([one.publicJwk])
      const work = Effect.gen(function* () {
        const service = yield* verifierOf(settingsOf(server))
        const token = yield* tokenOf(server.url, one)
        assert.strictEqual(yield* verdict(service, token), "accepted")
        server.answerMetadata = (response) => response.writeHead(503).end()
        server.requests.length = 0
        // Two hours, in steps that give each request the time that it takes.
        for (let n = 0; n < 240; n++) {
          yield* TestClock.adjust(30_000)
          yield* live(3)
        }
        assert.isAbove(server.requests.length, 30)
        assert.isBelow(server.requests.length, 80)
        assert.strictEqual(yield* verdict(service, token), "accepted")
        assert.match((yield* firstState(service)).failure!.words, /HTTP 503$/)
        const before = server.requests.length
        yield* service.reload
        yield* service.reload
        assert.strictEqual(server.requests.length, before + 2)
        server.answerMetadata = undefined
        assert.deepInclude((yield* service.reload)[0], { failure: null })
      })
      yield* Effect.provide(work, layer)
      const about = lines.filter((line) => line.includes(server.url))
      assert.lengthOf(about, 1)
      assert.match(
        about[0]!,
        /^Warn the keys of .* could not be fetched: .*HTTP 503; those of 2027-05-01T18:00:00.000Z go on being used$/
      )
    })
  )

  it.effect("and comes back is told of again", () =>
    Effect.gen(function* () {
      const { layer, lines } = logging()
      const server = yield* IssuerServer.make([one.publicJwk])
      const work = Effect.gen(function* () {
        const service = yield* verifierOf(settingsOf(server))
        yield* verdict(service, yield* tokenOf(server.url, one))
        server.answer = (response) => response.writeHead(503).end()
        yield* service.reload
        server.answer = undefined
        yield* fetchedAfter(service, 5 * MINUTE)
      })
      yield* Effect.provide(work, layer)
      assert.match(lines.join("\n"), /^Warn .*HTTP 503.*\nInfo the keys of \S+ are fetched again after \d+ s$/)
    })
  )
})

describe("an issuer that was never there", { timeout: 30_000, concurrent: true }, () => {
  it.effect("leaves its tokens neither accepted nor refused, and those that are wrong anyhow refused", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      server.answerMetadata = (response) => response.writeHead(503).end()
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      const failure = yield* Effect.flip(service.verify(token))
      assert.strictEqual(failure._tag, "IssuerUnreachable")
      assert.isTrue(failure.isRetryable)
      if (failure._tag === "IssuerUnreachable") {
        assert.strictEqual(failure.issuer, server.url)
        assert.isAtLeast(failure.retryAfterMillis, 1_000)
        assert.isAtMost(failure.retryAfterMillis, 30_000)
      }
      assert.strictEqual(yield* verdict(service, "a.b.c"), "is no signed token of three parts")
      assert.strictEqual(
        yield* verdict(service, yield* tokenOf(`${server.url}/`, one)),
        "is of no issuer that is set up"
      )
      // The first token has waited for the fetch with which the process begins; the next one asks for another.
      assert.strictEqual(yield* verdict(service, token), "IssuerUnreachable")
      const asked = server.requests.length
      assert.strictEqual(asked, 2)
      for (let n = 0; n < 20; n++) assert.strictEqual(yield* verdict(service, token), "IssuerUnreachable")
      assert.strictEqual(server.requests.length, asked)
      server.answerMetadata = undefined
      yield* fetchedAfter(service, 30_000)
      assert.strictEqual(yield* verdict(service, token), "accepted")
    }).pipe(quiet)
  )

  it.effect("and is slow has its first tokens wait for its keys", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      let finish = () => {}
      server.answer = (response) => void (finish = () => void response.end(keysOf([one.publicJwk])))
      const service = yield* verifierOf(settingsOf(server))
      const token = yield* tokenOf(server.url, one)
      const waiting = yield* Effect.forkChild(
        Effect.all([verdict(service, token), verdict(service, token)], { concurrency: 2 })
      )
      yield* until(
        "a request for keys",
        Effect.sync(() => server.requests.length === 2)
      )
      finish()
      assert.deepStrictEqual(yield* Fiber.join(waiting), ["accepted", "accepted"])
      assert.lengthOf(server.requests, 2)
    })
  )

  it.effect("and hangs makes nobody wait for longer than five seconds", () =>
    Effect.gen(function* () {
      const server = yield* IssuerServer.make([one.publicJwk])
      server.answerMetadata = () => {}
      const service = yield* verifierOf(settingsOf(server))
      const waiting = yield* Effect.forkChild(verdict(service, yield* tokenOf(server.url, one)))
      yield* until(
        "a request",
        Effect.sync(() => server.requests.length === 1)
      )
      yield* TestClock.adjust(5_000)
      assert.strictEqual(yield* Fiber.join(waiting), "IssuerUnreachable")
    }).pipe(quiet)
  )
})
