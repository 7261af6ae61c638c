/**
 * The metrics of requests: by method, pattern and status, with a bound to the series.
 */
import { assert, describe, it } from "@effect/vitest"
// oxlint-disable-next-line eslint/no-restricted-imports -- only the server records requests: the package exports none of it
import * as HttpMetrics from "../../packages/http/src/metrics/HttpMetrics.ts"
import { Effect, Metric } from "effect"

const NAME = "http_server_request_duration_seconds"

const given = (use: (metrics: HttpMetrics.HttpMetrics) => void) =>
  Effect.gen(function* () {
    use(HttpMetrics.make(yield* Effect.context<never>()))
    return yield* Metric.snapshot
  }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))

type Snapshot = ReadonlyArray<Metric.Metric.Snapshot>

/** The number of requests, and their seconds in total, by their labels. */
const requestsIn = (snapshot: Snapshot) =>
  snapshot.flatMap((one) =>
    one.id === NAME && one.type === "Histogram" ? [[one.attributes, one.state.count, one.state.sum] as const] : []
  )

const inFlight = (snapshot: Snapshot) => {
  const one = snapshot.find(({ id }) => id === "http_server_requests_in_flight")
  return one?.type === "Gauge" ? one.state.value : undefined
}

describe("the metrics of requests", () => {
  it.effect("have the requests of each method, pattern and status, with their time", () =>
    Effect.gen(function* () {
      const snapshot = yield* given(({ observe }) => {
        observe("GET", "/events/:eventId", 200, 0.25)
        observe("GET", "/events/:eventId", 200, 0.5)
        observe("GET", "/events/:eventId", 404, 0.125)
        observe("POST", "/events", 201, 1)
        observe("GET", HttpMetrics.UNMATCHED_ROUTE, 404, 0.5)
        observe("PUT", "/events/:eventId/capacity", HttpMetrics.ABORTED_STATUS, 3)
      })
      assert.deepStrictEqual(requestsIn(snapshot), [
        [{ method: "GET", route: "/events/:eventId", status: "200" }, 2, 0.75],
        [{ method: "GET", route: "/events/:eventId", status: "404" }, 1, 0.125],
        [{ method: "POST", route: "/events", status: "201" }, 1, 1],
        [{ method: "GET", route: "unmatched", status: "404" }, 1, 0.5],
        [{ method: "PUT", route: "/events/:eventId/capacity", status: "499" }, 1, 3]
      ])
    })
  )

  it.effect("have the requests in flight, of all servers of the process together", () =>
    Effect.gen(function* () {
      const snapshot = yield* given(({ ended, started }) => {
        started()
        started()
        ended()
        started()
      })
      assert.strictEqual(inFlight(snapshot), 2)
      const context = yield* Effect.context<never>()
      const servers = [HttpMetrics.make(context), HttpMetrics.make(context)] as const
      for (const { started } of servers) started()
      assert.strictEqual(inFlight(yield* Metric.snapshot), 2)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("have a bound to their series: unknown methods are one, and so are routes beyond the most", () =>
    Effect.gen(function* () {
      const snapshot = yield* given(({ observe }) => {
        observe("PROPFIND", "/a", 501, 1)
        observe("BREW", "/a", 501, 1)
        for (let n = 0; n < HttpMetrics.MAX_ROUTES + 100; n++) observe("GET", `/events/${n}`, 200, 1)
        observe("GET", "/a", 200, 1)
      })
      const requests = requestsIn(snapshot)
      const countOf = (method: string, route: string, status: string) =>
        requests.find(([labels]) => {
          const { method: own, route: at, status: answered } = labels as Record<string, string>
          return own === method && at === route && answered === status
        })?.[1]
      assert.strictEqual(countOf("other", "/a", "501"), 2)
      assert.strictEqual(countOf("GET", "/a", "200"), 1)
      assert.strictEqual(countOf("GET", "unmatched", "200"), 101)
      assert.strictEqual(new Set(requests.map(([labels]) => labels!["route"])).size, HttpMetrics.MAX_ROUTES + 1)
    })
  )
})
