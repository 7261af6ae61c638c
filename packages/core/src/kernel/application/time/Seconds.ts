/**
 * Durations as metrics have them: in seconds, the unit of Prometheus, in histograms with the boundaries of this file.
 *
 * The boundaries begin at half a millisecond, and have the thresholds that people ask about: 100 ms, 250 ms, a second. Each is two or two
 * and a half times as long as the one before, as long as it is below ten seconds.
 */
import * as Metric from "effect/Metric"

const SHORT = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** The boundaries for work that somebody waits for: up to half a minute. */
export const OF_WORK: ReadonlyArray<number> = Metric.boundariesFromIterable(SHORT)

/** The boundaries for lags, which grow while a process is away: up to an hour. */
export const OF_LAGS: ReadonlyArray<number> = Metric.boundariesFromIterable([...SHORT, 60, 300, 1_800, 3_600])

/** Milliseconds in seconds. */
export const ofMillis = (millis: number): number => millis / 1_000
