/**
 * `turnout outbox tail`: the journal as it is written, until somebody stops it.
 */
import * as CommitSignal from "@turnout/core/application/CommitSignal"
import * as Subscription from "@turnout/core/application/Subscription"
import type { JournalEvent } from "@turnout/core/domain/JournalEvent"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Database from "../Database.ts"
import * as Output from "../Output.ts"
import * as Running from "../Running.ts"

export interface TailOptions {
  readonly from: "beginning" | "now"
  readonly cursor?: string
  readonly type?: ReadonlyArray<string>
}

/** What letting go of the database may take. */
const STOP_MILLIS = 1_000

const toLine = ({ event, eventId, metadata, occurredAt, version }: Subscription.Received): string => {
  const { _tag, ...what } = event
  return `${occurredAt.toISOString()}  ${eventId}  ${version}  ${Output.heading(_tag)}  ${metadata.actor}  ${Output.faint(JSON.stringify(what))}`
}

/** With `--json`, a document in a line for each event, with the cursor behind it. */
const print = (options: Database.GlobalOptions, received: Subscription.Received) => {
  const { cursor, ...rest } = received
  process.stdout.write(`${options.json ? JSON.stringify({ ...rest, cursor }) : toLine(received)}\n`)
}

export const tail = async (options: Database.GlobalOptions & TailOptions): Promise<boolean> => {
  const from = options.cursor === undefined ? options.from : { cursor: options.cursor }
  const types = options.type as ReadonlyArray<JournalEvent["_tag"]> | undefined
  const tailing = Stream.runForEach(
    Subscription.subscribe({ from, ...(types === undefined ? {} : { types }) }),
    (received) => Effect.sync(() => print(options, received))
  ).pipe(Effect.provide(Layer.merge(Database.stores(options), CommitSignal.layer)))
  return Running.untilStopped(options, tailing, STOP_MILLIS)
}
