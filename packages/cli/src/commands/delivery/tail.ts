/**
 * `turnout outbox tail`: shows the journal as it is written, until it is stopped.
 */
import { type Command, Option } from "commander"
import type { Action } from "../../Action.ts"
import * as Subscription from "@turnout/core/journal/application/Subscription"
import { type JournalEvent, JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Database from "../../Database.ts"
import * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import { time } from "../../output/Words.ts"
import * as Running from "../../Running.ts"

export interface TailOptions {
  readonly from: "beginning" | "now"
  readonly cursor?: string
  readonly type?: ReadonlyArray<string>
}

/** The time that closing the database may take. */
const STOP_MILLIS = 1_000

const toLine = ({ event, eventId, metadata, occurredAt, version }: Subscription.Received): Line.Line => {
  const { _tag, ...what } = event
  const details = Line.faint(JSON.stringify(what))
  return Line.of`${time(occurredAt)}  ${eventId}  ${version}  ${Line.heading(_tag)}  ${metadata.actor}  ${details}`
}

/** Prints an entry: with `--json` as a document in a line, with the cursor of the place after it. */
const print = (options: Database.GlobalOptions, received: Subscription.Received) => {
  const { cursor, ...rest } = received
  Output.result(options, { ...rest, cursor }, () => [toLine(received)])
}

export const tail = async (options: Database.GlobalOptions & TailOptions): Promise<boolean> => {
  const from = options.cursor === undefined ? options.from : { cursor: options.cursor }
  const types = options.type as ReadonlyArray<JournalEvent["_tag"]> | undefined
  const tailing = Stream.runForEach(
    Subscription.subscribe({ from, ...(types === undefined ? {} : { types }) }),
    (received) => Effect.sync(() => print(options, received))
  ).pipe(Effect.provide(Database.stores(options)))
  return Running.untilStopped(options, tailing, STOP_MILLIS)
}

/** Declares the command and its options. */
export const declare = (outbox: Command, action: Action): void => {
  outbox
    .command("tail")
    .description("show the journal as it is written; with --json, a document in a line for each entry")
    .addOption(
      new Option("--from <place>", "where to begin").choices(["beginning", "now"]).default("now").conflicts("cursor")
    )
    .option("--cursor <cursor>", "begin after the entry of this cursor, which --json shows")
    .addOption(new Option("--type <type...>", "only journal events of these types").choices(JournalEventType.literals))
    .action(action(tail))
}
