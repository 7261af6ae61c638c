/**
 * `turnout outbox`: what waits for whom, and what to do about it.
 */
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as OutboxRepair from "@turnout/adapters/postgres/outbox-repair"
import { EventId } from "@turnout/core/domain/Event"
import {
  type BlockedStream,
  OutboxOperations,
  type OutboxStatus,
  type SinkStatus
} from "@turnout/core/ports/OutboxOperations"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { setTimeout } from "node:timers/promises"
import { userInfo } from "node:os"
import { CliError } from "../CliError.ts"
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"

type Operations = OutboxOperations["Service"]

const use = <A, E>(
  options: Database.GlobalOptions,
  work: (operations: Operations) => Effect.Effect<A, E>
): Promise<A> => Effect.runPromise(OutboxOperations.use(work).pipe(Effect.provide(Database.stores(options))))

export interface ActorOptions {
  readonly as?: string
}

/** Who the audit log says it was. */
const whoOf = ({ as }: ActorOptions): string => as ?? userInfo().username

const ago = (then: Date | null, now: Date): string => {
  if (then === null) return ""
  const seconds = Math.max(0, Math.round((now.getTime() - then.getTime()) / 1_000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}

const count = (number: number): string => number.toLocaleString("en")

/** How much less is left after what was written meanwhile: entries a second, about. */
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

/** Who holds how many slots, under which epochs, and until when at least. */
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

const linesOf = (now: OutboxStatus, before: OutboxStatus | undefined): ReadonlyArray<string> => {
  if (now.sinks.length === 0) return ["No sink has been given anything yet: start a relay."]
  const rows = now.sinks.map((sink) => [
    sink.name,
    `${count(sink.backlog)}${sink.isBacklogLarger ? " or more" : ""}`,
    ago(sink.oldest, now.at),
    rateOf(sink, now, before) ?? "",
    sink.workers,
    sink.slots.filter(({ owner }) => owner === null).length,
    sink.retrying,
    sink.parked,
    ago(sink.parkedSince, now.at)
  ])
  const head = ["sink", "backlog", "oldest", "a second", "workers", "free slots", "retrying", "parked", "since"]
  const holders = now.sinks.flatMap((sink) =>
    holdersOf(sink).map(({ epochs, owner, slots, until }) => [
      sink.name,
      owner,
      slots,
      epochs,
      until !== null && until > now.at ? `in ${Math.ceil((until.getTime() - now.at.getTime()) / 1_000)} s` : "expired"
    ])
  )
  return [
    Output.table(head, rows),
    ...(holders.length === 0 ? [] : ["", Output.table(["sink", "lease of", "slots", "epoch", "ends"], holders)])
  ]
}

export const status = async (options: Database.GlobalOptions & { readonly sample: number }): Promise<boolean> => {
  const sampled = await use(options, (operations) =>
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

const isEventId = Schema.is(EventId)

const toStream = (text: string): EventId => {
  const stream = text.toLowerCase()
  if (!isEventId(stream))
    throw new CliError(`a stream is named by the id of its event, a UUID; got ${JSON.stringify(text)}`)
  return stream
}

export interface SinkOptions {
  readonly sink: string
}

const blockedRow = ({ attempts, error, retryAt, since, stream, version }: BlockedStream) => [
  stream,
  version,
  attempts,
  since.toISOString(),
  retryAt === null ? "parked" : retryAt.toISOString(),
  error.length > 60 ? `${error.slice(0, 59)}…` : error
]
const BLOCKED_HEAD = ["stream", "from version", "attempts", "since", "next try", "error"]

export const parkedList = async (
  options: Database.GlobalOptions &
    SinkOptions & { readonly all?: boolean; readonly limit: number; readonly after?: string }
): Promise<boolean> => {
  const after = options.after === undefined ? null : toStream(options.after)
  const found = await use(options, (operations) =>
    operations.blocked(options.sink, options.all === true ? null : true, { after, limit: options.limit + 1 })
  )
  const items = found.slice(0, options.limit)
  const next = found.length > options.limit ? items.at(-1)!.stream : null
  Output.result(options, { items, next }, () =>
    items.length === 0
      ? [`Nothing is parked for ${options.sink}.`]
      : [Output.table(BLOCKED_HEAD, items.map(blockedRow)), ...(next === null ? [] : ["", `more: --after ${next}`])]
  )
  return true
}

/** How many of the waiting entries are shown. */
const SHOWN = 20

export const parkedShow = async (options: Database.GlobalOptions & SinkOptions, stream: string): Promise<boolean> => {
  const found = await use(options, (operations) => operations.blockedStream(options.sink, toStream(stream), SHOWN))
  const { block, waiting } = found
  const entries = waiting.map(({ payload, ...entry }) => ({ ...entry, payload: JSON.parse(payload) as unknown }))
  Output.result(options, { block, waiting: entries }, () => [
    Output.table(BLOCKED_HEAD.slice(0, -1), [blockedRow(block).slice(0, -1)]),
    "",
    block.error,
    "",
    Output.table(
      ["version", "type", "message", "occurred", "payload"],
      waiting.map(({ id, occurredAt, payload, type, version }) => [
        version,
        type,
        id,
        occurredAt.toISOString(),
        payload.length > 60 ? `${payload.slice(0, 59)}…` : payload
      ])
    )
  ])
  return true
}

type Decision = (
  operations: Operations
) => (sink: string, stream: EventId, who: string) => Effect.Effect<BlockedStream, unknown>

/** Does the same to each of some streams. */
const decide =
  (decision: Decision, told: (block: BlockedStream) => string) =>
  async (
    options: Database.GlobalOptions & SinkOptions & ActorOptions,
    streams: ReadonlyArray<string>
  ): Promise<boolean> => {
    const ids = streams.map(toStream)
    const blocks = await use(options, (operations) =>
      Effect.forEach(ids, (stream) => decision(operations)(options.sink, stream, whoOf(options)))
    )
    Output.result(options, { blocks }, () => blocks.map(told))
    return true
  }

const retryStreams = decide(
  ({ retry }) => retry,
  ({ stream, version }) => `${stream} is tried again from version ${version}`
)

export const parkedRetry = async (
  options: Database.GlobalOptions & SinkOptions & ActorOptions & { readonly all?: boolean },
  streams: ReadonlyArray<string>
): Promise<boolean> => {
  if ((streams.length === 0) !== (options.all === true)) throw new CliError("name streams, or say --all")
  if (options.all !== true) return retryStreams(options, streams)
  const retried = await use(options, (operations) => operations.retryAll(options.sink, whoOf(options)))
  Output.result(options, { retried }, () => [`${count(retried)} parked streams are tried again`])
  return true
}

export const parkedSkip = decide(
  ({ skip }) => skip,
  ({ stream, version }) => `${stream} goes on with version ${version}; the one before is never delivered`
)

export const parkedDiscard = decide(
  ({ discard }) => discard,
  ({ stream, version }) => `${stream} goes on with version ${version}; what waited is never delivered`
)

export const audit = async (
  options: Database.GlobalOptions & { readonly limit: number; readonly after?: number }
): Promise<boolean> => {
  const items = await use(options, (operations) =>
    operations.audit({ limit: options.limit, after: options.after ?? null })
  )
  Output.result(options, { items }, () => [
    Output.table(
      ["#", "when", "who", "what", "details"],
      items.map(({ action, at, details, id, who }) => [id, at.toISOString(), who, action, JSON.stringify(details)])
    )
  ])
  return true
}

/** Entries that are deleted in one transaction. */
const PRUNED_AT_ONCE = 5_000

export const prune = async (
  options: Database.GlobalOptions & ActorOptions & { readonly before: Date }
): Promise<boolean> => {
  const showProgress = (deleted: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${count(deleted)} entries deleted`)
  }
  const deleted = await use(options, (operations) =>
    Effect.gen(function* () {
      let deleted = 0
      while (true) {
        const more = yield* operations.prune(options.before, PRUNED_AT_ONCE, whoOf(options))
        deleted += more
        showProgress(deleted)
        if (more === 0) return deleted
      }
    })
  )
  if (process.stderr.isTTY) process.stderr.write("\n")
  Output.result(options, { deleted }, () => [
    `${count(deleted)} entries that happened before ${options.before.toISOString()} and that no sink needs are deleted.`
  ])
  return true
}

export const repair = async (options: Database.GlobalOptions & ActorOptions): Promise<boolean> => {
  const migrated = Migrations.checkSchemaName(options.schema)
  const repaired = await Effect.runPromise(
    OutboxRepair.repair({ schema: migrated, who: whoOf(options) }).pipe(Effect.provide(Database.client(options)))
  )
  Output.result(options, { repaired }, () =>
    repaired === null
      ? ["Nothing to repair: the journal has the transaction ids of this database cluster."]
      : [
          `${count(repaired.positions)} positions were set anew, and ${count(repaired.entries)} entries given new transaction ids.`,
          "Relays can be started. What was delivered shortly before the restore may be delivered once more."
        ]
  )
  return true
}
