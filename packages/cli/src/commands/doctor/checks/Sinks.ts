/**
 * Sinks: what waits for each, which relays hold its leases, and the streams that are blocked.
 */
import { processOf } from "@turnout/core/delivery/application/HeldLease"
import { OutboxOperations, type OutboxStatus, type SinkStatus } from "@turnout/core/delivery/ports/OutboxOperations"
import { webhookOf } from "@turnout/core/webhooks/domain/Webhook"
import type { WebhookStore } from "@turnout/core/webhooks/ports/WebhookStore"
import * as Effect from "effect/Effect"
import * as Advice from "../../../output/Advice.ts"
import { word } from "../../../usage/Shell.ts"
import { count, duration, time, timeIfAny } from "../../../output/Words.ts"
import { type Check, type Finding, notice, ok, warning } from "../Check.ts"
import { all } from "./Webhooks.ts"

/** The age of the oldest entry beyond which relays that are at work do not keep up. */
const LAG_MILLIS = 5 * 60_000

/** The processes that hold leases of a sink, with the number of slots of each. */
const holdersOf = ({ slots }: SinkStatus, at: Date): Readonly<Record<string, number>> => {
  const held = slots.filter(({ owner, until }) => owner !== null && until !== null && until > at)
  const byProcess = Map.groupBy(held, ({ owner }) => processOf(owner!) ?? owner!)
  return Object.fromEntries([...byProcess].map(([name, own]) => [name, own.length]))
}

/** When the last lease ended that a relay did not give back; `null` if each was given back. */
const lastLeaseOf = ({ slots }: SinkStatus): Date | null => {
  const ends = slots.flatMap(({ until }) => (until === null ? [] : [until.getTime()]))
  return ends.length === 0 ? null : new Date(Math.max(...ends))
}

const backlogOf = ({ backlog, isBacklogLarger }: SinkStatus): string =>
  `${count(backlog)}${isBacklogLarger ? " or more" : ""} ${backlog === 1 ? "entry waits" : "entries wait"}`

/** What is said of a sink that no relay delivers to. */
const unserved = (sink: SinkStatus, facts: Finding["facts"]): Finding => {
  const { backlog, name, oldest } = sink
  const ended = lastLeaseOf(sink)
  const since = ended === null ? "" : `; the last lease ended at ${time(ended)}`
  const words = `${name}: ${backlogOf(sink)}, and no relay delivers to it${since}`
  const advice = Advice.letGo({
    _tag: "Sink",
    sink: name,
    relays: 0,
    oldest: oldest ?? new Date(0),
    entries: backlog,
    isMore: sink.isBacklogLarger
  })
  return (backlog > 0 ? warning : notice)(words, { ...facts, lastLeaseEndedAt: ended }, advice)
}

const served = (sink: SinkStatus, at: Date, facts: Finding["facts"]): Finding => {
  const { name, oldest, relays } = sink
  const lagMillis = oldest === null ? 0 : Math.max(0, at.getTime() - oldest.getTime())
  const holders = Object.entries(holdersOf(sink, at)).map(([holder, slots]) => `${holder} (${slots} slots)`)
  const words = `${name}: ${backlogOf(sink)}; relays: ${holders.join(", ") || relays}`
  return lagMillis < LAG_MILLIS
    ? ok(words, { ...facts, lagMillis })
    : warning(
        `${words}; the oldest has waited for ${duration(lagMillis)}`,
        { ...facts, lagMillis },
        "turnout outbox status --sample 5000"
      )
}

const ofBlocked = ({ name, parked, parkedSince, retrying }: SinkStatus): ReadonlyArray<Finding> => [
  ...(parked === 0
    ? []
    : [
        warning(
          `${name}: ${count(parked)} streams are parked, and wait for a decision, the first since ${timeIfAny(parkedSince, "?")}`,
          { sink: name, parked, parkedSince },
          `turnout outbox parked list --sink ${word(name)}`,
          `turnout outbox parked retry --sink ${word(name)} --all`
        )
      ]),
  ...(retrying === 0
    ? []
    : [
        notice(
          `${name}: ${count(retrying)} streams could not be delivered, and are tried again`,
          { sink: name, retrying },
          `turnout outbox parked list --sink ${word(name)} --all`
        )
      ])
]

const ofSink = (sink: SinkStatus, at: Date, isDisabled: boolean): ReadonlyArray<Finding> => {
  const { backlog, isBacklogLarger, name, oldest, relays } = sink
  const facts = { sink: name, backlog, isBacklogLarger, oldest, relays, holders: holdersOf(sink, at) }
  if (isDisabled) return [ok(`${name}: ${backlogOf(sink)} until the webhook is enabled`, facts), ...ofBlocked(sink)]
  return [relays === 0 ? unserved(sink, facts) : served(sink, at, facts), ...ofBlocked(sink)]
}

const findingsOf = ({ at, sinks }: OutboxStatus, disabled: ReadonlySet<string>): ReadonlyArray<Finding> => {
  if (sinks.length === 0)
    return [notice("no sink is registered, so nothing is delivered anywhere", {}, "turnout relay --help")]
  return sinks.flatMap((sink) => ofSink(sink, at, disabled.has(webhookOf(sink.name) ?? "")))
}

export const check: Check<OutboxOperations | WebhookStore> = {
  name: "sinks",
  look: Effect.gen(function* () {
    const { status } = yield* OutboxOperations
    const disabled = (yield* all).filter(({ state }) => state === "disabled").map(({ id }) => id)
    return findingsOf(yield* status, new Set(disabled))
  })
}
