/**
 * The server of metrics: what Prometheus is given, what everybody else is answered, and how it ends.
 */
import { assert, describe, it } from "@effect/vitest"
import * as MetricsServer from "@turnout/http/MetricsServer"
import { Effect, Exit, Metric, type Scope } from "effect"
import { connect, createServer } from "node:net"
import * as Promtool from "../support/Promtool.ts"

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

type Ask = (path?: string, init?: RequestInit) => Effect.Effect<Answer>

const ask = (url: string, init?: RequestInit) =>
  Effect.promise(async (): Promise<Answer> => {
    const { headers, status, ...response } = await fetch(url, init).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      body: await response.text()
    }))
    return { status, headers, body: response.body }
  })

const serving = <A, E>(use: (ask: Ask, url: string) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.gen(function* () {
    const { url } = yield* MetricsServer.make({ version: "1.2.3", port: 0 })
    return yield* use((path = "/metrics", init) => ask(new URL(path, url).href, init), url)
  }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))

describe("the server of metrics", () => {
  it.live(
    "gives all metrics in a text that promtool has nothing to say about, whatever is in labels and descriptions",
    () =>
      serving((ask) =>
        Effect.gen(function* () {
          const description = 'a "quoted" word, a \\ and\na second line'
          const hostile = 'q" b\\ n\n r\r t\t 0\u0000 \ud800 é 😀 } , ='
          const counter = Metric.counter("host_things_total", { description, attributes: { kind: hostile } })
          yield* Metric.update(counter, 3)
          for (const [of, value] of [
            ["nan", NaN],
            ["most", Infinity],
            ["least", -Infinity],
            ["large", 1e21],
            ["small", 1e-9]
          ] as const)
            yield* Metric.update(Metric.gauge("host_values", { description, attributes: { of } }), value)
          const boundaries = Metric.boundariesFromIterable([0.001, 1])
          const histogram = Metric.histogram("host_seconds", { description, boundaries, attributes: { kind: hostile } })
          for (const seconds of [0.0005, 0.5, 100]) yield* Metric.update(histogram, seconds)

          const { body, headers, status } = yield* ask()
          assert.strictEqual(status, 200)
          assert.strictEqual(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8")
          assert.deepStrictEqual(Promtool.check(body), { code: 0, says: "" })
          const label = 'kind="q\\" b\\\\ n\\n r\r t\t 0\u0000 \ufffd é 😀 } , ="'
          assert.include(body, `\nhost_things_total{${label}} 3\n`)
          assert.include(body, `# HELP host_things_total a "quoted" word, a \\\\ and\\na second line\n`)
          for (const [le, count] of [
            ["0.001", 1],
            ["1", 2],
            ["+Inf", 3]
          ])
            assert.include(body, `\nhost_seconds_bucket{${label},le="${le}"} ${count}\n`)
          for (const line of ['nan"} NaN', 'most"} +Inf', 'least"} -Inf'])
            assert.include(body, `host_values{of="${line}\n`)
        })
      )
  )

  it.live("gives the metrics of the process, as they are when they are read", () =>
    serving((ask) =>
      Effect.gen(function* () {
        const { body: before } = yield* ask()
        // The first sample after a reading is the beginning of the next one.
        yield* Effect.sleep(100)
        // Nothing else can be done meanwhile: that is what is measured.
        for (const end = performance.now() + 1_000; performance.now() < end;);
        yield* Effect.sleep(100)
        const { body: after } = yield* ask()
        const grown = (series: string) => Promtool.valueOf(after, series) - Promtool.valueOf(before, series)
        assert.isAbove(grown("process_cpu_seconds_total"), 0.1)
        assert.isAbove(Promtool.valueOf(after, "nodejs_eventloop_lag_max_seconds"), 0.9)
        assert.isAbove(Promtool.valueOf(after, "process_resident_memory_bytes"), 10e6)
        assert.isAbove(Promtool.valueOf(after, "nodejs_heap_size_used_bytes"), 1e6)
        const startedAt = Promtool.valueOf(after, "process_start_time_seconds")
        assert.approximately(startedAt, (Date.now() - performance.now()) / 1_000, 1)
        assert.isAtLeast(Promtool.valueOf(after, "process_max_fds"), Promtool.valueOf(after, "process_open_fds"))
        assert.isAtLeast(Promtool.valueOf(after, "process_open_fds"), 3)
        assert.strictEqual(Promtool.valueOf(after, 'turnout_build_info{version="1.2.3"}'), 1)
        assert.isAtLeast(Promtool.valueOf(after, 'nodejs_gc_duration_seconds_count{kind="minor"}'), 0)
        // The delay was read before, and is not told again.
        const { body: later } = yield* ask()
        assert.isBelow(Promtool.valueOf(later, "nodejs_eventloop_lag_max_seconds"), 0.9)
      })
    )
  )

  it.live("answers HEAD as GET, without the text, and a query as none", () =>
    serving((ask) =>
      Effect.gen(function* () {
        const { body, headers, status } = yield* ask("/metrics", { method: "HEAD" })
        assert.deepStrictEqual([status, body], [200, ""])
        assert.isAbove(Number(headers.get("content-length")), 1_000)
        assert.strictEqual((yield* ask("/metrics?name=up")).status, 200)
      })
    )
  )

  it.live("answers other paths and methods with problem documents", () =>
    serving((ask) =>
      Effect.gen(function* () {
        for (const path of ["/", "/metrics/", "/metrics/x", "/events", "/health/live"]) {
          const { body, headers, status } = yield* ask(path)
          assert.strictEqual(status, 404, path)
          assert.strictEqual(headers.get("content-type"), "application/problem+json")
          assert.strictEqual((JSON.parse(body) as { code: string }).code, "route_not_found")
        }
        const { body, headers, status } = yield* ask("/metrics", { method: "POST", body: "x".repeat(100_000) })
        assert.strictEqual(status, 405)
        assert.strictEqual(headers.get("allow"), "GET, HEAD")
        assert.strictEqual((JSON.parse(body) as { code: string }).code, "method_not_allowed")
      })
    )
  )

  it.live("answers 500 if a metric cannot be read, and goes on", () =>
    serving((ask) =>
      Effect.gen(function* () {
        const context = yield* Effect.context<never>()
        const broken = Metric.registerUnsafe(Metric.gauge("host_broken", { description: "broken" }), context, {
          get: () => {
            throw new Error("no value")
          },
          update: () => {},
          modify: () => {}
        })
        const { body, status } = yield* ask()
        assert.deepStrictEqual([status, (JSON.parse(body) as { code: string }).code], [500, "internal_error"])
        broken.remove()
        assert.strictEqual((yield* ask()).status, 200)
      })
    )
  )

  it.live("fails if its port is taken, and says which error that is", () =>
    Effect.gen(function* () {
      const { url } = yield* MetricsServer.make({ version: "1", port: 0 })
      const port = Number(new URL(url).port)
      const error = yield* Effect.flip(MetricsServer.make({ version: "1", port }))
      assert.strictEqual((error.cause as NodeJS.ErrnoException).code, "EADDRINUSE")
    }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.live("ends with its scope, at once, with connections that are open, and leaves nothing in the registry", () =>
    Effect.gen(function* () {
      const registry: Metric.MetricRegistry = new Map()
      const port = yield* Effect.gen(function* () {
        const { url } = yield* MetricsServer.make({ version: "1", port: 0 })
        // A client that never ends the head of its request.
        const client = connect(Number(new URL(url).port), "127.0.0.1").on("error", () => {})
        client.write("GET /metrics HTTP/1.1\r\n")
        yield* ask(url)
        assert.isAbove(registry.size, 10)
        return Number(new URL(url).port)
      }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, registry), Effect.timeout("3 seconds"))
      assert.strictEqual(registry.size, 0)
      const free = yield* Effect.exit(
        Effect.callback<void, Error>((resume) => {
          const server = createServer()
          server.once("error", (error) => resume(Effect.fail(error)))
          server.listen(port, "127.0.0.1", () => server.close(() => resume(Effect.void)))
        })
      )
      assert.isTrue(Exit.isSuccess(free))
    })
  )
})
