/**
 * The command line as operators use it: a process of its own, in a folder of its own, without the settings of the machine. Its
 * folder, its processes and its database are removed when the test disposes of it:
 *
 * ```ts
 * await using turnout = await CommandLine.onPostgres()
 * const { code, stdout } = await turnout.run("events", "list")
 * ```
 */
import { Effect, Exit, Scope } from "effect"
import { spawn, type ChildProcess } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert } from "vitest"
import * as BundledCommand from "./BundledCommand.ts"
import { environment } from "./Environment.ts"
import * as TestDatabase from "./TestDatabase.ts"

/** The file that Node runs. */
export const COMMAND = await BundledCommand.make()
/** A command that takes longer than this hangs, and is killed. */
const PATIENCE_MILLIS = 90_000

/** The SQS of the tests takes any credentials. */
const AWS_KEY = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" }

/** A process that has ended. `code` is `null` if a signal ended it. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly millis: number
}

export interface Running {
  readonly pid: number
  readonly process: ChildProcess
  /** The output so far. */
  readonly printed: { stdout: string; stderr: string }
  readonly ended: Promise<Ended>
}

export interface Server extends Running {
  readonly url: string
  /** Sends the signal, waits for the end of the server, and gives its exit code and output. */
  readonly stop: (signal: NodeJS.Signals) => Promise<Ended>
}

/** The members of documents that tests read. Each command has some of them. */
export interface Document {
  readonly id: string
  readonly title: string
  readonly status: string
  readonly state: string
  readonly capacity: number
  readonly version: number
  readonly counts: Readonly<Record<string, number>>
  readonly eventId: string
  readonly confirmed: number
  readonly unchanged: number
  readonly problems: ReadonlyArray<{ readonly line: number; readonly reason: string }>
  readonly warnings: ReadonlyArray<{ readonly line: number; readonly reason: string }>
  readonly attendee: { readonly id: string; readonly name: string; readonly email: string }
  readonly notes: string
  readonly registeredAt: string
  readonly position: number
  readonly registration: Document
  readonly items: ReadonlyArray<Document>
  readonly nextCursor: string | null
  readonly cancelled: ReadonlyArray<Document>
  readonly error: { readonly _tag: string; readonly message: string }
  readonly applied: ReadonlyArray<{ readonly id: number; readonly name: string }>
  readonly pending: ReadonlyArray<string>
  readonly migrations: ReadonlyArray<{ readonly id: number; readonly appliedAt: string | null }>
  readonly address: string
  readonly docs: string
}

/** A command line on a server, as tests fill its database. */
export interface Filling extends Pick<CommandLine, "database" | "write"> {
  readonly run: (...args: ReadonlyArray<string>) => Promise<unknown>
  readonly json: (...args: ReadonlyArray<string>) => Promise<{ readonly document: Document }>
}

/** Variables of a process beside those of all; `undefined` takes one of these away. */
type Variables = Readonly<Record<string, string | undefined>>

const start = (program: string, args: ReadonlyArray<string>, cwd: string, env: Variables) => {
  const began = Date.now()
  const child = spawn(program, args, {
    cwd,
    env: { ...environment, ...AWS_KEY, ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const printed = { stdout: "", stderr: "" }
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (printed.stdout += chunk))
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (printed.stderr += chunk))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code) => resolve({ code, ...printed, millis: Date.now() - began }))
  })
  return { pid: child.pid ?? 0, process: child, printed, ended } satisfies Running
}

export class CommandLine implements AsyncDisposable {
  readonly folder: string
  /** The URL of the database, if `onPostgres` made this command line. */
  readonly database: string | undefined
  readonly #scope: Scope.Closeable
  readonly #where: ReadonlyArray<string>
  readonly #running = new Set<Running>()

  constructor(scope: Scope.Closeable, given: { readonly database?: string; readonly data?: string }) {
    const { data, database } = given
    this.folder = mkdtempSync(join(tmpdir(), "turnout-cli-"))
    this.database = database
    this.#scope = scope
    this.#where = [
      ...(database === undefined ? [] : ["--database", database]),
      ...(data === undefined ? [] : ["--data", data])
    ]
  }

  /** Starts `turnout` with the database of this command line. */
  start(args: ReadonlyArray<string>, env: Variables = {}): Running {
    return this.#track(start(process.execPath, [COMMAND, ...this.#where, ...args], this.folder, env))
  }

  /** Runs `turnout` to its end. */
  run(...args: ReadonlyArray<string>): Promise<Ended> {
    return inTime(this.start(args))
  }

  /** Runs `turnout … --json`, and gives the one document that it prints on stdout. */
  async json(...args: ReadonlyArray<string>): Promise<Ended & { readonly document: Document }> {
    const ended = await this.run(...args, "--json")
    return { ...ended, document: documentOf(ended) }
  }

  /** Runs a line of shell. */
  shell(line: string): Promise<Ended> {
    return inTime(this.#track(start("bash", ["-c", line], this.folder, {})))
  }

  /** Starts a server on a free port, which is open unless it has an admin token, and waits until it is ready for requests. */
  serve(...args: ReadonlyArray<string>): Promise<Server> {
    return this.serveWith({}, ...args)
  }

  /** The same with variables. */
  async serveWith(env: Variables, ...args: ReadonlyArray<string>): Promise<Server> {
    const isSaid = ["--open", "--no-open", "--admin-token"].some((option) => args.includes(option))
    const running = this.start(["serve", "--port", "0", ...(isSaid ? [] : ["--open"]), ...args], env)
    const { ended, printed, process: child } = running
    await until(() => printed.stdout.endsWith("\n") || child.exitCode !== null, "the address of the server")
    const url = /http:\/\/[\d.]+:\d+/.exec(printed.stdout)?.[0]
    if (url === undefined) throw new Error(`turnout serve did not start: ${JSON.stringify(await ended)}`)
    const stop = (signal: NodeJS.Signals) => {
      const began = Date.now()
      child.kill(signal)
      return inTime(running).then((end) => ({ ...end, millis: Date.now() - began }))
    }
    return { ...running, url, stop }
  }

  /** Writes a file into the folder, and gives its name. */
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(join(this.folder, name), content)
    return name
  }

  /** Every page of a list. */
  async pages(...args: ReadonlyArray<string>): Promise<ReadonlyArray<Document>> {
    const pages: Array<Document> = []
    for (let cursor: string | null = ""; cursor !== null; cursor = pages.at(-1)!.nextCursor) {
      const { document } = await this.json(...args, ...(cursor === "" ? [] : ["--cursor", cursor]))
      pages.push(document)
    }
    return pages
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { ended, process: child } of this.#running) {
      child.kill("SIGKILL")
      await ended.catch(() => {})
    }
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
    rmSync(this.folder, { recursive: true, force: true })
  }

  #track(running: Running): Running {
    this.#running.add(running)
    const done = () => void this.#running.delete(running)
    running.ended.then(done, done)
    return running
  }
}

