/**
 * The metrics of requests, through effect's `Metric`.
 *
 * | metric | kind | what it measures |
 * | --- | --- | --- |
 * | `http_server_request_duration_seconds` | histogram | time from the head of a request to the end of its answer, by `method`, `route` and `status` |
 * | `http_server_requests_in_flight` | gauge | requests whose answers are not done |
 *
 * There is a bound to the series. A `route` is the pattern of a route, such as `/events/:eventId`, and never a path; `unmatched` if there
 * is none. A method that the API does not have is `other`. A request that its client aborts has the status 499.
 *
 * Every request is recorded, so this is synchronous, and finds the series of its labels in maps: an observation takes less than a tenth of
 * a microsecond.
 */
import * as Series from "@turnout/core/kernel/application/Series"
import * as Seconds from "@turnout/core/kernel/application/time/Seconds"
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"

/** The status of a request whose client did not wait for the answer. */
export const ABORTED_STATUS = 499

/** The route of a request that no route matches. */
export const UNMATCHED_ROUTE = "unmatched"

/** The most routes that have series of their own. The API has about a hundred: more are paths that were taken for patterns. */
export const MAX_ROUTES = 500

const OTHER_METHOD = "other"
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])

/** A histogram of its own for these labels, since one with attributes that are added later finds its series more slowly. */
const duration = (method: string, route: string, status: number) =>
  Metric.histogram("http_server_request_duration_seconds", {
    description: "Time from the head of a request to the end of its answer",
    boundaries: Seconds.OF_WORK,
    attributes: { method, route, status: String(status) }
  })

const inFlight = Metric.gauge("http_server_requests_in_flight", {
  description: "Requests whose answers are not done"
})

export interface HttpMetrics {
  /** A request has begun. */
  readonly started: () => void
  /** The answer to a request is done, or its client has gone. */
  readonly ended: () => void
  /** A request took `seconds`. */
  readonly observe: (method: string, route: string, status: number, seconds: number) => void
}

type Measure = (seconds: number) => void
type ByStatus = Map<number, Measure>

/** The metrics of requests, in the metric registry of this context. */
export const make = (context: Context.Context<never>): HttpMetrics => {
  const move = Series.modify(inFlight, context)
  const routes = new Map<string, Map<string, ByStatus>>()

  /** The route under which it is counted. */
  const bounded = (route: string): string => (routes.has(route) || routes.size < MAX_ROUTES ? route : UNMATCHED_ROUTE)

  const add = (method: string, route: string, status: number): Measure => {
    const methods = routes.get(route) ?? new Map<string, ByStatus>()
    routes.set(route, methods)
    const statuses: ByStatus = methods.get(method) ?? new Map()
    methods.set(method, statuses)
    const measure = Series.update(duration(method, route, status), context)
    statuses.set(status, measure)
    return measure
  }

  return {
    started: () => move(1),
    ended: () => move(-1),
    observe: (method, route, status, seconds) => {
      const known = routes.get(route)?.get(method)?.get(status)
      if (known !== undefined) return known(seconds)
      const [of, at] = [METHODS.has(method) ? method : OTHER_METHOD, bounded(route)]
      const measure = routes.get(at)?.get(of)?.get(status) ?? add(of, at, status)
      measure(seconds)
    }
  }
}
