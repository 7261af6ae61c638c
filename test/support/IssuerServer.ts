/**
 * A token issuer on a free port, whose metadata and keys are what a test says, and which can be told to misbehave.
 */
import { Effect } from "effect"
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** Answers in the place of the issuer. Leaving the answer alone makes the issuer hang. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void

export interface IssuerServer {
  readonly url: string
  /** The keys that it has published. */
  keys: ReadonlyArray<JWK>
  /** What it does instead of answering requests for its keys; it answers without one. */
  answer: Answer | undefined
  /** What it does instead of answering requests for its metadata. */
  answerMetadata: Answer | undefined
  /** The paths of the requests, in their order. */
  readonly requests: Array<string>
}

const json = (response: ServerResponse, body: unknown): void => {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body))
}

export const METADATA = "/.well-known/openid-configuration"
export const KEYS = "/keys"

export const make = (keys: ReadonlyArray<JWK>) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly own: IssuerServer; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        const path = request.url ?? ""
        own.requests.push(path)
        if (path === KEYS) return own.answer ? own.answer(response, request) : json(response, { keys: own.keys })
        if (own.answerMetadata) return own.answerMetadata(response, request)
        if (path === METADATA) return json(response, { issuer: own.url, jwks_uri: `${own.url}${KEYS}` })
        response.writeHead(404).end()
      })
      const own: { -readonly [K in keyof IssuerServer]: IssuerServer[K] } = {
        url: "",
        keys,
        answer: undefined,
        answerMetadata: undefined,
        requests: []
      }
      server.listen(0, "127.0.0.1", () => {
        own.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        resume(Effect.succeed({ own, close: () => (server.closeAllConnections(), void server.close()) }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ own }) => own))

export interface SigningKey {
  readonly algorithm: string
  readonly kid: string
  readonly publicJwk: JWK
  readonly privateKey: CryptoKey
}

/** A new key, with an id. */
export const newKey = async (algorithm: string, kid: string): Promise<SigningKey> => {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return { algorithm, kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" } }
}

/** Signs claims. The header has `alg` and `kid` of the key, unless it says otherwise. */
export const sign = (
  { algorithm, kid, privateKey }: SigningKey,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {}
): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: algorithm, kid, typ: "JWT", ...header }).sign(privateKey)
