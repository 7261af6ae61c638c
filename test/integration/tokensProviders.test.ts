/**
 * Tokens of two servers that others have made: `oauth2-mock-server`, and `oidc-provider`, which is certified for OpenID Connect.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Verifier from "@turnout/adapters/tokens"
import type { TokenIssuerInput } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { TokenVerifier } from "@turnout/core/access/ports/TokenVerifier"
import { Context, Effect, Layer, Logger } from "effect"
import { AUDIENCE, mockServer, post, provider, tokenOf } from "../support/TokenProviders.ts"

const verifierOf = (issuer: string, settings: Partial<TokenIssuerInput> = {}) =>
  Effect.map(Layer.build(Verifier.layer({ issuers: [{ issuer, audience: AUDIENCE, ...settings }] })), (context) =>
    Context.get(context, TokenVerifier)
  )

describe("oauth2-mock-server", { timeout: 30_000 }, () => {
  it.live("issues tokens whose claims give a person, an address and roles", () =>
    Effect.gen(function* () {
      const server = yield* mockServer
      const issuer = server.issuer.url!
      server.service.once("beforeTokenSigning", (token: { payload: Record<string, unknown> }) => {
        Object.assign(token.payload, {
          aud: AUDIENCE,
          sub: "johndoe",
          email: "John@Example.COM",
          email_verified: true,
          name: "John Doe",
          "cognito:groups": ["box-office", "others"]
        })
      })
      const { verify } = yield* verifierOf(issuer, {
        roles: [{ claim: "cognito:groups", value: "box-office", role: "organizer", organization: "music-society" }]
      })
      const { body } = yield* post(`${issuer}/token`, { grant_type: "client_credentials" })
      const { expiresAt, ...bearer } = yield* verify(body["access_token"]!)
      assert.deepStrictEqual(bearer, {
        issuer,
        subject: "johndoe",
        address: "John@example.com",
        name: "John Doe",
        grants: [{ role: "organizer", organization: "music-society" }]
      })
      assert.isAbove(expiresAt.getTime(), Date.now())
    })
  )

  it.live.each(["RS256", "PS256", "ES256", "EdDSA"])("issues tokens by %s, with a key that is new", (algorithm) =>
    Effect.gen(function* () {
      const server = yield* mockServer
      const { verify } = yield* verifierOf(server.issuer.url!)
      const build = (kid: string) =>
        Effect.promise(() =>
          server.issuer.buildToken({
            kid,
            scopesOrTransform: (_header, payload) => void Object.assign(payload, { aud: AUDIENCE, sub: kid })
          })
        )
      assert.strictEqual((yield* verify(yield* build("first"))).subject, "first")
      yield* Effect.promise(() => server.issuer.keys.generate(algorithm, { kid: "second" }))
      assert.strictEqual((yield* verify(yield* build("second"))).subject, "second")
    })
  )

  it.live("issues tokens that go on being accepted when it is gone, and are refused for another audience", () =>
    Effect.gen(function* () {
      const server = yield* mockServer
      const service = yield* verifierOf(server.issuer.url!)
      const build = (aud: string) =>
        Effect.promise(() =>
          server.issuer.buildToken({
            scopesOrTransform: (_header, payload) => void Object.assign(payload, { aud, sub: "ada" })
          })
        )
      const [token, other] = [yield* build(AUDIENCE), yield* build("https://other.example.com")]
      yield* service.verify(token)
      yield* Effect.promise(() => server.stop())
      const [state] = yield* service.reload
      assert.include(state!.failure!.words, "ECONNREFUSED")
      assert.strictEqual((yield* service.verify(token)).subject, "ada")
      const refused = yield* Effect.flip(service.verify(other))
      assert.deepInclude(refused, { _tag: "TokenRefused", reason: "is for another audience" })
    }).pipe(Effect.provide(Logger.layer([])))
  )
})

describe("oidc-provider", { timeout: 30_000 }, () => {
  it.live("issues access tokens of their own type (RFC 9068), which are found by its metadata", () =>
    Effect.gen(function* () {
      const { issuer } = yield* provider
      const service = yield* verifierOf(issuer, {
        type: "at+jwt",
        roles: [{ claim: "scope", value: "tickets:sell", role: "checkin", organization: "music-society" }]
      })
      const { body, status } = yield* tokenOf(issuer, { scope: "tickets:sell", resource: AUDIENCE })
      assert.strictEqual(status, 200, JSON.stringify(body))
      const bearer = yield* service.verify(body["access_token"]!)
      assert.deepInclude(bearer, { issuer, subject: "box-office", address: null })
      assert.deepStrictEqual(bearer.grants, [{ role: "checkin", organization: "music-society" }])
      assert.closeTo(bearer.expiresAt.getTime(), Date.now() + 60_000, 5_000)
      const [state] = yield* service.state
      assert.isAbove(state!.keys, 0)
      const opaque = (yield* tokenOf(issuer, {})).body
      const refused = yield* Effect.flip(service.verify(opaque["access_token"]!))
      assert.deepInclude(refused, { reason: "is no signed token of three parts" })
    })
  )
})
