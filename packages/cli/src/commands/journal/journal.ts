/**
 * `turnout journal show`: what has happened to an event, in order: who did what, and when.
 */
import { SequenceCursor } from "@turnout/core/admission/application/Queries"
import type { TurnoutService } from "@turnout/core/admission/application/Turnout"
import { decode, type JournalEvent, JournalEventType } from "@turnout/core/journal/domain/JournalEvent"
import type { StoredJournalEntry } from "@turnout/core/kernel/domain/Entry"
import { MAX_LIMIT, type Page } from "@turnout/core/kernel/domain/Page"
import { type Command, Option } from "commander"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Action } from "../../Action.ts"
import * as Database from "../../Database.ts"
import * as Ids from "../../options/Ids.ts"
import { instant } from "../../options/Instants.ts"
import { cursor, limit } from "../../options/Paging.ts"
import * as Output from "../../output/Output.ts"
import { more, type Paging, toQuery } from "../../output/Paging.ts"
import * as Table from "../../output/Table.ts"
import { count, time } from "../../output/Words.ts"

interface ShowOptions extends Paging {
  readonly type?: ReadonlyArray<string>
  readonly from?: Date
  readonly until?: Date
}

const isWanted =
  ({ from, type, until }: ShowOptions) =>
  ({ occurredAt, type: own }: StoredJournalEntry): boolean =>
    (type === undefined || type.includes(own)) &&
    (from === undefined || occurredAt >= from) &&
    (until === undefined || occurredAt < until)

const encodeCursor = Schema.encodeSync(SequenceCursor)

/** A page of the entries that are wanted. It reads on in the journal until the page is full. */
const pageOf = Effect.fnUntraced(function* (turnout: TurnoutService, eventId: string, options: ShowOptions) {
  const { limit } = options
  const wanted = isWanted(options)
  const isEverything = [options.type, options.from, options.until].every((condition) => condition === undefined)
  if (isEverything) return yield* turnout.listJournal(eventId, toQuery(options))
  const found: Array<StoredJournalEntry> = []
  let asked = { ...toQuery(options), limit: MAX_LIMIT }
  while (true) {
    const { items, nextCursor } = yield* turnout.listJournal(eventId, asked)
    found.push(...items.filter(wanted))
    if (found.length > limit) {
      const page = found.slice(0, limit)
      return { items: page, nextCursor: encodeCursor(page.at(-1)!.version) } satisfies Page<StoredJournalEntry>
    }
    if (nextCursor === null) return { items: found, nextCursor } satisfies Page<StoredJournalEntry>
    asked = { ...asked, cursor: nextCursor }
  }
})

/** What has happened to a registration, besides its state: where it came from, and the rules that were set aside. */
const remarksOf = (event: Extract<JournalEvent, { readonly registration: unknown }>): ReadonlyArray<string> => {
  if ("from" in event) return [`was ${event.from}`]
  if ("beyond" in event && event.beyond !== undefined) return [`beyond the capacity: ${event.beyond}`]
  if ("setAside" in event && event.setAside !== undefined) return [`set aside: ${event.setAside.join(", ")}`]
  return "before" in event ? [`was ${event.before.attendee.email}`] : []
}

/** What has happened, in words; documents have all of it. */
const inWords = (event: JournalEvent): string => {
  if ("registration" in event) {
    const { attendee, id, state } = event.registration
    return [attendee.email, state, ...remarksOf(event), id].join(", ")
  }
  switch (event._tag) {
    case "EventCreated":
      return `${event.details.title}, ${count(event.capacity)} seats`
    case "EventUpdated":
      return event.details.title
    case "CapacityChanged":
      return `${count(event.from)} to ${count(event.to)} seats`
    case "EventReopened":
      return event.status
    default:
      return ""
  }
}

const HEAD = ["version", "when", "type", Table.spareText("who"), Table.spareText("what")]

export const show = async (options: Database.GlobalOptions & ShowOptions, eventId: string): Promise<boolean> => {
  const page = await Database.withTurnout(options, (turnout) => pageOf(turnout, eventId, options))
  Output.result(options, page, () => [
    ...Table.lines(
      HEAD,
      page.items.map(({ metadata, occurredAt, payload, schemaVersion, type, version }) => [
        version,
        time(occurredAt),
        type,
        metadata.actor,
        inWords(decode(type, schemaVersion, payload))
      ])
    ),
    ...more(options, page)
  ])
  return true
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  program
    .command("journal")
    .description("look at what has happened to an event")
    .command("show")
    .description("show the journal of an event, in order; that of a deleted event stays")
    .addArgument(Ids.event())
    .addOption(new Option("--type <type...>", "only journal events of these types").choices(JournalEventType.literals))
    .option("--from <time>", "only what happened at this time or later", instant)
    .option("--until <time>", "only what happened before this time", instant)
    .addOption(limit())
    .addOption(cursor())
    .action(action(show))
}
