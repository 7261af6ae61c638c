/**
 * `turnout outbox`: shows which entries wait for which sink, and repairs the delivery.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import * as Parked from "./parked.ts"
import * as Prune from "./prune.ts"
import * as Replay from "./replay.ts"
import * as Tail from "./tail.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import { wholeNumber } from "../../options/Numbers.ts"
import { sink } from "../../options/Sinks.ts"
import type { OutboxStatus, SinkStatus } from "@turnout/core/delivery/ports/OutboxOperations"
import * as Effect from "effect/Effect"
import { setTimeout } from "node:timers/promises"
import type * as Database from "../../Database.ts"
import { withOutbox } from "../../Operating.ts"
import type * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import * as Table from "../../output/Table.ts"
import { count, duration } from "../../output/Words.ts"

const SECOND_MILLIS = 1_000
/** The time over which the rate is measured. */
const DEFAULT_SAMPLE_MILLIS = 1_000
const MAX_SAMPLE_MILLIS = 60_000

const ago = (then: Date | null, now: Date): string =>
  then === null ? "" : duration(Math.max(0, now.getTime() - then.getTime()))

/** The rate of delivery between two statuses in entries a second: the fall of the backlog, plus the entries written meanwhile. */
const rateOf = (sink: SinkStatus, now: OutboxStatus, before: OutboxStatus | undefined): number | null => {
  const earlier = before?.sinks.find(({ name }) => name === sink.name)
  if (before === undefined || earlier === undefined || sink.isBacklogLarger || earlier.isBacklogLarger) return null
  const seconds = (now.at.getTime() - before.at.getTime()) / 1_000
  const delivered = earlier.backlog - sink.backlog + now.written - before.written
  return seconds <= 0 ? null : Math.max(0, Math.round(delivered / seconds))
}

interface Holder {
  readonly owner: string
  readonly slots: number
  readonly epochs: string
  readonly until: Date | null
}

/** The holders of the leases of a sink: the number of slots of each, their epochs, and the time when its first lease ends. */
const holdersOf = ({ slots }: SinkStatus): ReadonlyArray<Holder> =>
  Array.from(
    Map.groupBy(
      slots.filter(({ owner }) => owner !== null),
      ({ owner }) => owner!
    ),
    ([owner, own]) => {
      const epochs = own.map(({ epoch }) => epoch)
      const [lowest, highest] = [Math.min(...epochs), Math.max(...epochs)]
      const until = own.flatMap(({ until }) => (until === null ? [] : [until.getTime()]))
      return {
        owner,
        slots: own.length,
        epochs: lowest === highest ? String(lowest) : `${lowest} to ${highest}`,
        until: until.length === 0 ? null : new Date(Math.min(...until))
      }
    }
  )

const HOLDERS_HEAD = ["sink", Table.text("lease of"), Table.spare("slots"), Table.spare("epoch"), "ends"]

const countIfAny = (amount: number | null): string => (amount === null ? "" : count(amount))

/** The time until a moment to come, which is a second at least. */
const untilInWords = (moment: Date, now: Date): string =>
  duration(Math.ceil((moment.getTime() - now.getTime()) / SECOND_MILLIS) * SECOND_MILLIS)

const linesOf = (now: OutboxStatus, before: OutboxStatus | undefined): ReadonlyArray<Line.Line> => {
  if (now.sinks.length === 0) return ["No sink has been given an entry yet: start a relay."]
  const rows = now.sinks.map((sink) => [
    sink.name,
    `${count(sink.backlog)}${sink.isBacklogLarger ? " or more" : ""}`,
    ago(sink.oldest, now.at),
    countIfAny(rateOf(sink, now, before)),
    count(sink.relays),
    count(sink.slots.filter(({ owner }) => owner === null).length),
    count(sink.retrying),
    count(sink.parked),
    ago(sink.parkedSince, now.at)
  ])
  const head = [
    "sink",
    "backlog",
    Table.spare("oldest"),
    Table.spare("a second"),
    Table.spare("relays"),
    Table.spare("free slots"),
    Table.spare("retrying"),
    "parked",
    Table.spare("since")
  ]
  const holders = now.sinks.flatMap((sink) =>
    holdersOf(sink).map(({ epochs, owner, slots, until }) => [
      sink.name,
      owner,
      count(slots),
      epochs,
      until !== null && until > now.at ? `in ${untilInWords(until, now.at)}` : "expired"
    ])
  )
  return [...Table.lines(head, rows), ...(holders.length === 0 ? [] : ["", ...Table.lines(HOLDERS_HEAD, holders)])]
}

export const status = async (options: Database.GlobalOptions & { readonly sample: number }): Promise<boolean> => {
  const sampled = await withOutbox(options, (operations) =>
    Effect.gen(function* () {
      const first = yield* operations.status
      if (options.sample === 0 || first.sinks.length === 0) return { now: first, before: undefined }
      yield* Effect.promise(() => setTimeout(options.sample))
      return { now: yield* operations.status, before: first }
    })
  )
  const { before, now } = sampled
  const document = { ...now, sinks: now.sinks.map((sink) => ({ ...sink, perSecond: rateOf(sink, now, before) })) }
  Output.result(options, document, () => linesOf(now, before))
  return true
}

export const forget = async (
  options: Database.GlobalOptions & ActorOptions & { readonly sink: string }
): Promise<boolean> => {
  await withOutbox(options, (operations) => operations.forget(options.sink, whoOf(options)))
  Output.changed(options, { forgotten: options.sink }, () => [
    `${options.sink} is forgotten, with everything that waited for it.`
  ])
  return true
}

export const repair = async (options: Database.GlobalOptions & ActorOptions): Promise<boolean> => {
  const repaired = await withOutbox(options, (operations) => operations.repair(whoOf(options)))
  Output.changed(options, { repaired }, () =>
    repaired === null
      ? ["Nothing to repair: the journal has the transaction ids of this database cluster."]
      : [
          `${count(repaired.positions)} positions were set anew, and ${count(repaired.entries)} entries given new transaction ids.`,
          "Relays can be started. What was delivered shortly before the restore may be delivered once more."
        ]
  )
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const outbox = program.command("outbox").description("look at the delivery of the journal to sinks, and repair it")
  outbox
    .command("status")
    .description("show backlog, age, rate and leases of every sink, and its parked streams")
    .option(
      "--sample <millis>",
      "time over which the rate is measured; 0 for none",
      wholeNumber(0, MAX_SAMPLE_MILLIS),
      DEFAULT_SAMPLE_MILLIS
    )
    .action(action(status))
  Tail.declare(outbox, action)
  Parked.declare(outbox, action)
  Replay.declare(outbox, action)
  Prune.declare(outbox, action)
  outbox
    .command("repair")
    .description("make a journal deliverable that was restored into another database cluster")
    .addOption(as())
    .action(action(repair))

  outbox
    .command("forget")
    .description("forget a sink that is no longer delivered to, and everything that waits for it")
    .addOption(sink())
    .addOption(as())
    .action(action(forget))
}
