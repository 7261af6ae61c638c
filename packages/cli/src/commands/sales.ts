/**
 * `turnout sales`: how events sold.
 */
import * as Projection from "@turnout/core/application/Projection"
import { pageByKey } from "@turnout/core/application/Query"
import * as Sales from "@turnout/core/application/Sales"
import * as Turnout from "@turnout/core/application/Turnout"
import type { EventId } from "@turnout/core/domain/Event"
import { millisToSellOut, type SalesSummary } from "@turnout/core/domain/SalesSummary"
import { OutboxOperations } from "@turnout/core/ports/OutboxOperations"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CliError } from "../CliError.ts"
import * as Database from "../Database.ts"
import { type ActorOptions, count, toStream, whoOf } from "../Operating.ts"
import * as Output from "../Output.ts"
import * as Paging from "../Paging.ts"
import * as Progress from "../Progress.ts"

const PAGE = 500

const HEAD = ["event", "title", "seats", "taken", "waiting", "promoted", "cancelled", "sold out", "within"]
const row = ({ state }: Projection.Read<SalesSummary>) => {
  const { capacity, cancellations, eventId, promotions, registrations, soldOutAt, title } = state
  const { attended, confirmed, noShow, waitlisted } = registrations
  const millis = millisToSellOut(state)
  return [
    eventId,
    title,
    count(capacity),
    count(confirmed + attended + noShow),
    count(waitlisted),
    count(promotions),
    count(cancellations),
    soldOutAt?.toISOString() ?? "",
    millis === null ? "" : Output.duration(millis)
  ]
}

const run = <A, E>(
  options: Database.GlobalOptions,
  work: Effect.Effect<A, E, Turnout.Turnout | Layer.Success<ReturnType<typeof Database.stores>>>
): Promise<A> =>
  Effect.runPromise(Effect.provide(work, Turnout.layer().pipe(Layer.provideMerge(Database.stores(options)))))

export const list = async (
  options: Database.GlobalOptions & { readonly limit: number; readonly after?: string }
): Promise<boolean> => {
  const after = options.after === undefined ? null : toStream(options.after)
  const page = await run(
    options,
    pageByKey(
      (asked) => Projection.list(Sales.projection, asked),
      { after, limit: options.limit },
      ({ stream }) => stream
    )
  )
  Output.result(options, { ...page, items: page.items.map(Sales.show) }, () =>
    page.items.length === 0
      ? [
          "Nothing has been counted yet: turnout serve --sales and turnout relay --sales do it, and turnout sales rebuild."
        ]
      : [Output.table(HEAD, page.items.map(row)), ...Paging.moreAfter(page)]
  )
  return true
}

export const show = async (options: Database.GlobalOptions, given: string): Promise<boolean> => {
  const id = toStream(given)
  const found = await run(options, Projection.get(Sales.projection, id))
  if (found === undefined) throw new CliError(`nothing has been counted of ${id}: turnout sales rebuild ${id}`)
  Output.result(options, Sales.show(found), () => [Output.table(HEAD, [row(found)])])
  return true
}

/** The ids of all events. */
const allEvents = Effect.gen(function* () {
  const turnout = yield* Turnout.Turnout
  const ids: Array<EventId> = []
  let cursor: string | null = null
  do {
    const page: { readonly items: ReadonlyArray<{ readonly id: EventId }>; readonly nextCursor: string | null } =
      yield* turnout.listEvents({ limit: PAGE, ...(cursor === null ? {} : { cursor }) })
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  return ids
})

export const rebuild = async (
  options: Database.GlobalOptions & ActorOptions,
  given: ReadonlyArray<string>
): Promise<boolean> => {
  const named = given.map(toStream)
  const bar = Progress.make(options, "{bar} {value}/{total} events, {eta_formatted} left")
  const rebuilding = Effect.gen(function* () {
    const turnout = yield* Turnout.Turnout
    const operations = yield* OutboxOperations
    for (const id of named) yield* turnout.getEvent(id)
    const ids = named.length === 0 ? yield* allEvents : named
    bar.start(ids.length)
    const pruned: Array<EventId> = []
    for (const [index, id] of ids.entries()) {
      yield* Effect.catchTag(Projection.rebuild(Sales.projection, id), "JournalPruned", () =>
        Effect.sync(() => void pruned.push(id))
      )
      bar.update(index + 1)
    }
    const rebuilt = ids.length - pruned.length
    yield* operations.note(whoOf(options), "sales.rebuild", { events: rebuilt, pruned: pruned.length })
    return { rebuilt, pruned }
  }).pipe(Effect.ensuring(Effect.sync(bar.stop)))
  const done = await run(options, rebuilding)
  Output.result(options, done, () => [
    `${count(done.rebuilt)} sales summaries were made anew.`,
    ...done.pruned.map((id) => `${id} stays as it was: the beginning of its journal has been pruned`)
  ])
  return done.pruned.length === 0
}