const inTime = async ({ ended, process: child }: Running): Promise<Ended> => {
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MILLIS)
  try {
    return await ended
  } finally {
    clearTimeout(timer)
  }
}

/** A command line on the embedded database: in `turnout-data` in its folder, or in the folder that `data` names. */
export const embedded = async (given: { readonly data?: string } = {}): Promise<CommandLine> =>
  new CommandLine(await Effect.runPromise(Scope.make()), given)

/** A command line on a new, empty Postgres database. */
export const onPostgres = async (): Promise<CommandLine> => {
  const scope = await Effect.runPromise(Scope.make())
  return new CommandLine(scope, { database: await Effect.runPromise(Scope.provide(TestDatabase.make, scope)) })
}

/** The document on stdout, which must be one line of JSON. */
export const documentOf = ({ stderr, stdout }: Ended): Document => {
  assert.match(stdout, /^\{.*\}\n$/, `stdout must be one line of JSON; stderr: ${stderr}`)
  return JSON.parse(stdout) as Document
}

/** Waits until the condition holds; fails after `seconds`. */
export const until = async (condition: () => boolean, what: string, seconds = 60): Promise<void> => {
  for (const end = Date.now() + seconds * 1_000; !condition();) {
    if (Date.now() > end) throw new Error(`waited ${seconds} seconds for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Runs statements one after the other, and gives the rows of the last one. */
export const sql = (url: string, ...statements: ReadonlyArray<string>): Promise<ReadonlyArray<unknown>> =>
  Effect.gen(function* () {
    const client = yield* TestDatabase.client(url)
    let rows: ReadonlyArray<unknown> = []
    for (const statement of statements) rows = yield* client.unsafe(statement)
    return rows
  }).pipe(Effect.scoped, Effect.runPromise)

/** Locks every event of a database for writing, and gives a function that releases the locks. */
export const lockEvents = (url: string): Promise<() => Promise<void>> =>
  lock(url, "SELECT id FROM turnout.events FOR UPDATE")

/** Locks the journal of a database against reading, and gives a function that releases the lock. */
export const lockJournal = (url: string): Promise<() => Promise<void>> =>
  lock(url, "LOCK TABLE turnout.journal IN ACCESS EXCLUSIVE MODE")

const lock = async (url: string, statement: string): Promise<() => Promise<void>> => {
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  let locked = () => {}
  const isLocked = new Promise<void>((resolve) => (locked = resolve))
  const held = Effect.gen(function* () {
    const client = yield* TestDatabase.client(url)
    yield* client.withTransaction(
      Effect.andThen(
        client.unsafe(statement),
        Effect.promise(() => (locked(), released))
      )
    )
  }).pipe(Effect.scoped, Effect.runPromise)
  await Promise.race([isLocked, held])
  return () => (release(), held)
}

/** Waits until a statement waits for a lock in the database. */
export const untilBlocked = async (url: string): Promise<void> => {
  for (let attempt = 1; attempt <= 100; attempt++) {
    const waiting = await sql(
      url,
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    if (waiting.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error("no statement waits for a lock")
}

/** Numbers from 1 to n. */
export const upTo = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, index) => index + 1)

export const email = (n: number): string => `attendee-${String(n).padStart(4, "0")}@example.com`

/** The row, counted without the header, in which the person of row `REPEATED_PERSON` registers a second time. */
export const REPEATED_ROW = 3_435
export const REPEATED_PERSON = 2_066

/**
 * The addresses of a conference's 5,175 registrations in the order of arrival. `REPEATED_PERSON` is there twice, so there
 * are 5,174 people.
 */
export const arrivals: ReadonlyArray<string> = upTo(5_175).map((row) =>
  email(row < REPEATED_ROW ? row : row === REPEATED_ROW ? REPEATED_PERSON : row - 1)
)

const FIRST_ARRIVAL = Date.UTC(2008, 10, 12, 10, 47)

/** The CSV of the arrivals, four in every minute. */
export const conferenceCsv = (): string =>
  [
    "registered_at,attendee",
    ...arrivals.map((address, index) => {
      const minute = new Date(FIRST_ARRIVAL + Math.floor(index / 4) * 60_000)
      return `${minute.toISOString().slice(0, 16)}:00Z,${address}`
    }),
    ""
  ].join("\n")
