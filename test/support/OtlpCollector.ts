/**
 * A collector of OTLP for tests: takes traces, metrics and logs as JSON over HTTP, and keeps the spans; or never answers.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

/** A span as it was sent. */
export interface CollectedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind: number
  readonly attributes: ReadonlyArray<Attribute>
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly events: ReadonlyArray<unknown>
  readonly status: { readonly code: number; readonly message?: string }
}

interface Resource {
  readonly attributes: ReadonlyArray<Attribute>
}

interface Traces {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: Resource
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<CollectedSpan> }>
  }>
}

export interface Collector extends AsyncDisposable {
  readonly url: string
  readonly spans: Array<CollectedSpan>
  /** The names of the services that have sent spans. */
  readonly services: Set<unknown>
  /** The paths of the requests, with their headers. */
  readonly requests: Array<{ readonly path: string; readonly authorization: string | undefined }>
  /** The bodies as they were sent. */
  readonly bodies: Array<string>
  /** The number of requests that have no answer, and that nobody has given up. */
  readonly waiting: () => number
}

/** Starts a collector. One that `hangs` takes requests, and never answers. */
export const start = async ({ hangs = false }: { readonly hangs?: boolean } = {}): Promise<Collector> => {
  const spans: Array<CollectedSpan> = []
  const services = new Set<unknown>()
  const requests: Array<Collector["requests"][number]> = []
  const bodies: Array<string> = []
  let waiting = 0
  const server = createServer((incoming, response) => {
    waiting += 1
    response.on("close", () => (waiting -= 1))
    let body = ""
    incoming.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
    incoming.on("end", () => {
      const path = incoming.url ?? ""
      requests.push({ path, authorization: incoming.headers.authorization })
      if (hangs) return
      bodies.push(body)
      if (path === "/v1/traces")
        for (const { resource, scopeSpans } of (JSON.parse(body) as Traces).resourceSpans) {
          services.add(resource.attributes.find(({ key }) => key === "service.name")?.value["stringValue"])
          for (const { spans: own } of scopeSpans) spans.push(...own)
        }
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    services,
    requests,
    bodies,
    waiting: () => waiting,
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      })
  }
}
