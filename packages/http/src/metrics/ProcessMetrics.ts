/**
 * The metrics of the process, under the names that client libraries of Prometheus have for them. They cost nothing until they are read,
 * apart from two observers: of the delay of the event loop, which Node samples fifty times a second, and of collections of garbage.
 *
 * | metric | kind | unit |
 * | --- | --- | --- |
 * | `process_cpu_seconds_total` | counter | time on a processor, of the user and of the system |
 * | `process_start_time_seconds` | gauge | moment of the start, since 1970 |
 * | `process_resident_memory_bytes` | gauge | memory that is in use |
 * | `process_open_fds`, `process_max_fds` | gauge | file descriptors in use, and the most that there can be; on Linux only |
 * | `nodejs_heap_size_used_bytes`, `nodejs_heap_size_total_bytes`, `nodejs_external_memory_bytes` | gauge | memory of JavaScript |
 * | `nodejs_eventloop_lag_seconds` and those with `min`, `max`, `mean`, `p50`, `p90`, `p99` | gauge | delay of the event loop |
 * | `nodejs_gc_duration_seconds` | histogram | collections of garbage, by `kind` |
 * | `turnout_build_info` | gauge | 1, with the `version` |
 *
 * The delays are those since they were read last, as in other libraries: of two readers, each sees a part of the time. They begin at 0,
 * without the interval of the samples, which other libraries add.
 */
import * as Series from "@turnout/core/kernel/application/Series"
import * as Seconds from "@turnout/core/kernel/application/time/Seconds"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import { existsSync, readFileSync } from "node:fs"
import { readdir } from "node:fs/promises"
import {
  constants,
  type ELDHistogram,
  monitorEventLoopDelay,
  type NodeGCPerformanceDetail,
  performance,
  PerformanceObserver
} from "node:perf_hooks"
import { setImmediate } from "node:timers/promises"

/** The time between two samples of the delay of the event loop. */
const SAMPLE_MILLIS = 20
const NANOS = 1e9
const MICROS = 1e6

/** Where Linux has the open file descriptors of the process, and its limits. */
const FDS = "/proc/self/fd"
const LIMITS = "/proc/self/limits"

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

const cpu = Metric.counter("process_cpu_seconds_total", {
  description: "Time that the process has spent on a processor"
})
const startTime = gauge("process_start_time_seconds", "Start of the process, since 1970")
const residentMemory = gauge("process_resident_memory_bytes", "Memory that the process has in use")
const openFds = gauge("process_open_fds", "File descriptors that are open")
const maxFds = gauge("process_max_fds", "The most file descriptors that can be open")
const heapUsed = gauge("nodejs_heap_size_used_bytes", "Memory of JavaScript objects")
const heapTotal = gauge("nodejs_heap_size_total_bytes", "Memory that is set aside for JavaScript objects")
const externalMemory = gauge("nodejs_external_memory_bytes", "Memory of buffers and the like, outside of the heap")
const lag = gauge("nodejs_eventloop_lag_seconds", "Delay of the event loop while these metrics were read")
const lags = {
  min: gauge("nodejs_eventloop_lag_min_seconds", "Shortest delay of the event loop since it was read last"),
  max: gauge("nodejs_eventloop_lag_max_seconds", "Longest delay of the event loop since it was read last"),
  mean: gauge("nodejs_eventloop_lag_mean_seconds", "Mean delay of the event loop since it was read last"),
  p50: gauge("nodejs_eventloop_lag_p50_seconds", "Median of the delays of the event loop since it was read last"),
  p90: gauge("nodejs_eventloop_lag_p90_seconds", "90 % of the delays of the event loop are at most this long"),
  p99: gauge("nodejs_eventloop_lag_p99_seconds", "99 % of the delays of the event loop are at most this long")
}
const collections = Metric.histogram("nodejs_gc_duration_seconds", {
  description: "Collections of garbage",
  boundaries: Seconds.OF_WORK
})
const build = gauge("turnout_build_info", "The version that runs")

/** The kinds of collections. */
const KINDS = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"]
])

/** Values that are read all at once, before they are shown. */
interface Readings {
  readonly memory: NodeJS.MemoryUsage
  readonly fds: number
  readonly lagSeconds: number
  readonly lags: Readonly<Record<keyof typeof lags, number>>
}

const NO_LAGS: Readings["lags"] = { min: 0, max: 0, mean: 0, p50: 0, p90: 0, p99: 0 }

