/**
 * `turnout outbox parked`: streams whose entries could not be delivered, and what to do about them.
 */
import { pageByKey } from "@turnout/core/application/Query"
import type { EventId } from "@turnout/core/domain/Event"
import type { BlockedStream, SinkNotFound, StreamMovedOn, StreamNotBlocked } from "@turnout/core/ports/OutboxOperations"
import type { StoreError } from "@turnout/core/ports/StoreError"
import * as Effect from "effect/Effect"
import { CliError } from "../CliError.ts"
import type * as Database from "../Database.ts"
import { type ActorOptions, count, type Operations, toStream, whoOf, withOutbox } from "../Operating.ts"
import * as Output from "../Output.ts"
import * as Paging from "../Paging.ts"

export interface SinkOptions {
  readonly sink: string
}

const blockedRow = ({ attempts, error, retryAt, since, stream, version }: BlockedStream) => [
  stream,
  version,
  attempts,
  since.toISOString(),
  retryAt === null ? "parked" : retryAt.toISOString(),
  Output.shortened(error)
]
const BLOCKED_HEAD = ["stream", "from version", "attempts", "since", "next try", "error"]

export const list = async (
  options: Database.GlobalOptions &
    SinkOptions & { readonly all?: boolean; readonly limit: number; readonly after?: string }
): Promise<boolean> => {
  const after = options.after === undefined ? null : toStream(options.after)
  const page = await withOutbox(options, (operations) =>
    pageByKey(
      (asked) => operations.blocked(options.sink, options.all === true ? null : true, asked),
      { after, limit: options.limit },
      ({ stream }) => stream
    )
  )
  Output.result(options, page, () =>
    page.items.length === 0
      ? [`Nothing is parked for ${options.sink}.`]
      : [Output.table(BLOCKED_HEAD, page.items.map(blockedRow)), ...Paging.moreAfter(page)]
  )
  return true
}

/** How many of the waiting entries are shown. */
const SHOWN = 20

export const show = async (options: Database.GlobalOptions & SinkOptions, stream: string): Promise<boolean> => {
  const found = await withOutbox(options, (operations) =>
    operations.blockedStream(options.sink, toStream(stream), SHOWN)
  )
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
        Output.shortened(payload)
      ])
    )
  ])
  return true
}

type Decision = (
  operations: Operations
) => (
  sink: string,
  stream: EventId,
  who: string
) => Effect.Effect<BlockedStream, SinkNotFound | StreamNotBlocked | StreamMovedOn | StoreError>

/** Does the same to each of some streams. */
const decide =
  (decision: Decision, told: (block: BlockedStream) => string) =>
  async (
    options: Database.GlobalOptions & SinkOptions & ActorOptions,
    streams: ReadonlyArray<string>
  ): Promise<boolean> => {
    const ids = [...new Set(streams.map(toStream))]
    const who = whoOf(options)
    const results = await withOutbox(options, (operations) =>
      Effect.forEach(ids, (stream) =>
        // What is wrong with one does not keep the others, and what has been done is told.
        Effect.map(
          Effect.catchTags(decision(operations)(options.sink, stream, who), {
            StreamNotBlocked: (error) => Effect.succeed(error),
            StreamMovedOn: (error) => Effect.succeed(error),
            StoreError: (error) => Effect.succeed(error)
          }),
          (result) => ({ stream, result })
        )
      )
    )
    const blocks = results.flatMap(({ result }) => (result instanceof Error ? [] : [result]))
    const failed = results.flatMap(({ result, stream }) =>
      result instanceof Error ? [{ stream, reason: result.message }] : []
    )
    for (const { reason, stream } of failed) process.stderr.write(`${Output.warning(stream)} ${reason}\n`)
    Output.result(options, { blocks, failed }, () => blocks.map(told))
    return failed.length === 0
  }

const retryStreams = decide(
  ({ retry }) => retry,
  ({ stream, version }) => `${stream} is tried again from version ${version}`
)

export const retry = async (
  options: Database.GlobalOptions & SinkOptions & ActorOptions & { readonly all?: boolean },
  streams: ReadonlyArray<string>
): Promise<boolean> => {
  if ((streams.length === 0) !== (options.all === true)) throw new CliError("name streams, or say --all")
  if (options.all !== true) return retryStreams(options, streams)
  const retried = await withOutbox(options, (operations) => operations.retryAll(options.sink, whoOf(options)))
  Output.result(options, { retried }, () => [`${count(retried)} parked streams are tried again`])
  return true
}

export const skip = decide(
  ({ blockedStream, skip }) =>
    (sink, stream, who) =>
      Effect.flatMap(blockedStream(sink, stream, 1), ({ block: { version } }) => skip(sink, stream, version, who)),
  ({ stream, version }) => `${stream} goes on with version ${version}; the one before is never delivered`
)

export const discard = decide(
  ({ discard }) => discard,
  ({ stream, version }) => `${stream} goes on with version ${version}; what waited is never delivered`
)
