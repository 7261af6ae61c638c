/**
 * The metrics of relays, through effect's `Metric`, each with the name of the sink as its attribute `sink`. Sinks that are made while the
 * process runs, those of webhooks, have one name in the metrics together (see `Sink.measuredAs`): a counter has what all of them did, and
 * a gauge the longest of their times.
 *
 * | metric | kind | unit |
 * | --- | --- | --- |
 * | `turnout_relay_deliveries_total` | counter | entries that arrived |
 * | `turnout_relay_retries_total` | counter | attempts that failed and are made again |
 * | `turnout_relay_parks_total` | counter | streams that were parked |
 * | `turnout_relay_takeovers_total` | counter | slots that were claimed after a relay had held them before |
 * | `turnout_relay_stale_total` | counter | slots whose lease was lost before what was sent could be acknowledged |
 * | `turnout_relay_lag_gate_seconds` | histogram | time from when the first entry of a slice happened until it was read |
 * | `turnout_relay_lag_claim_seconds` | histogram | the same, of the first slice of a slot that was just claimed |
 * | `turnout_relay_lag_send_seconds` | histogram | time that the sink took for a slice |
 * | `turnout_relay_lag_behind_seconds` | gauge | time since the first of the entries in hand happened; 0 if none is in hand |
 * | `turnout_relay_lag_parked_seconds` | gauge | time since the first of the parked streams was blocked; 0 if none is |
 */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as Series from "../../kernel/application/Series.ts"
import * as Seconds from "../../kernel/application/time/Seconds.ts"
import type { Sink } from "../ports/Sink.ts"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
const histogram = (name: string, description: string) =>
  Metric.histogram(name, { description, boundaries: Seconds.OF_LAGS })

export const deliveries = counter("turnout_relay_deliveries_total", "Entries that arrived")
export const retries = counter("turnout_relay_retries_total", "Attempts that failed and are made again")
export const parks = counter("turnout_relay_parks_total", "Streams that were parked")
export const takeovers = counter("turnout_relay_takeovers_total", "Slots claimed after a relay had held them before")
export const stale = counter("turnout_relay_stale_total", "Slots lost before what was sent could be acknowledged")
export const gateLag = histogram("turnout_relay_lag_gate_seconds", "Time until an entry was read")
export const claimLag = histogram(
  "turnout_relay_lag_claim_seconds",
  "Time until an entry of a slot that was just claimed was read"
)
export const sendLag = histogram("turnout_relay_lag_send_seconds", "Time that the sink took")

export const behindLag = Metric.gauge("turnout_relay_lag_behind_seconds", {
  description: "Time since the first of the entries in hand happened"
})

export const parkedLag = Metric.gauge("turnout_relay_lag_parked_seconds", {
  description: "Time since the first of the parked streams was blocked"
})

export interface RelayMetrics {
  readonly delivered: (entries: number) => void
  readonly blocked: (blocks: ReadonlyArray<{ readonly retryAfterMillis: number | null }>) => void
  readonly claimed: (claims: ReadonlyArray<{ readonly epoch: number }>) => void
  readonly lost: (slots: number) => void
  /** A slice was read whose first entry happened `ageMillis` ago; `isFirst` if it is the first slice of a claimed slot. */
  readonly read: (ageMillis: number, isFirst: boolean) => void
  readonly sent: (millis: number) => void
  readonly behind: (millis: number) => void
  readonly parkedFor: (millis: number) => void
  /** The relay has ended, and its times count no longer. */
  readonly ended: () => void
}

/** The times of the relays that share a gauge, by relay, in each registry. */
const shared = new WeakMap<Metric.MetricRegistry, Map<string, Map<object, number>>>()

/** The times of the relays that share this gauge. The gauge has the longest of them, which it looks for when it is read. */
const timesOf = (gauge: Metric.Gauge<number>, sink: string, context: Context.Context<never>): Map<object, number> => {
  const registry = Context.get(context, Metric.MetricRegistry)
  const gauges = shared.get(registry) ?? new Map<string, Map<object, number>>()
  shared.set(registry, gauges)
  const key = JSON.stringify([gauge.id, sink])
  const known = gauges.get(key)
  if (known !== undefined) return known
  const times = new Map<object, number>()
  gauges.set(key, times)
  const hooks = { get: () => ({ value: Math.max(0, ...times.values()) }), update: () => {}, modify: () => {} }
  Metric.registerUnsafe(Metric.withAttributes(gauge, { sink }), context, hooks)
  return times
}

/** The metrics of a relay of this sink, in the metric registry of this context. */
export const make = (
  { measuredAs, name }: Pick<Sink, "name" | "measuredAs">,
  context: Context.Context<never>
): RelayMetrics => {
  const sink = measuredAs ?? name
  const update = <Input, State>(metric: Metric.Metric<Input, State>) =>
    Series.update(Metric.withAttributes(metric, { sink }), context)
  const addParks = update(parks)
  const addRetries = update(retries)
  const addTakeovers = update(takeovers)
  const measureGate = update(gateLag)
  const measureClaim = update(claimLag)
  const measureSend = update(sendLag)
  const own = {}
  const behind = timesOf(behindLag, sink, context)
  const parked = timesOf(parkedLag, sink, context)
  return {
    delivered: update(deliveries),
    blocked: (blocks) => {
      const final = blocks.filter(({ retryAfterMillis }) => retryAfterMillis === null).length
      addParks(final)
      addRetries(blocks.length - final)
    },
    claimed: (claims) => addTakeovers(claims.filter(({ epoch }) => epoch > 1).length),
    lost: update(stale),
    read: (ageMillis, isFirst) => (isFirst ? measureClaim : measureGate)(Seconds.ofMillis(ageMillis)),
    sent: (millis) => measureSend(Seconds.ofMillis(millis)),
    behind: (millis) => void behind.set(own, Seconds.ofMillis(millis)),
    parkedFor: (millis) => void parked.set(own, Seconds.ofMillis(millis)),
    ended: () => {
      behind.delete(own)
      parked.delete(own)
    }
  }
}
