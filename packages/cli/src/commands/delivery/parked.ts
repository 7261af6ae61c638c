/**
 * `turnout outbox parked`: shows streams whose entries could not be delivered, and carries out decisions about them.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import { cursor, limit } from "../../options/Paging.ts"
import { sink } from "../../options/Sinks.ts"
import * as OutboxAdministration from "@turnout/core/delivery/application/OutboxAdministration"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import {
  type BlockedStream,
  OutboxOperations,
  type SinkNotFound,
  type StreamMovedOn,
  type StreamNotBlocked
} from "@turnout/core/delivery/ports/OutboxOperations"
import type { StoreError } from "@turnout/core/kernel/ports/StoreError"
import * as Effect from "effect/Effect"
import type * as Database from "../../Database.ts"
import { changeOutbox, useOutbox, withOutbox } from "../../Operating.ts"
import * as Ids from "../../options/Ids.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { count, time } from "../../output/Words.ts"
import * as Steps from "../../Steps.ts"
import { WrongUsage } from "../../WrongUsage.ts"

export interface SinkOptions {
  readonly sink: string
}

const blockedRow = ({ attempts, error, retryAt, since, stream, version }: BlockedStream) => [
  stream,
  version,
  count(attempts),
  time(since),
  retryAt === null ? "parked" : time(retryAt),
  error
]
const BLOCKED_HEAD = [
  "stream",
  Table.spare("from version"),
  Table.spare("attempts"),
  Table.spare("since"),
  Table.spare("next try"),
  Table.text("error")
]

export const list = async (
  options: Database.GlobalOptions & SinkOptions & Paging.KeyPaging<EventId> & { readonly all?: boolean }
): Promise<boolean> => {
  const onlyParked = options.all === true ? null : true
  const page = Paging.byKey(
    await useOutbox(options, OutboxAdministration.blocked(options.sink, onlyParked, Paging.toRequest(options)))
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? [`Nothing is parked for ${options.sink}.`]
      : [...Table.lines(BLOCKED_HEAD, page.items.map(blockedRow)), ...Paging.more(options, page)]
  )
  return true
}

export const show = async (options: Database.GlobalOptions & SinkOptions, stream: EventId): Promise<boolean> => {
  const found = await useOutbox(options, OutboxAdministration.blockedStream(options.sink, stream))
  const { block, waiting } = found
  Output.result(options, found, () => [
    ...Table.lines(BLOCKED_HEAD.slice(0, -1), [blockedRow(block).slice(0, -1)]),
    "",
    block.error,
    "",
    ...Table.lines(
      ["version", Table.text("type"), "message", Table.spare("occurred"), Table.spareText("payload")],
      waiting.map(({ id, occurredAt, payload, type, version }) => [
        version,
        type,
        id,
        time(occurredAt),
        JSON.stringify(payload)
      ])
    )
  ])
  return true
}

type Decision = (
  sink: string,
  stream: EventId,
  who: string
) => Effect.Effect<BlockedStream, SinkNotFound | StreamNotBlocked | StreamMovedOn | StoreError, OutboxOperations>

/** Makes a command that carries out one decision for each of some streams. */
const decide =
  (decision: Decision, told: (block: BlockedStream) => string) =>
  async (
    options: Database.GlobalOptions & SinkOptions & ActorOptions,
    streams: ReadonlyArray<string>
  ): Promise<boolean> => {
    const steps = Steps.each(Ids.eventIds("stream", streams))
    const who = whoOf(options)
    const blocks: Array<BlockedStream> = []
    const failed: Array<{ readonly stream: string; readonly reason: string }> = []
    const document = () => ({ blocks, failed, ...Steps.left(steps) })
    const warnings = () => failed.map(({ reason, stream }) => [stream, reason] as const)
    const soFar = () =>
      blocks.length === 0 && steps.unknown().length === 0
        ? undefined
        : { document: document(), lines: blocks.map(told), warnings: warnings(), next: Steps.leftInWords(steps) }
    const step = (stream: string) =>
      decision(options.sink, stream as EventId, who).pipe(
        Effect.map((block) => void blocks.push(block)),
        // An error about one stream does not keep the command from the others.
        Effect.catchTags({
          StreamNotBlocked: ({ message }) => Effect.succeed(void failed.push({ stream, reason: message })),
          StreamMovedOn: ({ message }) => Effect.succeed(void failed.push({ stream, reason: message }))
        })
      )
    await changeOutbox(options, steps.carryOut(step), soFar)
    Output.warnings(warnings())
    Output.changed(options, document(), () => blocks.map(told))
    return failed.length === 0
  }

const retryStreams = decide(
  (...decided) => OutboxOperations.use(({ retry }) => retry(...decided)),
  ({ stream, version }) => `${stream} is tried again from version ${version}`
)

export const retry = async (
  options: Database.GlobalOptions & SinkOptions & ActorOptions & { readonly all?: boolean },
  streams: ReadonlyArray<string>
): Promise<boolean> => {
  if ((streams.length === 0) !== (options.all === true)) throw new WrongUsage("name streams, or say --all")
  if (options.all !== true) return retryStreams(options, streams)
  const retried = await withOutbox(options, (operations) => operations.retryAll(options.sink, whoOf(options)))
  Output.changed(options, { retried }, () => [`${count(retried)} parked streams are tried again`])
  return true
}

export const skip = decide(
  OutboxAdministration.skipFirst,
  ({ stream, version }) => `${stream} goes on with version ${version}; the one before is never delivered`
)

export const discard = decide(
  (...decided) => OutboxOperations.use(({ discard }) => discard(...decided)),
  ({ stream, version }) => `${stream} goes on with version ${version}; what waited is never delivered`
)

/** Declares the command and its options. */
export const declare = (outbox: Command, action: Action): void => {
  const parked = outbox.command("parked").description("decide about streams whose entries could not be delivered")
  parked
    .command("list")
    .description("list parked streams")
    .addOption(sink())
    .option("--all", "also blocked streams that are still tried again")
    .addOption(cursor(Ids.eventId))
    .addOption(limit())
    .action(action(list))
  parked
    .command("show")
    .description("show a blocked stream, its error, and the first entries that wait")
    .addOption(sink())
    .argument("<stream>", "id of the event", Ids.eventId)
    .action(action(show))
  parked
    .command("retry")
    .description("try streams again at once")
    .addOption(sink())
    .argument("[stream...]", "ids of the events")
    .option("--all", "every parked stream of the sink")
    .addOption(as())
    .action(action(retry))
  parked
    .command("skip")
    .description("leave out the first entry that waits, and go on with the next")
    .addOption(sink())
    .argument("<stream...>", "ids of the events")
    .addOption(as())
    .action(action(skip))
  parked
    .command("discard")
    .description("leave out every entry that waits, and go on with later ones")
    .addOption(sink())
    .argument("<stream...>", "ids of the events")
    .addOption(as())
    .action(action(discard))
}
