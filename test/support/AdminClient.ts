/**
 * Requests to the API for operators, as they come over a socket.
 */
import { Effect } from "effect"
import { HttpServer } from "effect/http"

export const TOKEN = "0123456789abcdef"

export interface Reply {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- documents of all kinds
  readonly body: any
}

/** Asks the server for something, with the token unless told otherwise. */
export const call = Effect.fnUntraced(function* (
  method: string,
  path: string,
  options: {
    readonly body?: unknown
    readonly headers?: Readonly<Record<string, string>>
    readonly token?: string | null
  } = {}
) {
  const address = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
  const { body, headers, token = TOKEN } = options
  return yield* Effect.promise(async (): Promise<Reply> => {
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
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith("{") ? JSON.parse(text) : text
    }
  })
})
