/**
 * Tokens of servers that others have made, at the edge: what they open over HTTP, with `oauth2-mock-server` and with `oidc-provider`.
 * Checks A1 of the invariants.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Memory from "@turnout/adapters/memory"
import * as Verifier from "@turnout/adapters/tokens"
import * as Organizations from "@turnout/core/access/application/Organizations"
import type { TokenIssuerInput } from "@turnout/core/access/domain/credentials/TokenIssuer"
import { TokenVerifier } from "@turnout/core/access/ports/TokenVerifier"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import * as Server from "@turnout/http/Server"
import { Context, Effect, Layer, Logger, Redacted } from "effect"
import * as AdminClient from "../support/AdminClient.ts"
import * as Given from "../support/Given.ts"
import { AUDIENCE, mockServer, provider, tokenOf } from "../support/TokenProviders.ts"

const { call } = AdminClient

const server = (tokenVerifier: TokenVerifier["Service"]) =>
  Server.layer({ port: 0, adminToken: Redacted.make(AdminClient.TOKEN), tokenVerifier }).pipe(
    Layer.provideMerge(Layer.mergeAll(Turnout.layer(), Organizations.layer)),
    Layer.provideMerge(Memory.layer)
  )

/** Runs work on a server that takes the tokens of these issuers. */
const withServer = <A, E>(
  issuers: ReadonlyArray<Omit<TokenIssuerInput, "audience">>,
  work: Effect.Effect<A, E, Layer.Success<ReturnType<typeof server>>>
) =>
  Effect.gen(function* () {
    const layer = Verifier.layer({ issuers: issuers.map((issuer) => ({ ...issuer, audience: AUDIENCE })) })
    const verifier = Context.get(yield* Layer.build(layer), TokenVerifier)
    return yield* Effect.provide(work, Layer.fresh(server(verifier)))
  })

/** A draft of a new organization, and what the bearer of a token is answered who looks at it, and at what operators look at. */
const draft = Effect.gen(function* () {
  const { id: organizationId } = yield* Organizations.Organizations.use((all) =>
    all.create({ slug: "music", name: "Music" }, "grace")
  )
  const { id } = yield* Turnout.Turnout.use((all) => all.createEvent({ ...Given.eventInput(), organizationId }))
  return (token: string) =>
    Effect.forEach([`/events/${id}`, "/admin/outbox"], (path) =>
      Effect.map(call("GET", path, { token }), ({ status }) => status)
    )
})

const door = (claim: string, value: string) => ({ claim, value, role: "checkin", organization: "music" }) as const

describe("a token at the edge", { timeout: 60_000 }, () => {
  it.live("of oidc-provider opens what its scope is given, and its opaque token nothing", () =>
    Effect.gen(function* () {
      const { issuer } = yield* provider
      yield* withServer(
        [{ issuer, type: "at+jwt", roles: [door("scope", "tickets:sell")] }],
        Effect.gen(function* () {
          const seen = yield* draft
          const ask = (form: Record<string, string>) =>
            Effect.map(tokenOf(issuer, form), ({ body }) => body["access_token"]!)
          assert.deepStrictEqual(yield* seen(yield* ask({ resource: AUDIENCE, scope: "tickets:sell" })), [200, 403])
          assert.deepStrictEqual(yield* seen(yield* ask({ resource: AUDIENCE })), [404, 403])
          assert.deepStrictEqual(yield* seen(yield* ask({})), [401, 401])
        })
      )
    })
  )

  it.live("of oauth2-mock-server is refused by each header and claim that the server gets wrong", () =>
    Effect.gen(function* () {
      const mock = yield* mockServer
      const issuer = mock.issuer.url!
      const token = (claims: Record<string, unknown> = {}, headers: Record<string, unknown> = {}) =>
        Effect.promise(() =>
          mock.issuer.buildToken({
            scopesOrTransform: (header, payload) => {
              Object.assign(header, headers)
              Object.assign(payload, { aud: AUDIENCE, sub: "ada", groups: ["door"], ...claims })
            }
          })
        )
      yield* withServer(
        [{ issuer, roles: [door("groups", "door")] }],
        Effect.gen(function* () {
          const seen = yield* draft
          const now = Math.floor(Date.now() / 1_000)
          assert.deepStrictEqual(yield* seen(yield* token()), [200, 403])
          assert.deepStrictEqual(yield* seen(yield* token({ groups: ["others"] })), [404, 403])
          const wrong: ReadonlyArray<readonly [Record<string, unknown>, Record<string, unknown>?]> = [
            [{ aud: "https://elsewhere.example.com" }],
            [{ iss: "https://login.example.com" }],
            [{ exp: now - 60 }],
            [{ nbf: now + 60 }],
            [{ sub: undefined }],
            [{}, { typ: "logout+jwt" }],
            [{}, { kid: "another" }]
          ]
          for (const [claims, headers] of wrong)
            assert.deepStrictEqual(
              yield* seen(yield* token(claims, headers)),
              [401, 401],
              JSON.stringify([claims, headers])
            )
        })
      )
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
