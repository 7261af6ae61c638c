/**
 * `turnout sales`: shows the sales summaries of events, and makes them anew.
 */
import type { Command } from "commander"
import type { Action } from "../../Action.ts"
import { type ActorOptions, as, whoOf } from "../../options/access/Actor.ts"
import * as Ids from "../../options/Ids.ts"
import { cursor, limit } from "../../options/Paging.ts"
import type { PartlyDone } from "@turnout/core/kernel/application/PartlyDone"
import type { Sales, SalesInFull } from "@turnout/core/projections/application/Sales"
import * as SalesAdministration from "@turnout/core/projections/application/SalesAdministration"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { CliError } from "../../CliError.ts"
import * as Database from "../../Database.ts"
import * as Logs from "../../output/Logs.ts"
import type * as Line from "../../output/Line.ts"
import * as Output from "../../output/Output.ts"
import * as Paging from "../../output/Paging.ts"
import * as Progress from "../../output/Progress.ts"
import * as Table from "../../output/Table.ts"
import { count, duration, timeIfAny } from "../../output/Words.ts"
import * as Steps from "../../Steps.ts"

const HEAD = [
  "event",
  Table.text("title"),
  "seats",
  "taken",
  Table.spare("waiting"),
  Table.spare("promoted"),
  Table.spare("cancelled"),
  Table.spare("sold out"),
  Table.spare("within")
]
const takenOf = ({ registrations: { attended, confirmed, noShow } }: Sales): number => confirmed + attended + noShow

const row = (sales: Sales) => {
  const {
    capacity,
    cancellations,
    eventId,
    millisToSellOut: millis,
    promotions,
    registrations,
    soldOutAt,
    title
  } = sales
  return [
    eventId,
    title,
    count(capacity),
    count(takenOf(sales)),
    count(registrations.waitlisted),
    count(promotions),
    count(cancellations),
    timeIfAny(soldOutAt),
    millis === null ? "" : duration(millis)
  ]
}

type Services = Layer.Success<ReturnType<typeof Database.stores>>

const provided = <A, E>(options: Database.GlobalOptions, work: Effect.Effect<A, E, Services>) =>
  Effect.provide(work, Database.stores(options))

const run = <A, E>(options: Database.GlobalOptions, work: Effect.Effect<A, E, Services>): Promise<A> =>
  Logs.runPromise(options, provided(options, work))

export const list = async (options: Database.GlobalOptions & Paging.KeyPaging<EventId>): Promise<boolean> => {
  const page = Paging.byKey(await run(options, SalesAdministration.list(Paging.toRequest(options))))
  Output.result(options, page, () =>
    page.items.length === 0
      ? [
          "Nothing has been counted yet: turnout serve --sales and turnout relay --sales do it, and turnout sales rebuild."
        ]
      : [...Table.lines(HEAD, page.items.map(row)), ...Paging.more(options, page)]
  )
  return true
}

/** The days on which people registered, with the number of those who had registered by then. */
const daysOf = (days: Readonly<Record<string, number>>): ReadonlyArray<Line.Line> => {
  let soFar = 0
  const rows = Object.entries(days)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([day, registrations]) => {
      soFar += registrations
      return [day, count(registrations), count(soFar)]
    })
  return rows.length === 0 ? [] : ["", ...Table.lines(["day (UTC)", "registered", "so far"], rows)]
}

const inWords = (sales: SalesInFull): ReadonlyArray<Line.Line> => [
  ...Table.facts([
    ["event", sales.eventId],
    ["title", sales.title],
    ["seats", count(sales.capacity)],
    ["taken", count(takenOf(sales))],
    ["waiting", count(sales.registrations.waitlisted)],
    ["promoted", count(sales.promotions)],
    ["cancelled", count(sales.cancellations)],
    ["published", timeIfAny(sales.publishedAt, "-")],
    ["first registration", timeIfAny(sales.firstRegistrationAt, "-")],
    ["last registration", timeIfAny(sales.lastRegistrationAt, "-")],
    ["sold out", timeIfAny(sales.soldOutAt, "-")],
    ["within", sales.millisToSellOut === null ? "-" : duration(sales.millisToSellOut)]
  ]),
  ...daysOf(sales.registrationsByDay ?? {})
]

export const show = async (options: Database.GlobalOptions, id: EventId): Promise<boolean> => {
  const found = await run(options, SalesAdministration.get(id))
  if (found === undefined) throw new CliError(`nothing has been counted of ${id}: turnout sales rebuild ${id}`)
  Output.result(options, found, () => inWords(found))
  return true
}

export const rebuild = async (
  options: Database.GlobalOptions & ActorOptions,
  given: ReadonlyArray<string>
): Promise<boolean> => {
  const named = Ids.eventIds("event", given)
  const bar = Progress.make(options, "{bar} {value}/{total} events, {eta_formatted} left")
  const pruned: Array<EventId> = []
  let steps = Steps.each([])
  let rebuilt = 0
  /** The error of a step whose audit entry may be missing. */
  let notNoted: PartlyDone | undefined
  const lines = () => [
    `${count(rebuilt)} sales summaries were made anew.`,
    ...pruned.map((id) => `${id} stays as it was: the beginning of its journal has been pruned`)
  ]
  const soFar = () =>
    rebuilt === 0 && steps.unknown().length === 0
      ? undefined
      : {
          document: { rebuilt, pruned, ...Steps.left(steps) },
          lines: lines(),
          next: [Steps.leftInWords(steps), notNoted?.next ?? ""].filter((sentence) => sentence !== "").join(" ")
        }
  const who = whoOf(options)
  const step = (id: string) =>
    SalesAdministration.rebuild(id as EventId, who).pipe(
      // The summary was made anew, so the step is done. The command fails with this error once the other steps are done as well.
      Effect.catchTag("PartlyDone", (error) => Effect.sync(() => void (notNoted = error))),
      Effect.map(() => void rebuilt++),
      Effect.catchTag("JournalPruned", () => Effect.sync(() => void pruned.push(id as EventId))),
      Effect.tap(() => Effect.sync(() => bar.update(rebuilt + pruned.length)))
    )
  const rebuilding = Effect.gen(function* () {
    for (const id of named) yield* SalesAdministration.requireEvent(id)
    const ids = named.length === 0 ? yield* SalesAdministration.allEvents : named
    bar.start(ids.length)
    steps = Steps.each(ids)
    yield* steps.carryOut(step)
    const failure = notNoted as PartlyDone | undefined
    if (failure !== undefined) yield* Effect.fail(failure)
  }).pipe(Effect.ensuring(Effect.sync(bar.stop)))
  await Steps.run(options, provided(options, rebuilding), soFar)
  Output.changed(options, { rebuilt, pruned }, lines)
  return pruned.length === 0
}

/** Declares the command and its options. */
export const declare = (program: Command, action: Action): void => {
  const sales = program
    .command("sales")
    .description("show how events sold; turnout serve --sales and turnout relay --sales keep count")
  sales
    .command("list")
    .description("list sales summaries, in the order of the ids of their events")
    .addOption(limit())
    .addOption(cursor(Ids.eventId))
    .action(action(list))
  sales.command("show").description("show the sales summary of an event").addArgument(Ids.event()).action(action(show))
  sales
    .command("rebuild")
    .description("make sales summaries anew from the journal")
    .argument("[event...]", "ids of the events (default: all)")
    .addOption(as())
    .action(action(rebuild))
}
