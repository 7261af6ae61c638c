/**
 * Real histories: processes use a real server, while connections are cut, processes are killed and the server crashes.
 *
 * Every operation is recorded with its start, its end and its answers. Operations that were under way in a killed process
 * are sent to another one under the same idempotency key, as a client would. Once all operations on an event have been
 * answered, the history of the event is checked: the answers by `simulation/Checkers`, and the stored state by a recount
 * from the journal (`support/Invariants`). All the while a relay, a projection and a subscription read the journal, and at
 * the end they must have been given all of it (`support/JournalReaders`).
 */
import { PgClient } from "@effect/sql-pg"
import * as Database from "turnout/database"
import * as PostgresStore from "@turnout/adapters/postgres"
import * as Migrations from "@turnout/adapters/postgres/migrations"
import * as Turnout from "@turnout/core/admission/application/Turnout"
import { fromInput } from "@turnout/core/admission/domain/model/Attendee"
import type { EventId } from "@turnout/core/kernel/domain/EventId"
import type { Command } from "@turnout/core/admission/domain/model/Command"
import type { RegistrationId } from "@turnout/core/admission/domain/model/Registration"
import { Effect, Exit, Layer, Logger, ManagedRuntime, Redacted, Schedule, Scope } from "effect"
import { fork, type ChildProcess } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { askedOf, checkRegistrations, type Operation } from "../simulation/Checkers.ts"
import * as FaultProxy from "../support/FaultProxy.ts"
import * as Given from "../support/Given.ts"
import * as Invariants from "../support/Invariants.ts"
import * as JournalReaders from "../support/JournalReaders.ts"
import { findBinaries, start } from "../support/PostgresServer.ts"

/** The request to a process, and its report. */
export interface Asked {
  readonly number: number
  readonly key: string
  readonly command: Command
}
export interface Told {
  readonly number: number
  readonly answer: Operation["answers"][number]
}

export interface TortureOptions {
  readonly minutes: number
  /** The number of operations after which the torture ends early. */
  readonly operations: number
  /** The average time between two accidents of each kind, in milliseconds. */
  readonly backendKillMillis: number
  readonly workerKillMillis: number
  readonly crashMillis: number
  readonly cutMillis: number
  readonly onProgress?: (counts: Counts) => void
}

export interface Counts {
  operations: number
  events: number
  backendKills: number
  workerKills: number
  crashes: number
  /** Connections that were cut around a COMMIT. */
  cuts: number
}

export interface Outcome extends Counts {
  readonly violations: ReadonlyArray<string>
  readonly seconds: number
}

const WORKERS = 3
/** The faults of a COMMIT: it never arrives, or may have been carried out, or was carried out, and its answer is lost. */
const CUTS: ReadonlyArray<FaultProxy.Fault> = ["before commit", "while committing", "after commit"]
/** The time that readers may take at the end for the rest of the journal. */
const READING_MILLIS = 120_000
/** The number of operations under way in each process. */
const IN_FLIGHT = 60
/** The number of events with operations at the same time, and the number of operations on each. */
const OPEN_EVENTS = 6
const OPERATIONS_PER_EVENT = 600

interface OpenEvent {
  readonly id: EventId
  asked: number
  readonly operations: Array<Operation>
  readonly registered: Array<RegistrationId>
}

interface Underway {
  readonly asked: Asked
  readonly operation: Operation
  readonly event: OpenEvent
}

interface Worker {
  readonly child: ChildProcess
  isReady: boolean
  readonly underway: Map<number, Underway>
}

const pick = <A>(values: ReadonlyArray<A>): A => values[Math.floor(Math.random() * values.length)]!

