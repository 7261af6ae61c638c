/**
 * The metrics of relays, through effect's `Metric`, each with the name of the sink as its attribute `sink`.
 *
 * | metric | kind | unit |
 * | --- | --- | --- |
 * | `turnout.relay.deliveries` | counter | entries that arrived |
 * | `turnout.relay.retries` | counter | attempts that failed and are made again |
 * | `turnout.relay.parks` | counter | streams that were parked |
 * | `turnout.relay.takeovers` | counter | slots that were claimed after a relay had held them before |
 * | `turnout.relay.stale` | counter | slots whose lease was lost before what was sent could be acknowledged |
 * | `turnout.relay.lag.gate` | histogram | milliseconds from when the first entry of a slice happened until it was read |
 * | `turnout.relay.lag.claim` | histogram | the same, of the first slice of a slot that was just claimed |
 * | `turnout.relay.lag.send` | histogram | milliseconds that the sink took for a slice |
 * | `turnout.relay.lag.behind` | gauge | milliseconds since the first of the entries in hand happened; 0 if none is in hand |
 * | `turnout.relay.lag.parked` | gauge | milliseconds since the first of the parked streams was blocked; 0 if none is |
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"

const boundaries = Metric.exponentialBoundaries({ start: 0.5, factor: 2, count: 20 })

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })
const histogram = (name: string, description: string) => Metric.histogram(name, { description, boundaries })

export const deliveries = counter("turnout.relay.deliveries", "Entries that arrived")
export const retries = counter("turnout.relay.retries", "Attempts that failed and are made again")
export const parks = counter("turnout.relay.parks", "Streams that were parked")
export const takeovers = counter("turnout.relay.takeovers", "Slots claimed after a relay had held them before")
export const stale = counter("turnout.relay.stale", "Slots lost before what was sent could be acknowledged")
export const gateLag = histogram("turnout.relay.lag.gate", "Milliseconds until an entry was read")
export const claimLag = histogram("turnout.relay.lag.claim", "Milliseconds until an entry of a claimed slot was read")
export const sendLag = histogram("turnout.relay.lag.send", "Milliseconds that the sink took")

export const behindLag = Metric.gauge("turnout.relay.lag.behind", {
  description: "Milliseconds since the first of the entries in hand happened"
})

export const parkedLag = Metric.gauge("turnout.relay.lag.parked", {
  description: "Milliseconds since the first of the parked streams was blocked"
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
}

/** The metrics of the relays of a sink, in the metric registry of this context. */
export const make = (sink: string, context: Context.Context<never>): RelayMetrics => {
  const own = <Input, State>(metric: Metric.Metric<Input, State>) => Metric.withAttributes(metric, { sink })
  const update = <Input, State>(metric: Metric.Metric<Input, State>) => {
    const ofSink = own(metric)
    return (input: Input) => ofSink.updateUnsafe(input, context)
  }
  const addDeliveries = update(deliveries)
  const addRetries = update(retries)
  const addParks = update(parks)
  const addTakeovers = update(takeovers)
  const addStale = update(stale)
  const addGate = update(gateLag)
  const addClaim = update(claimLag)
  return {
    delivered: addDeliveries,
    blocked: (blocks) => {
      const parked = blocks.filter(({ retryAfterMillis }) => retryAfterMillis === null).length
      addParks(parked)
      addRetries(blocks.length - parked)
    },
    claimed: (claims) => addTakeovers(claims.filter(({ epoch }) => epoch > 1).length),
    lost: addStale,
    read: (ageMillis, isFirst) => (isFirst ? addClaim(ageMillis) : addGate(ageMillis)),
    sent: update(sendLag),
    behind: update(behindLag),
    parkedFor: update(parkedLag)
  }
}
