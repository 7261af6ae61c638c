/**
 * This checkout compared with another one, for instance of the commit before, by turns on the same server.
 *
 *     git worktree add ../before HEAD~1 && (cd ../before && npm install)
 *     npm run bench:turns -- ../before [--rounds N] [--seconds N] [--messages N] [--json]
 *
 * Each checkout has a database of its own, with the tables of its own migrations, and runs its own scripts in `bench`. A
 * figure is the median of the turns, and a ratio is the median of the ratios of all rounds: this checkout to the other.
 */
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import type { Drained, Drain } from "./outbox/Drain.ts"
import { load } from "./http/Load.ts"
import type { Told, Turn } from "./registrations/Turn.ts"
import { alternate, median } from "./support/Contest.ts"
import type * as DatabaseModule from "./support/Database.ts"
import { format, print, progress } from "./support/Report.ts"
import * as Script from "./support/Script.ts"
import * as Settings from "./support/Settings.ts"

const [folder, ...rest] = process.argv.slice(2)
if (folder === undefined || folder.startsWith("-")) {
  process.stderr.write("Name the other checkout: npm run bench:turns -- ../before\n")
  process.exit(2)
}
const settings = Settings.read({ rounds: 7, seconds: 2, messages: 100_000 }, rest)
const WARM_UP_SECONDS = Math.min(3, settings.seconds * 3)
const LEAST = 0.97

const CHECKOUTS = {
  before: new URL("bench/", pathToFileURL(`${resolve(folder)}/`)),
  now: new URL(".", import.meta.url)
} as const
type Checkout = keyof typeof CHECKOUTS

const contestantsOf = async (checkout: Checkout, database: DatabaseModule.Database) => {
  const bench = CHECKOUTS[checkout]
  const { insertEvents } = (await import(new URL("support/Database.ts", bench).href)) as typeof DatabaseModule
  const prepare = async (events: number) => {
    await database.clear()
    await insertEvents(database, events)
  }
  const registering = (events: number, callers: number) => async (): Promise<number> => {
    await prepare(events)
    const turn: Turn = {
      url: database.url,
      events,
      callers,
      batch: 1,
      tag: "a",
      warmUpSeconds: WARM_UP_SECONDS,
      seconds: settings.seconds
    }
    return (await Script.run<Told>("registrations/turnout.ts", turn, bench)).perSecond
  }
  const overHttp = async (): Promise<number> => {
    await prepare(1)
    const told = { url: database.url, behind: "turnout" }
    await using server = await Script.start<{ readonly url: string }>("http/server.ts", told, bench)
    await load(server.told.url, 64, WARM_UP_SECONDS)
    return (await load(server.told.url, 64, settings.seconds)).perSecond
  }
  const draining = async (): Promise<number> => {
    const { messages } = settings
    const drain: Drain = { url: database.url, messages, streams: messages / 5, processes: 1, workers: 1 }
    return (await Script.run<Drained>("outbox/turnout.ts", drain, bench)).perSecond
  }
  return {
    "one hot event, one caller": registering(1, 1),
    "one hot event, 256 callers": registering(1, 256),
    "one hot event, 1,024 callers": registering(1, 1_024),
    "1,000 events, 256 callers": registering(1_000, 256),
    "one hot event over HTTP, 64 connections": overHttp,
    "draining by one relay": draining
  }
}

const use = async (checkout: Checkout): Promise<typeof DatabaseModule.use> =>
  ((await import(new URL("support/Database.ts", CHECKOUTS[checkout]).href)) as typeof DatabaseModule).use

await (
  await use("before")
)(async (before) =>
  (await use("now"))(async (now) => {
    const contestants = { before: await contestantsOf("before", before), now: await contestantsOf("now", now) }
    const names = Object.keys(contestants.now) as ReadonlyArray<keyof typeof contestants.now>
    const results: Array<{ readonly what: string; readonly before: number; readonly now: number; ratio: number }> = []
    for (const [index, what] of names.entries()) {
      const turns = await alternate(
        { before: contestants.before[what], now: contestants.now[what] },
        settings.rounds,
        (checkout, round) =>
          progress(`${index + 1} of ${names.length}, round ${round + 1} of ${settings.rounds}: ${what}, ${checkout}`)
      )
      const ratios = turns["now"]!.map((rate, round) => rate / turns["before"]![round]!)
      const one = { what, before: median(turns["before"]!), now: median(turns["now"]!), ratio: median(ratios) }
      results.push(one)
    }
    progress("")
    print(settings, {
      bench: "By turns",
      settings,
      figures: results,
      sections: [
        {
          title: "Registrations or messages a second",
          head: ["what", "before", "now"],
          rows: results.map((one) => [one.what, format(one.before), format(one.now)])
        }
      ],
      targets: results.map(({ ratio, what }) => ({ what: `${what}: now / before`, value: ratio, target: LEAST }))
    })
  })
)
