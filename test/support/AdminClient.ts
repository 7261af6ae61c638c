/**
 * Requests to the API for operators, over a socket.
 */
import { Effect } from "effect"
import { HttpServer } from "effect/http"
import * as ApiDocument from "./ApiDocument.ts"

export const TOKEN = "0123456789abcdef"

export interface Reply {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- documents of all kinds
  readonly body: any
}

export interface Asked {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** The token, or `null` for none. Default: the right one. */
  readonly token?: string | null
}

/** Sends a request to the server at an address, and checks that the document of the API describes the answer. */
export const request = async (
  address: string,
  method: string,
  path: string,
  { body, headers, token = TOKEN }: Asked = {}
): Promise<Reply> => {
  const response = await fetch(`${address}${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
  })
  const text = await response.text()
  ApiDocument.check(method, path, { status: response.status, headers: response.headers, text })
  return {
    status: response.status,
    headers: response.headers,
    body:
      response.headers.get("content-type")?.includes("ndjson") !== true && text.startsWith("{")
        ? JSON.parse(text)
        : text
  }
}

/** Sends a request to the server in the context. */
export const call = (method: string, path: string, asked?: Asked): Effect.Effect<Reply, never, HttpServer.HttpServer> =>
  HttpServer.HttpServer.use(({ address }) =>
    Effect.promise(() => request(HttpServer.formatAddress(address), method, path, asked))
  )
