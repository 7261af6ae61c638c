/**
 * A drain: a backlog is made, workers in processes of their own get ready and begin together, and the clock runs until every
 * message is delivered and nothing is left in the database.
 *
 * The clock starts when the first worker asks for messages, so it does not count the making of the backlog, the start of
 * processes and the opening of connections. A script that calls `run` has two parts: the main process makes the backlog and
 * looks at the clock, and starts the script again for each process with workers.
 */
import { fork, type ChildProcess } from "node:child_process"
import * as Script from "../support/Script.ts"
import type { Backlog } from "./Backlog.ts"
import * as Connection from "./Connection.ts"
import * as Wait from "./Wait.ts"

/** The task of a contestant in one turn. */
export interface Drain extends Backlog {
  readonly url: string
  readonly processes: number
  /** Workers in each process. */
  readonly workers: number
  /** The queue to deliver to. Without it, messages go to a sink that does nothing. */
  readonly queue?: Queue
}

/** A FIFO queue on a server that speaks SQS. */
export interface Queue {
  readonly queueUrl: string
  readonly endpoint: string
}

export interface Drained {
  readonly perSecond: number
  /** CPU time of the processes with workers for each message, in microseconds. */
  readonly cpuMicros: number
}

/** The counter in a process with workers. */
export interface Count {
  /** The workers call this when they begin to ask for messages. */
  readonly began: () => void
  readonly delivered: (count: number) => void
}

export interface Contestant {
  /** Makes the backlog, and removes everything else. */
  readonly prepare: (sql: Connection.Sql, drain: Drain) => Promise<void>
  /** SQL that gives a row once the workers are ready to begin. Default: they are ready once they are open. */
  readonly isReady?: (drain: Drain) => string
  /** SQL for the number of messages that are `left` to be delivered or acknowledged. */
  readonly left: string
  /** Opens connections, and gives a function that starts the workers. */
  readonly open: (drain: Drain, count: Count) => Promise<() => unknown>
}

/** The report of a process with workers. */
interface Report {
  /** The time when it began, by the clock of the machine, in milliseconds. */
  readonly beganAt: number | null
  readonly delivered: number
  readonly cpuMicros: number
}

const REPORT_MILLIS = 2
/** A turn has come to a halt if it takes longer than the first of these, and the second for each message. */
const LONGEST_MILLIS = 60_000
const LONGEST_MILLIS_EACH = 1 / 20

const now = (): number => performance.timeOrigin + performance.now()

/** The part of a process with workers: opens connections, waits for the signal to begin, and reports. */
const work = async (contestant: Contestant): Promise<void> => {
  const report = { beganAt: null as number | null, delivered: 0, cpuMicros: 0 }
  let cpu = process.cpuUsage()
  let reported = 0
  const send = (message: "open" | Report) => void process.send!(message)
  const begin = await contestant.open(Script.settings<Drain>(), {
    began: () => {
      report.beganAt ??= now()
      cpu = process.cpuUsage()
    },
    delivered: (count) => void (report.delivered += count)
  })
  process.once("message", () => {
    setInterval(() => {
      if (report.delivered === reported) return
      reported = report.delivered
      const { system, user } = process.cpuUsage(cpu)
      send({ ...report, cpuMicros: system + user })
    }, REPORT_MILLIS)
    begin()
  })
  send("open")
}

/** A process with workers, seen from the main process. */
interface Worker {
  readonly child: ChildProcess
  readonly opened: Promise<void>
  readonly report: () => Report
}

const start = (onEnd: (code: number | null) => void): Worker => {
  const child = fork(process.argv[1]!, process.argv.slice(2), { stdio: ["ignore", "ignore", "inherit", "ipc"] })
  let report: Report = { beganAt: null, delivered: 0, cpuMicros: 0 }
  child.on("exit", onEnd)
  const opened = new Promise<void>((resolve) =>
    child.on("message", (message: "open" | Report) => {
      if (message === "open") resolve()
      else report = message
    })
  )
  return { child, opened, report: () => report }
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((sum, number) => sum + number, 0)

const drain = async (contestant: Contestant, sql: Connection.Sql, drain: Drain): Promise<Drained> => {
  await contestant.prepare(sql, drain)
  await sql("VACUUM ANALYZE")
  await sql("CHECKPOINT")
  const over = Promise.withResolvers<never>()
  const workers = Array.from({ length: drain.processes }, () =>
    start((code) => over.reject(new Error(`a process with workers ended with code ${code}`)))
  )
  const reports = () => workers.map(({ report }) => report())
  const delivered = () => sum(reports().map((report) => report.delivered))
  const left = async () => Number((await sql<{ left: bigint | number }>(contestant.left))[0]!.left)
  const until = Wait.within(LONGEST_MILLIS + drain.messages * LONGEST_MILLIS_EACH)
  const measure = async () => {
    await Promise.all(workers.map(({ opened }) => opened))
    const { isReady } = contestant
    if (isReady !== undefined) await until(async () => (await sql(isReady(drain))).length > 0, "the workers are ready")
    for (const { child } of workers) child.send("go")
    await until(() => delivered() >= drain.messages, "everything is delivered")
    await until(async () => (await left()) === 0, "nothing is left")
    const endedAt = now()
    const beganAt = Math.min(...reports().map(({ beganAt }) => beganAt ?? Infinity))
    return {
      perSecond: (drain.messages / (endedAt - beganAt)) * 1_000,
      cpuMicros: sum(reports().map(({ cpuMicros }) => cpuMicros)) / drain.messages
    }
  }
  try {
    return await Promise.race([measure(), over.promise])
  } finally {
    for (const { child } of workers) child.kill("SIGKILL")
  }
}

/** Runs a contestant: in the main process the turn, in a process with workers their part of it. */
export const run = async (contestant: Contestant): Promise<void> => {
  if (process.send !== undefined) return work(contestant)
  const asked = Script.settings<Drain>()
  await using connection = Connection.open(asked.url)
  Script.result(await drain(contestant, connection.sql, asked))
}
