/**
 * Receivers of webhooks for tests: servers over real sockets, each under a name of its own, to which a process of a test posts by
 * itself, as if it had resolved the name. Turnout posts what belongs to an organization to public addresses only, and a test has none.
 */
import * as WebhookSink from "@turnout/adapters/webhooks/sink"
import { fromJson, type Message } from "@turnout/core/delivery/domain/Message"
import { WebhookPost } from "@turnout/core/webhooks/ports/WebhookPost"
import { Effect, Layer, Result } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"

/** A request that was posted: everything of it, and the message in its body. */
export interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly message: Message
}

export interface Receiver {
  /** The URL to enter. */
  readonly url: string
  readonly posted: Array<Posted>
  /** The status that requests are answered with. */
  status: number
}

/** The receivers by the names of their hosts. */
type Known = Map<string, { readonly receiver: Receiver; readonly port: number }>

export interface Receivers extends AsyncDisposable {
  /** Starts a receiver, whose name begins with this one. */
  readonly open: (name: string) => Promise<Receiver>
  /** Posts over HTTP to the receivers, whosever the webhook is, and to nobody else. */
  readonly post: Layer.Layer<WebhookPost>
}

/** Starts with no receiver. */
export const make = (): Receivers => {
  const known: Known = new Map()
  const closing: Array<() => Promise<void>> = []
  const post = Layer.effect(
    WebhookPost,
    Effect.map(WebhookPost, (real) => ({ webhook, ...target }, ...request) => {
      const { hostname, pathname } = new URL(webhook.url)
      const found = known.get(hostname)
      if (found === undefined) return Effect.succeed({ status: null, error: `nobody is called ${hostname}` })
      const url = `http://127.0.0.1:${found.port}${pathname}`
      return real({ ...target, webhook: { ...webhook, organizationId: null, url } }, ...request)
    })
  ).pipe(Layer.provide(WebhookSink.layerPost({ allowPrivate: true, timeoutMillis: 2_000 })))

  const open = async (name: string): Promise<Receiver> => {
    const hostname = `${name}-${known.size}.example.com`
    const receiver: Receiver = { url: `https://${hostname}/hooks`, posted: [], status: 204 }
    const server = createServer((incoming, response) => {
      let body = ""
      incoming.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
      incoming.on("end", () => {
        receiver.posted.push({ headers: incoming.headers, body, message: Result.getOrThrow(fromJson(body)) })
        response.writeHead(receiver.status).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    known.set(hostname, { receiver, port: (server.address() as AddressInfo).port })
    closing.push(() => new Promise<void>((done) => (server.closeAllConnections(), server.close(() => done()))))
    return receiver
  }
  return { open, post, [Symbol.asyncDispose]: async () => void (await Promise.all(closing.map((close) => close()))) }
}
