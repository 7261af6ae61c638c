/**
 * Messages delivered per second to a sink that does nothing: Turnout's relay, compared with queues and an outbox on the same
 * server; the time of a read when the backlog is long, or a transaction is held open; and the time that the slots of a killed
 * relay wait for another.
 *
 *     npm run bench:outbox -- [--rounds N] [--messages N] [--streams N] [--few N] [--small N] [--large N] [--huge N]
 *       [--samples N] [--registrations N] [--ttl N] [--json]
 *
 * Drains: `--messages` in `--streams` are delivered by one worker and by four, in one process and in four. A worker is a
 * relay of Turnout, or a worker of another contestant. pg-transactional-outbox gets `--few` messages only: it is slow, and
 * slower the more there are. Only Turnout delivers each stream in order. Turnout also drains and reads backlogs of
 * `--small` and `--large` messages, and of `--huge`, for instance 10,000,000, if that is more than `--large`. Latency:
 * `--registrations` one after the other. FIFO queue: `--few` messages to a server on this machine that speaks SQS.
 * Takeover: leases of `--ttl` milliseconds. If a turn of another contestant fails, as one of pg-transactional-outbox did
 * that came to a halt, it is repeated once, and stderr says so.
 */
import * as Migrations from "@turnout/adapters/postgres/migrations"
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rec from "effect/Record"
import * as Redacted from "effect/Redacted"
import { insertJournal } from "./outbox/Backlog.ts"
import type { Drain, Drained, Queue } from "./outbox/Drain.ts"
import type { Held } from "./outbox/held.ts"
import type { Latencies, Latency } from "./outbox/latency.ts"
import type { Read, Reading } from "./outbox/reading.ts"
import type { TakenOver, Takeover } from "./outbox/takeover.ts"
import { alternate, median, summarise } from "./support/Contest.ts"
import * as Database from "./support/Database.ts"
import { format, print, progress, type Section, type Target } from "./support/Report.ts"
import * as Script from "./support/Script.ts"
import * as Settings from "./support/Settings.ts"

const settings = Settings.read({
  rounds: 5,
  messages: 100_000,
  streams: 20_000,
  few: 10_000,
  small: 10_000,
  large: 1_000_000,
  huge: 1,
  samples: 200,
  registrations: 300,
  ttl: 2_000
})
const { few, huge, large, messages, registrations, samples, small, streams, ttl } = settings

/** The contestants, each with a script in `outbox/`. */
const CONTESTANTS = ["turnout", "graphile-worker", "pg-boss", "pg-transactional-outbox"] as const
type Contestant = (typeof CONTESTANTS)[number]
/** The numbers of processes, and of workers in each. */
const CREWS = { "1 worker": [1, 1], "4 workers": [1, 4], "4 processes": [4, 1] } as const
type Crew = keyof typeof CREWS
const HELD: ReadonlyArray<Held> = ["transaction id", "snapshot"]
const BACKLOGS = huge > large ? [small, large, huge] : [small, large]

const STREAMS_PER_MESSAGE = 1 / 5
/** The number of samples that slot 0 of the smallest backlog has messages for. Half of a backlog that is read is in slot 0. */
const DEPTH = Math.max(1, Math.floor(small / 2 / 500) - 2)

const count = (number: number): string => number.toLocaleString("en")

/** Runs the work while a process holds a transaction open, or alone if `held` is undefined. */
const during = async <A>(url: string, held: Held | undefined, work: () => Promise<A>): Promise<A> => {
  if (held === undefined) return work()
  await using _holder = await Script.start("outbox/held.ts", { url, held })
  return await work()
}

const schemaOf = (backlog: number): string => `backlog_${backlog}`

/** Makes a schema with a backlog: one half of it is in slot 0, the other in all slots. */
const makeBacklog = async ({ sql, url }: Database.Database, backlog: number): Promise<void> => {
  const schema = schemaOf(backlog)
  const client = Layer.orDie(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))
  await Effect.runPromise(Migrations.up({ schema }).pipe(Effect.provide(client)))
  const streams = Math.max(2, Math.floor(backlog * STREAMS_PER_MESSAGE))
  const numberOf = (stream: string) =>
    `CASE (${stream}) % 2 WHEN 0 THEN (${stream}) / 2 * 64 ELSE 4294967296 + (${stream}) / 2 END`
  await sql(insertJournal(schema, { messages: backlog, streams }, numberOf))
  await sql(`VACUUM ANALYZE ${schema}.journal`)
}