/** The delays since this was called last. A sample has the time since the sample before, so the interval is taken away. */
const takeLags = (samples: ELDHistogram): Readings["lags"] => {
  if (samples.count === 0) return NO_LAGS
  const seconds = (nanos: number) => Math.max(0, nanos / NANOS - Seconds.ofMillis(SAMPLE_MILLIS))
  const { max, mean, min } = samples
  const [p50, p90, p99] = [50, 90, 99].map((percent) => seconds(samples.percentile(percent))) as [
    number,
    number,
    number
  ]
  samples.reset()
  return { min: seconds(min), max: seconds(max), mean: seconds(mean), p50, p90, p99 }
}

const lagNow = async (): Promise<number> => {
  const before = performance.now()
  await setImmediate()
  return Seconds.ofMillis(performance.now() - before)
}

/** The limit of open files; `undefined` if there is none, or the machine does not tell. */
const limitOfFds = (): number | undefined => {
  if (!existsSync(LIMITS)) return undefined
  const limit = /^Max open files +(\d+)/m.exec(readFileSync(LIMITS, "utf8"))?.[1]
  return limit === undefined ? undefined : Number(limit)
}

/** The number of open files, without the one that it is read through. If there are too many to read it, it is the number before. */
const countFds = async (before: number): Promise<number> => {
  try {
    return (await readdir(FDS)).length - 1
  } catch {
    return before
  }
}

/** The entry of a collection, whose details the types of Node do not have. */
interface Collection {
  readonly duration: number
  readonly detail: NodeGCPerformanceDetail
}

/** Observes collections of garbage until it is stopped. */
const observeCollections = (context: Context.Context<never>): (() => void) => {
  const metrics = [...KINDS].map(([kind, name]) => [kind, Metric.withAttributes(collections, { kind: name })] as const)
  const measure = new Map(metrics.map(([kind, metric]) => [kind, Series.update(metric, context)]))
  const observer = new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries() as ReadonlyArray<unknown> as ReadonlyArray<Collection>)
      measure.get(detail.kind)?.(Seconds.ofMillis(duration))
  })
  observer.observe({ entryTypes: ["gc"] })
  return () => {
    observer.disconnect()
    for (const [, metric] of metrics) Metric.removeUnsafe(metric, context)
  }
}

const NOTHING_TO_DO = { update: () => {}, modify: () => {} }

/** Shows the readings in the registry, until it is stopped. */
const show = (context: Context.Context<never>, version: string, readings: () => Readings): (() => void) => {
  const registered: Array<Metric.Registration> = []
  const gauged = (metric: Metric.Gauge<number>, read: () => number) =>
    registered.push(Metric.registerUnsafe(metric, context, { get: () => ({ value: read() }), ...NOTHING_TO_DO }))
  const cpuSeconds = () => {
    const { system, user } = process.cpuUsage()
    return { count: (system + user) / MICROS, incremental: true }
  }
  registered.push(Metric.registerUnsafe(cpu, context, { get: cpuSeconds, ...NOTHING_TO_DO }))
  gauged(startTime, () => Seconds.ofMillis(performance.timeOrigin))
  gauged(residentMemory, () => readings().memory.rss)
  gauged(heapUsed, () => readings().memory.heapUsed)
  gauged(heapTotal, () => readings().memory.heapTotal)
  gauged(externalMemory, () => readings().memory.external)
  gauged(lag, () => readings().lagSeconds)
  for (const [name, metric] of Object.entries(lags)) gauged(metric, () => readings().lags[name as keyof typeof lags])
  if (existsSync(FDS)) gauged(openFds, () => readings().fds)
  const limit = limitOfFds()
  if (limit !== undefined) gauged(maxFds, () => limit)
  gauged(Metric.withAttributes(build, { version }), () => 1)
  return () => registered.forEach(({ remove }) => remove())
}

export interface ProcessMetrics {
  /** Reads what the metrics then show, until they are read again. */
  readonly read: () => Promise<void>
}

/** The metrics of this process, in the registry of the context for as long as the scope is open. */
export const make = (version: string): Effect.Effect<ProcessMetrics, never, Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const samples = monitorEventLoopDelay({ resolution: SAMPLE_MILLIS })
    let readings: Readings = { memory: process.memoryUsage(), fds: 0, lagSeconds: 0, lags: NO_LAGS }
    const observe = Effect.sync(() => {
      samples.enable()
      return [observeCollections(context), show(context, version, () => readings)]
    })
    yield* Effect.acquireRelease(observe, (stops) =>
      Effect.sync(() => {
        for (const stop of stops) stop()
        samples.disable()
      })
    )
    return {
      read: async () => {
        const [fds, lagSeconds] = [await countFds(readings.fds), await lagNow()]
        readings = { memory: process.memoryUsage(), fds, lagSeconds, lags: takeLags(samples) }
      }
    }
  })
