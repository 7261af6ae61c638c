/**
 * Token issuers that others have made: `oauth2-mock-server`, and `oidc-provider`, which is certified for OpenID Connect.
 */
import { Effect } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { OAuth2Server } from "oauth2-mock-server"
import { errors, Provider } from "oidc-provider"

/** The audience of the service in the tests. */
export const AUDIENCE = "https://tickets.example.com"

/** Posts a form, and gives the status and the document of the answer. */
export const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  Effect.promise(async () => {
    const response = await fetch(url, { method: "POST", body: new URLSearchParams(form), headers })
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  })

/** An `oauth2-mock-server` with one key. */
export const mockServer = Effect.acquireRelease(
  Effect.promise(async () => {
    const server = new OAuth2Server()
    await server.issuer.keys.generate("RS256", { kid: "first" })
    await server.start(0, "127.0.0.1")
    return server
  }),
  (server) => Effect.promise(async () => (server.listening ? server.stop() : undefined))
)

/** A provider with a client that gets JWT access tokens for the audience, and opaque ones without it. */
export const provider = Effect.acquireRelease(
  Effect.callback<{ readonly issuer: string; readonly close: () => void }>((resume) => {
    let handle: RequestListener = () => {}
    const server = createServer((request, response) => handle(request, response))
    server.listen(0, "127.0.0.1", () => {
      const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const own = new Provider(issuer, {
        clients: [
          {
            client_id: "box-office",
            client_secret: "a secret of the tests",
            grant_types: ["client_credentials"],
            redirect_uris: [],
            response_types: []
          }
        ],
        features: {
          clientCredentials: { enabled: true },
          devInteractions: { enabled: false },
          resourceIndicators: {
            enabled: true,
            getResourceServerInfo: (_context, resource) => {
              if (resource !== AUDIENCE) throw new errors.InvalidTarget()
              return { audience: AUDIENCE, scope: "tickets:sell", accessTokenTTL: 60, accessTokenFormat: "jwt" }
            }
          }
        }
      })
      handle = own.callback() as RequestListener
      resume(Effect.succeed({ issuer, close: () => (server.closeAllConnections(), void server.close()) }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

/** Asks the provider for a token of its client; of the audience, if it is named as the `resource`. */
export const tokenOf = (issuer: string, form: Record<string, string>) =>
  post(
    `${issuer}/token`,
    { grant_type: "client_credentials", ...form },
    { authorization: `Basic ${Buffer.from("box-office:a%20secret%20of%20the%20tests").toString("base64")}` }
  )
