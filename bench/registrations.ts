/**
 * Durable registrations per second: Turnout, compared with pgbench, a naive service and a ceiling, on the same server.
 *
 *     npm run bench:registrations -- [--rounds N] [--seconds N] [--callers N] [--burst N] [--spread N] [--json]
 *
 * Every registration has an idempotency key and an entry in the journal; every contestant writes the same rows into the
 * same tables. A turn begins with empty tables, and is measured after a warm-up. `--callers` is the largest number of
 * callers, `--burst` the number of callers that come at once, and `--spread` the number of events in the runs with many
 * events.
 */
import * as Rec from "effect/Record"
import * as Pgbench from "./registrations/pgbench.ts"
import type { Told, Turn } from "./registrations/Turn.ts"
import { alternate, median } from "./support/Contest.ts"
import * as Database from "./support/Database.ts"
import { format, print, progress, type Section, type Target } from "./support/Report.ts"
import * as Script from "./support/Script.ts"
import * as Settings from "./support/Settings.ts"

const settings = Settings.read({ rounds: 5, seconds: 2, callers: 1_024, burst: 10_000, spread: 1_000 })
const CALLERS = [1, 64, 256, 1_024].filter((callers) => callers <= settings.callers)
/** The largest number in `CALLERS` that is not above this one. */
const upTo = (callers: number): number => CALLERS.findLast((tried) => tried <= callers)!
const PGBENCH = Database.findPgbench()
const FUNCTIONS = PGBENCH === undefined ? [] : (["register", "register_in_turn"] as const)
const PGBENCH_CLIENTS = [1, 8, Pgbench.CLIENTS]
if (PGBENCH === undefined) process.stderr.write("pgbench was not found and is left out: apt-get install postgresql\n")
/**
 * The warm-up. V8 takes seconds until it has compiled the code that runs all the time, and a server on sale has run for
 * longer.
 */
const WARM_UP_SECONDS = Math.min(3, settings.seconds * 3)

interface Figures {
  readonly perSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  readonly batch: number
  readonly cpuMicros: number
  /** The number of registrations that failed, in all turns. */
  readonly errors: number
  readonly heapGrowthMiB: number
  /** The rate of every turn, which shows how far apart they are. */
  readonly turns: ReadonlyArray<number>
}

const summarise = (turns: ReadonlyArray<Told>): Figures => ({
  perSecond: median(turns.map((turn) => turn.perSecond)),
  p50Millis: median(turns.map((turn) => turn.p50Millis)),
  p99Millis: median(turns.map((turn) => turn.p99Millis)),
  batch: median(turns.map((turn) => turn.batch)),
  cpuMicros: median(turns.map((turn) => turn.cpuMicros)),
  errors: turns.reduce((sum, turn) => sum + turn.errors, 0),
  heapGrowthMiB: median(turns.map((turn) => turn.heapGrowthMiB ?? 0)),
  turns: turns.map((turn) => turn.perSecond)
})