export const torture = async (options: TortureOptions): Promise<Outcome> => {
  const binaries = findBinaries()
  if (binaries === undefined) throw new Error("the binaries of Postgres are needed: apt-get install postgresql")
  const server = await start(binaries, ["fsync=on", "wal_level=minimal", "max_wal_senders=0"])
  const { url } = server
  const scope = await Effect.runPromise(Scope.make())
  const proxy = await Effect.runPromise(Scope.provide(FaultProxy.make(url), scope))
  const silent = Logger.layer([])
  const runtime = ManagedRuntime.make(
    Turnout.layer().pipe(
      Layer.provide(Layer.orDie(PostgresStore.layer({ url, poolSize: 4 }))),
      Layer.provideMerge(silent)
    )
  )
  const readers = JournalReaders.make()
  const reading = ManagedRuntime.make(Layer.provide(readers.layer, Database.layer({ database: url, poolSize: 6 })))
  const sql = (text: string) =>
    PgClient.PgClient.use((client) => client.unsafe(text)).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })),
      Effect.runPromise
    )
  /** Runs an effect, and tries again for a minute while the server is away. */
  const stubbornly = <A, E>(effect: Effect.Effect<A, E, Turnout.Turnout>): Promise<A> =>
    runtime.runPromise(Effect.retry(effect, { schedule: Schedule.spaced("200 millis"), times: 300 }))

  const counts: Counts = { operations: 0, events: 0, backendKills: 0, workerKills: 0, crashes: 0, cuts: 0 }
  const violations: Array<string> = []
  const beganAt = performance.now()
  const end = beganAt + options.minutes * 60_000
  const isOver = () => performance.now() > end || counts.operations >= options.operations
  let isStopping = false

  const workers: Array<Worker> = []
  const events: Array<OpenEvent> = []
  /** The operations that have to be sent again. */
  const again: Array<Underway> = []
  const checking = new Set<Promise<void>>()
  let numbers = 0

  const check = async ({ id, operations }: OpenEvent) => {
    try {
      const taken = await stubbornly(Invariants.snapshot(id))
      Invariants.check(taken)
      violations.push(...checkRegistrations({ operations, journals: new Map([[id, taken.journal]]) }))
      for (const { answers, key } of operations)
        if (answers.some(({ text }) => text.startsWith("failed"))) violations.push(`R4: ${key}: ${answers[0]!.text}`)
    } catch (error) {
      violations.push(`${id}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  const openEvent = async () => {
    const capacity = 5 + Math.floor(Math.random() * 60)
    const { id } = await stubbornly(Given.publishedEvent({ capacity }))
    events.push({ id, asked: 0, operations: [], registered: [] })
    counts.events += 1
  }

  const next = (): Underway | undefined => {
    const repeated = again.pop()
    if (repeated !== undefined) return repeated
    if (isOver()) return undefined
    const open = events.filter(({ asked }) => asked < OPERATIONS_PER_EVENT)
    if (open.length === 0) return undefined
    const event = pick(open)
    const number = ++numbers
    const roll = Math.random()
    const key = `operation ${number}`
    const make = (): { readonly what: Operation["what"]; readonly command: Command } => {
      if (roll < 0.25 && event.registered.length > 0)
        return {
          what: "cancel",
          command: { _tag: "CancelRegistration", eventId: event.id, registrationId: pick(event.registered) }
        }
      if (roll < 0.3) {
        const capacity = 1 + Math.floor(Math.random() * 80)
        return {
          what: "capacity",
          command: { _tag: "ChangeCapacity", eventId: event.id, capacity, keepOverhang: true, demote: null }
        }
      }
      const email = roll < 0.4 ? `shared-${Math.floor(Math.random() * 5)}@example.com` : `person-${number}@example.com`
      const attendee = fromInput({ email })
      return {
        what: "register",
        command: { _tag: "Register", eventId: event.id, attendee, notes: "", registeredAt: null }
      }
    }
    const { command, what } = make()
    event.asked += 1
    const startedAt = performance.now()
    const operation: Operation = {
      key,
      what,
      eventId: event.id,
      ...askedOf(command),
      startedAt,
      endedAt: Infinity,
      answers: []
    }
    event.operations.push(operation)
    return { asked: { number, key, command }, operation, event }
  }

  const settle = ({ asked, event, operation }: Underway, answer: Told["answer"]) => {
    const isFirst = operation.answers.length === 0
    operation.answers.push(answer)
    if (!isFirst) return
    operation.endedAt = performance.now()
    counts.operations += 1
    if (operation.what === "register" && answer.isOk) event.registered.push(answer.registrationId as RegistrationId)
    // Now and then a client repeats a command that was answered.
    if (Math.random() < 0.02) again.push({ asked, event, operation })
  }

  const isAnswered = (event: OpenEvent) =>
    event.operations.every(({ answers }) => answers.length > 0) &&
    !again.some((one) => one.event === event) &&
    !workers.some(({ underway }) => [...underway.values()].some((one) => one.event === event))

  const startWorker = () => {
    const child = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), [proxy.url], {
      execArgv: ["--conditions=@turnout/source"],
      stdio: ["ignore", "ignore", "inherit", "ipc"]
    })
    const worker: Worker = { child, isReady: false, underway: new Map() }
    child.on("message", (told: Told | "ready") => {
      if (told === "ready") worker.isReady = true
      else {
        const one = worker.underway.get(told.number)
        worker.underway.delete(told.number)
        if (one !== undefined) settle(one, told.answer)
      }
    })
    child.once("exit", (code) => {
      workers.splice(workers.indexOf(worker), 1)
      again.push(...worker.underway.values())
      if (isStopping) return
      if (code !== null && code !== 0) violations.push(`G2: a process ended by itself with code ${code}`)
      startWorker()
    })
    workers.push(worker)
  }

  const feed = () => {
    for (const worker of workers) {
      while (worker.isReady && worker.underway.size < IN_FLIGHT) {
        const one = next()
        if (one === undefined) break
        worker.underway.set(one.asked.number, one)
        worker.child.send(one.asked, () => {})
      }
    }
  }

  /** Does `work` again and again, after pauses of this length on average. */
  const every = async (millis: number, work: () => Promise<void>) => {
    while (!isOver()) {
      await sleep(Math.random() * 2 * millis)
      if (!isOver()) await work()
    }
  }
  const killBackend = async () => {
    const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
      ORDER BY random() LIMIT 1`
    counts.backendKills += await sql(text).then(
      (rows) => rows.length,
      () => 0
    )
  }
  const killWorker = async () => {
    const ready = workers.filter(({ isReady }) => isReady)
    if (ready.length < 2) return
    pick(ready).child.kill("SIGKILL")
    counts.workerKills += 1
  }
  const crash = async () => {
    await server.crash()
    counts.crashes += 1
  }

  const cut = async () => {
    proxy.arm(pick(CUTS))
  }

  try {
    await Effect.runPromise(
      Migrations.up().pipe(Effect.provide(Layer.orDie(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }))))
    )
    await reading.context()
    for (let n = 0; n < OPEN_EVENTS; n++) await openEvent()
    for (let n = 0; n < WORKERS; n++) startWorker()
    const faults = Promise.all([
      every(options.backendKillMillis, killBackend),
      every(options.workerKillMillis, killWorker),
      every(options.crashMillis, crash),
      every(options.cutMillis, cut)
    ])
    let opening: Promise<void> | undefined
    for (let idleSince = performance.now(); ;) {
      const before = counts.operations
      feed()
      await sleep(2)
      options.onProgress?.(counts)
      for (const event of events.filter((one) => one.asked >= OPERATIONS_PER_EVENT || isOver())) {
        if (!isAnswered(event)) continue
        events.splice(events.indexOf(event), 1)
        const checked: Promise<void> = check(event).finally(() => checking.delete(checked))
        checking.add(checked)
      }
      const isShort = events.filter(({ asked }) => asked < OPERATIONS_PER_EVENT).length < OPEN_EVENTS
      if (isShort && opening === undefined && !isOver()) opening = openEvent().finally(() => (opening = undefined))
      if (isOver() && events.length === 0 && opening === undefined) break
      if (counts.operations !== before) idleSince = performance.now()
      if (performance.now() - idleSince > 120_000) {
        violations.push("G2: nothing has been answered for two minutes")
        break
      }
    }
    await faults
    await Promise.all(checking)
    violations.push(...(await JournalReaders.untilComplete(readers, url, READING_MILLIS)))
    violations.push(...(await JournalReaders.misplaced(readers, url)))
  } finally {
    isStopping = true
    counts.cuts = proxy.faults()
    for (const { child } of workers) child.kill("SIGKILL")
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await Promise.all([runtime.dispose(), reading.dispose()])
    await server.stop()
  }
  return { ...counts, violations, seconds: (performance.now() - beganAt) / 1_000 }
}