await Database.use(async (database) => {
  const { url } = database
  const drain = (contestant: Contestant, crew: Crew, held?: Held) =>
    during(url, held, () => {
      const [processes, workers] = CREWS[crew]
      const own = contestant === "pg-transactional-outbox" ? Math.min(few, messages) : messages
      const asked: Drain = { url, messages: own, streams, processes, workers }
      const turn = () => Script.run<Drained>(`outbox/${contestant}.ts`, asked)
      if (contestant === "turnout") return turn()
      return turn().catch((error: unknown) => {
        process.stderr.write(`${String(error)}: its turn is repeated\n`)
        return turn()
      })
    })
  const drainAlone = (messages: number, queue?: Queue) => {
    const streams = Math.max(1, Math.ceil(messages * STREAMS_PER_MESSAGE))
    const asked: Drain = { url, messages, streams, processes: 1, workers: 1, ...(queue === undefined ? {} : { queue }) }
    return Script.run<Drained>("outbox/turnout.ts", asked)
  }
  const drainToQueue = async () => {
    await using fauxqs = await Script.start<Queue>("outbox/fauxqs.ts", null)
    return await drainAlone(Math.min(few, messages), fauxqs.told)
  }
  const read = (backlog: number, held?: Held) =>
    during(url, held, () => {
      const asked: Reading = { url, schema: schemaOf(backlog), samples, depth: DEPTH }
      return Script.run<Read>("outbox/reading.ts", asked)
    })
  const latency = async () => {
    await database.clear()
    await Database.insertEvents(database, 1)
    const asked: Latency = { url, registrations }
    return Script.run<Latencies>("outbox/latency.ts", asked)
  }

  const contest = async <A>(what: string, contestants: Readonly<Record<string, () => Promise<A>>>) => {
    let done = 0
    const all = Object.keys(contestants).length * settings.rounds
    const turns = await alternate(contestants, settings.rounds, (name) =>
      progress(`${what}, ${++done} of ${all}: ${name}`)
    )
    progress("")
    return turns
  }
  const crews = Object.keys(CREWS) as ReadonlyArray<Crew>
  const drains = await contest<Drained>(
    "drains",
    Object.fromEntries([
      ...CONTESTANTS.flatMap((who) => crews.map((crew) => [`${who}, ${crew}`, () => drain(who, crew)])),
      ...HELD.map((held) => [`turnout, 1 worker, ${held} held`, () => drain("turnout", "1 worker", held)]),
      ...BACKLOGS.map((backlog) => [`turnout, 1 worker, ${count(backlog)} messages`, () => drainAlone(backlog)]),
      ["turnout, 1 worker, to a FIFO queue", drainToQueue]
    ])
  )
  const latencies = await contest<Latencies>("latency", { latency })
  const takeovers = await contest<TakenOver>("takeover", {
    takeover: () => {
      const asked: Takeover = { url, ttlMillis: ttl }
      return Script.run<TakenOver>("outbox/takeover.ts", asked)
    }
  })
  for (const backlog of BACKLOGS) {
    progress(`making a backlog of ${backlog}`)
    await makeBacklog(database, backlog)
  }
  await database.sql("CHECKPOINT")
  const cases = BACKLOGS.flatMap((backlog) => [undefined, ...HELD].map((held) => ({ backlog, held })))
  const caseName = (backlog: number, held?: Held) => (held === undefined ? `${backlog}` : `${backlog}, ${held} held`)
  const readings = await contest<Read>(
    "reading",
    Object.fromEntries(cases.map(({ backlog, held }) => [caseName(backlog, held), () => read(backlog, held)]))
  )

  const drained = Rec.map(drains, (all) => ({
    perSecond: summarise(all.map(({ perSecond }) => perSecond)),
    cpuMicros: median(all.map(({ cpuMicros }) => cpuMicros))
  }))
  const reading = Rec.map(readings, (all) => ({
    allSlotsMillis: median(all.map(({ allSlots }) => allSlots)),
    oneSlotMillis: median(all.map(({ oneSlot }) => oneSlot))
  }))
  const middle = (of: (one: Latencies) => number) => median(latencies["latency"]!.map(of))
  const latencyFigures = Rec.map({ sinceCommit: undefined, sinceCall: undefined }, (_, since) => ({
    p50Millis: middle((one) => one[since].p50Millis),
    p99Millis: middle((one) => one[since].p99Millis)
  }))

  const rate = (name: string) => drained[name]!.perSecond.median
  /** The rate of a contestant. Four workers count in one process or in four, whichever is faster. */
  const rateOf = (who: Contestant, workers: 1 | 4) =>
    workers === 1 ? rate(`${who}, 1 worker`) : Math.max(rate(`${who}, 4 workers`), rate(`${who}, 4 processes`))
  const ratio = (kind: "allSlotsMillis" | "oneSlotMillis", one: string, other: string) =>
    reading[one]![kind] / reading[other]![kind]

  const drainSection: Section = {
    title: `Draining ${count(messages)} messages in ${count(streams)} streams; pg-transactional-outbox, and to a queue, ${count(few)}`,
    head: ["who", "a second", "lowest", "highest", "µs CPU each"],
    rows: Object.entries(drained).map(([name, { cpuMicros, perSecond }]) => [
      name,
      format(perSecond.median),
      format(perSecond.min),
      format(perSecond.max),
      cpuMicros.toFixed(1)
    ])
  }
  const readSection: Section = {
    title: "Claiming and reading 500 messages, milliseconds",
    head: ["backlog", "transaction held", "all 64 slots", "one slot"],
    rows: cases.map(({ backlog, held }) => {
      const { allSlotsMillis, oneSlotMillis } = reading[caseName(backlog, held)]!
      return [count(backlog), held ?? "", allSlotsMillis.toFixed(2), oneSlotMillis.toFixed(2)]
    })
  }
  const latencySection: Section = {
    title: `From a registration to the sink, ${registrations} of them, milliseconds`,
    head: ["since", "p50", "p99"],
    rows: [
      ["the commit", latencyFigures.sinceCommit.p50Millis.toFixed(2), latencyFigures.sinceCommit.p99Millis.toFixed(2)],
      ["the call", latencyFigures.sinceCall.p50Millis.toFixed(2), latencyFigures.sinceCall.p99Millis.toFixed(2)]
    ]
  }
  const takenOver = takeovers["takeover"]!
  const slowest = Math.max(...takenOver.map(({ millis }) => millis))
  const takeoverSection: Section = {
    title: `One of three relays is killed, and another paused, with leases of ${count(ttl)} ms`,
    head: ["slots", "delivered again after ms", "writes refused, slots", "messages", "delivered twice"],
    rows: takenOver.map((one) => [one.slots, one.millis.toFixed(0), one.refused, count(one.messages), count(one.again)])
  }
  const drainTargets = ([1, 4] as const).flatMap((workers): ReadonlyArray<Target> => {
    const own = rateOf("turnout", workers)
    const crew = workers === 1 ? "1 worker" : "4 workers"
    return [
      {
        what: `${crew}: turnout, in order / the better of graphile-worker and pg-boss`,
        value: own / Math.max(rateOf("graphile-worker", workers), rateOf("pg-boss", workers)),
        target: 2
      },
      {
        what: `${crew}: turnout / pg-transactional-outbox, with one or as many workers, whichever is faster`,
        // pg-transactional-outbox was not faster with more workers.
        value: own / Math.max(rateOf("pg-transactional-outbox", 1), rateOf("pg-transactional-outbox", workers)),
        target: 40
      }
    ]
  })
  const readTargets = (["allSlotsMillis", "oneSlotMillis"] as const).flatMap((kind): ReadonlyArray<Target> => {
    const where = kind === "allSlotsMillis" ? "all slots" : "one slot"
    return [
      ...BACKLOGS.slice(1).map((backlog) => ({
        what: `claim and read 500, ${where}: ${count(backlog)} / ${count(small)}`,
        value: ratio(kind, caseName(backlog), caseName(small)),
        target: 1.3,
        atMost: true
      })),
      ...HELD.map((held) => ({
        what: `the same at ${count(large)}, ${held} held / without`,
        value: ratio(kind, caseName(large, held), caseName(large)),
        target: 1.2,
        atMost: true
      }))
    ]
  })
  print(settings, {
    bench: "Outbox",
    settings,
    figures: { drains: drained, reading, latency: latencyFigures, takeovers: takenOver },
    sections: [drainSection, readSection, latencySection, takeoverSection],
    targets: [
      ...drainTargets,
      ...readTargets,
      { what: "commit to sink: p50, ms", value: latencyFigures.sinceCommit.p50Millis, target: 5, atMost: true },
      {
        what: "the slots of a killed relay are delivered again: ms",
        value: slowest,
        target: ttl + 1_000,
        atMost: true
      }
    ]
  })
})