await Database.use(async (database) => {
  const turn = async (contestant: string, events: number, callers: number, batch = 1, tag = "a"): Promise<Told> => {
    const told: Turn = {
      url: database.url,
      events,
      callers,
      batch,
      tag,
      warmUpSeconds: WARM_UP_SECONDS,
      seconds: settings.seconds
    }
    return Script.run<Told>(`registrations/${contestant}.ts`, told)
  }
  const prepare = async (events: number) => {
    await database.clear()
    await Database.insertEvents(database, events)
  }

  const contestants: Record<string, () => Promise<Told>> = {}
  /** The number of registrations in a transaction of Turnout, which the ceiling uses too. */
  const batches = new Map<string, number>()
  for (const events of [1, settings.spread]) {
    for (const callers of CALLERS) {
      const cell = `${events}/${callers}`
      contestants[`turnout ${cell}`] = async () => {
        await prepare(events)
        const told = await turn("turnout", events, callers)
        batches.set(cell, Math.max(1, Math.round(told.batch)))
        return told
      }
      contestants[`naive ${cell}`] = async () => {
        await prepare(events)
        return turn("naive", events, callers)
      }
      contestants[`ceiling ${cell}`] = async () => {
        await prepare(events)
        return turn("ceiling", events, callers, batches.get(cell)!)
      }
    }
    for (const call of FUNCTIONS) {
      for (const clients of PGBENCH_CLIENTS) {
        contestants[`pgbench ${events}/${clients} ${call}`] = async () => {
          await prepare(events)
          return Pgbench.run(database, PGBENCH!, call, { events, clients, seconds: settings.seconds })
        }
      }
    }
  }
  const half = Math.ceil(upTo(256) / 2)
  contestants["two processes"] = async () => {
    await prepare(1)
    const [one, other] = await Promise.all([turn("turnout", 1, half, 1, "a"), turn("turnout", 1, half, 1, "b")])
    return {
      ...one,
      perSecond: one.perSecond + other.perSecond,
      p50Millis: (one.p50Millis + other.p50Millis) / 2,
      p99Millis: Math.max(one.p99Millis, other.p99Millis)
    }
  }
  contestants["burst"] = async () => {
    await prepare(1)
    return Script.run<Told>("registrations/burst.ts", { url: database.url, callers: settings.burst })
  }

  let done = 0
  const all = Object.keys(contestants).length * settings.rounds
  const turns = await alternate(contestants, settings.rounds, (name) => progress(`${++done} of ${all}: ${name}`))
  progress("")

  const figures = Rec.map(turns, summarise)
  const rate = (name: string) => figures[name]!.perSecond
  const section = (title: string, events: number): Section => ({
    title,
    head: ["callers", "who", "a second", "p50 ms", "p99 ms", "in a transaction", "µs CPU each"],
    rows: [
      ...CALLERS.flatMap((callers) =>
        ["turnout", "naive", "ceiling"].map((who) => row(callers, who, figures[`${who} ${events}/${callers}`]!))
      ),
      ...FUNCTIONS.flatMap((call) =>
        PGBENCH_CLIENTS.map((clients) =>
          row(clients, `pgbench ${call}`, figures[`pgbench ${events}/${clients} ${call}`]!)
        )
      )
    ]
  })
  const row = (callers: number, who: string, of: Figures) => [
    callers,
    who,
    format(of.perSecond),
    of.p50Millis.toFixed(2),
    of.p99Millis.toFixed(2),
    of.batch.toFixed(0),
    of.cpuMicros === 0 ? "" : of.cpuMicros.toFixed(0)
  ]
  /** The better of the two functions, at the number of clients that the comparison is about. */
  const pgbench = (events: number) =>
    Math.max(...FUNCTIONS.map((call) => rate(`pgbench ${events}/${Pgbench.CLIENTS} ${call}`)))
  const { spread } = settings
  const many = upTo(256)
  const most = upTo(1_024)
  const besidePgbench: ReadonlyArray<Target> =
    PGBENCH === undefined
      ? []
      : [
          {
            what: `hot event, ${many} callers: turnout / pgbench, 64 clients`,
            value: rate(`turnout 1/${many}`) / pgbench(1),
            target: 12
          },
          {
            what: "the same, pgbench without the advisory lock",
            value: rate(`turnout 1/${many}`) / rate(`pgbench 1/${Pgbench.CLIENTS} register`),
            target: 12
          },
          {
            what: `${spread} events, ${many} callers: turnout / pgbench, 64 clients`,
            value: rate(`turnout ${spread}/${many}`) / pgbench(spread),
            target: 2
          }
        ]
  print(settings, {
    bench: "Registrations",
    settings,
    figures,
    sections: [
      section("One hot event", 1),
      section(`${spread} events`, spread),
      {
        title: "One hot event, further",
        head: ["what", "a second", "p99 ms", ""],
        rows: [
          [
            `two processes, ${half} callers each`,
            format(rate("two processes")),
            figures["two processes"]!.p99Millis.toFixed(0),
            ""
          ],
          [
            `${settings.burst} callers at once`,
            format(rate("burst")),
            figures["burst"]!.p99Millis.toFixed(0),
            `heap grew by ${figures["burst"]!.heapGrowthMiB.toFixed(0)} MiB`
          ]
        ]
      }
    ],
    targets: [
      ...besidePgbench,
      {
        what: `hot event, ${many} callers: turnout / naive`,
        value: rate(`turnout 1/${many}`) / rate(`naive 1/${many}`),
        target: 25
      },
      {
        what: `hot event, ${most} callers: turnout / ceiling`,
        value: rate(`turnout 1/${most}`) / rate(`ceiling 1/${most}`),
        target: 0.6
      },
      {
        what: "one caller: p50 of turnout / naive",
        value: figures["turnout 1/1"]!.p50Millis / figures["naive 1/1"]!.p50Millis,
        target: 1.1,
        atMost: true
      },
      {
        what: "two processes on one hot event / one",
        value: rate("two processes") / rate(`turnout 1/${many}`),
        target: 0.8
      },
      {
        what: "registrations that failed, of all contestants",
        value: Object.values(figures).reduce((sum, { errors }) => sum + errors, 0),
        target: 0,
        atMost: true
      },
      {
        what: `${settings.burst} callers at once: errors`,
        value: figures["burst"]!.errors,
        target: 0,
        atMost: true
      },
      {
        what: "the same: heap growth, MiB",
        value: figures["burst"]!.heapGrowthMiB,
        target: 200,
        atMost: true
      },
      { what: "the same: p99, ms", value: figures["burst"]!.p99Millis, target: 1_000, atMost: true }
    ]
  })
})
