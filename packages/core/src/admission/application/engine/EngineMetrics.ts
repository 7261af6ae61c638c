/**
 * The metrics of the engine, through effect's `Metric`: a host that exports effect's metrics exports these as well.
 *
 * | metric | kind | unit |
 * | --- | --- | --- |
 * | `turnout_lane_batch_size` | histogram | commands in a transaction |
 * | `turnout_lane_depth` | gauge | commands that wait in the lane which started a transaction last |
 * | `turnout_lane_wait_seconds` | histogram | time from a command's arrival to its transaction: the longest of each batch |
 * | `turnout_lane_commit_seconds` | histogram | time that a transaction took, retries and splits included |
 * | `turnout_lane_splits_total` | counter | batches that were split because one of their commands failed |
 * | `turnout_lane_refusals_total` | counter | commands refused with `Overloaded` |
 * | `turnout_lane_timeouts_total` | counter | callers who got `OutcomeUnknown` because there was no answer in time |
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as Series from "../../../kernel/application/Series.ts"
import * as Seconds from "../../../kernel/application/time/Seconds.ts"

const histogramOfSeconds = (name: string, description: string) =>
  Metric.histogram(name, { description, boundaries: Seconds.OF_WORK })

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

export const batchSize = Metric.histogram("turnout_lane_batch_size", {
  description: "Commands in a transaction",
  boundaries: Metric.exponentialBoundaries({ start: 1, factor: 2, count: 11 })
})
export const depth = Metric.gauge("turnout_lane_depth", {
  description: "Commands that wait in the lane that started a transaction last"
})
export const wait = histogramOfSeconds(
  "turnout_lane_wait_seconds",
  "Time from arrival to transaction, the longest of each batch"
)
export const commitTime = histogramOfSeconds("turnout_lane_commit_seconds", "Time that a transaction took")
export const splits = counter("turnout_lane_splits_total", "Batches split because one of their commands failed")
export const refusals = counter("turnout_lane_refusals_total", "Commands refused because too many were waiting")
export const timeouts = counter("turnout_lane_timeouts_total", "Callers that did not get an answer in time")

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
export const make = (context: Context.Context<never>): EngineMetrics => {
  const measureSize = Series.update(batchSize, context)
  const setDepth = Series.update(depth, context)
  const measureWait = Series.update(wait, context)
  const measureCommit = Series.update(commitTime, context)
  const addSplits = Series.update(splits, context)
  const addRefusals = Series.update(refusals, context)
  const addTimeouts = Series.update(timeouts, context)
  return {
    started: (size, waiting, waitedMillis) => {
      measureSize(size)
      setDepth(waiting)
      measureWait(Seconds.ofMillis(waitedMillis))
    },
    committed: (millis) => measureCommit(Seconds.ofMillis(millis)),
    split: () => addSplits(1),
    refused: () => addRefusals(1),
    timedOut: () => addTimeouts(1)
  }
}
