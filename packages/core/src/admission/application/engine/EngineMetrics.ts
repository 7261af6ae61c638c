/**
 * The metrics of the engine, through effect's `Metric`: a host that exports effect's metrics exports these as well.
 *
 * | metric | kind | unit |
 * | --- | --- | --- |
 * | `turnout.lane.batch.size` | histogram | commands in a transaction |
 * | `turnout.lane.depth` | gauge | commands that wait in the lane which started a transaction last |
 * | `turnout.lane.wait` | histogram | milliseconds from a command's arrival to its transaction: the longest of each batch |
 * | `turnout.lane.commit` | histogram | milliseconds that a transaction took, retries and splits included |
 * | `turnout.lane.splits` | counter | batches that were split because one of their commands failed |
 * | `turnout.lane.refusals` | counter | commands refused with `Overloaded` |
 * | `turnout.lane.timeouts` | counter | callers who got `OutcomeUnknown` because there was no answer in time |
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"

const millis = Metric.exponentialBoundaries({ start: 0.5, factor: 2, count: 16 })

const histogramOfMillis = (name: string, description: string) =>
  Metric.histogram(name, { description, boundaries: millis })

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

export const batchSize = Metric.histogram("turnout.lane.batch.size", {
  description: "Commands in a transaction",
  boundaries: Metric.exponentialBoundaries({ start: 1, factor: 2, count: 11 })
})
export const depth = Metric.gauge("turnout.lane.depth", { description: "Commands that wait" })
export const wait = histogramOfMillis(
  "turnout.lane.wait",
  "Milliseconds from arrival to transaction, the longest of each batch"
)
export const commitTime = histogramOfMillis("turnout.lane.commit", "Milliseconds that a transaction took")
export const splits = counter("turnout.lane.splits", "Batches split because one of their commands failed")
export const refusals = counter("turnout.lane.refusals", "Commands refused because too many were waiting")
export const timeouts = counter("turnout.lane.timeouts", "Callers that did not get an answer in time")

export interface EngineMetrics {
  /**
   * A transaction has started with `size` commands while `waiting` others wait; its first command has waited for
   * `waitedMillis`.
   */
  readonly started: (size: number, waiting: number, waitedMillis: number) => void
  readonly committed: (millis: number) => void
  readonly split: () => void
  readonly refused: () => void
  readonly timedOut: () => void
}

/** The metrics of the lanes, in the metric registry of this context. */
export const make = (context: Context.Context<never>): EngineMetrics => ({
  started: (size, waiting, waitedMillis) => {
    batchSize.updateUnsafe(size, context)
    depth.updateUnsafe(waiting, context)
    wait.updateUnsafe(waitedMillis, context)
  },
  committed: (millis) => commitTime.updateUnsafe(millis, context),
  split: () => splits.updateUnsafe(1, context),
  refused: () => refusals.updateUnsafe(1, context),
  timedOut: () => timeouts.updateUnsafe(1, context)
})
