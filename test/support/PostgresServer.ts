/**
 * The Postgres server of the tests and of the benchmarks, which is one of these:
 *
 * - the one that `DATABASE_URL` names; if it cannot be used, that is an error, and nothing else is tried;
 * - one that is started from the binaries on this machine, on a free port, with its data in a temp folder;
 * - the local server at 127.0.0.1:5432 (or `PGHOST`, `PGPORT`), if it lets this user create databases.
 *
 * Tests start one if they can: with fsync off, a database is created, migrated and dropped in a fifth of the time. Benchmarks take the
 * local server if they can, since they measure commits that last. If there is none of these, the run fails and says how to get one.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { execFileSync, spawn, type ChildProcess } from "node:child_process"
import { chownSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir, userInfo } from "node:os"
import { delimiter, join } from "node:path"

export interface PostgresServer {
  /** URL of a database on the server, for a user who may create databases. */
  readonly url: string
  /** The origin of the server in words, such as `DATABASE_URL`. */
  readonly origin: string
  readonly stop: () => Promise<void>
}

/** A server that a test has started for itself. */
export interface OwnServer extends PostgresServer {
  /** Ends the server without a shutdown, as `pg_ctl stop -m immediate` does, and starts it again: it recovers from its log. */
  readonly crash: () => Promise<void>
  /** The folder of its data. */
  readonly data: string
  /**
   * Shuts the server down, calls `change`, and starts it with further settings. Waits until it can be used, unless
   * `awaitReady` is false.
   */
  readonly restart: (settings?: ReadonlyArray<string>, change?: () => void, awaitReady?: boolean) => Promise<void>
}

const OLDEST_VERSION = 15

const HOW_TO_GET_ONE = `This needs Postgres ${OLDEST_VERSION} or newer and found none. Do one of these, then run it again:
  - set DATABASE_URL to a server on which you may create databases, such as postgres://postgres@127.0.0.1:5432/postgres
  - start a server on 127.0.0.1:5432 that lets you or the user "postgres" in
  - install the binaries and leave the rest to the run: apt-get install postgresql, or brew install postgresql`

/** The reason why a server cannot be used, or `undefined` if it can. */
export const probe = (url: string): Promise<string | undefined> =>
  Effect.gen(function* () {
    const sql = yield* PgClient.makeClient({ url: Redacted.make(url), connectTimeout: "3 seconds" })
    const [row] = yield* sql<{ version: number; allowed: boolean }>`
      SELECT current_setting('server_version_num')::int / 10000 AS version,
        (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS allowed`
    if (row === undefined || row.version < OLDEST_VERSION) return `it is version ${row?.version}`
    return row.allowed ? undefined : "its user may not create databases"
  }).pipe(
    Effect.scoped,
    Effect.provide(Reactivity.layer),
    Effect.catch((error) => Effect.succeed(String(error.reason.cause ?? error))),
    Effect.runPromise
  )

export const findBinaries = (): string | undefined => {
  const folders = [
    ...globSync(["/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"]),
    ...(process.env["PATH"] ?? "").split(delimiter)
  ]
  const found = folders.flatMap((folder) => {
    try {
      const version = execFileSync(join(folder, "postgres"), ["--version"], { encoding: "utf8", stdio: "pipe" })
      execFileSync(join(folder, "initdb"), ["--version"], { stdio: "pipe" })
      return [{ folder, major: Number(/\d+/.exec(version)?.[0]) }]
    } catch {
      return []
    }
  })
  return found.filter(({ major }) => major >= OLDEST_VERSION).toSorted((a, b) => b.major - a.major)[0]?.folder
}

/** The user to run Postgres as, since it refuses to run as root; `undefined` if this process does not run as root. */
export const unprivileged = (): { uid: number; gid: number } | undefined => {
  if (userInfo().uid !== 0) return undefined
  const users = new Map(
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .map(([name = "", , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }])
  )
  return users.get("postgres") ?? users.get("nobody")
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

/** Starts a server of its own; `settings` are lines for postgresql.conf, such as `fsync=off`. */
export const start = async (binaries: string, settings: ReadonlyArray<string> = ["fsync=off"]): Promise<OwnServer> => {
  const user = unprivileged()
  const folder = mkdtempSync(join(tmpdir(), "turnout-postgres-"))
  if (user) chownSync(folder, user.uid, user.gid)
  const data = join(folder, "data")
  execFileSync(join(binaries, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"], {
    ...user,
    cwd: folder,
    stdio: "pipe"
  })
  const port = await freePort()
  const all = ["listen_addresses=127.0.0.1", `port=${port}`, `unix_socket_directories=${folder}`, "max_connections=200"]
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const launch = (more: ReadonlyArray<string> = []): ChildProcess =>
    spawn(join(binaries, "postgres"), ["-D", data, ...[...all, ...settings, ...more].flatMap((s) => ["-c", s])], {
      ...user,
      cwd: folder,
      stdio: "ignore"
    })
  let server = launch()
  const end = async (signal: "SIGINT" | "SIGQUIT") => {
    const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()))
    server.kill(signal)
    // A server that gets the signal to stop during recovery may wait for itself.
    const patience = setTimeout(() => server.kill("SIGQUIT"), 10_000)
    await exited
    clearTimeout(patience)
  }
  const stop = async () => {
    await end("SIGINT")
    rmSync(folder, { recursive: true, force: true })
  }
  const untilReady = async () => {
    let problem: string | undefined
    for (let attempt = 0; attempt < 100; attempt++) {
      problem = await probe(url)
      if (problem === undefined) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await stop()
    throw new Error(`Postgres from ${binaries} did not start: ${problem}`)
  }
  await untilReady()
  const crash = async () => {
    await end("SIGQUIT")
    server = launch()
    await untilReady()
  }
  const restart = async (more: ReadonlyArray<string> = [], change = () => {}, awaitReady = true) => {
    await end("SIGINT")
    change()
    server = launch(more)
    if (awaitReady) await untilReady()
  }
  return { url, origin: `started from ${binaries}`, stop, crash, data, restart }
}

/** The server that `DATABASE_URL` names. */
const named = async (): Promise<PostgresServer | undefined> => {
  const url = process.env["DATABASE_URL"]
  if (!url) return undefined
  const problem = await probe(url)
  if (problem !== undefined) throw new Error(`DATABASE_URL cannot be used: ${problem}`)
  return { url, origin: "DATABASE_URL", stop: async () => {} }
}

/** The local server. */
const local = async (): Promise<PostgresServer | undefined> => {
  const address = `${process.env["PGHOST"] ?? "127.0.0.1"}:${process.env["PGPORT"] ?? "5432"}`
  for (const user of new Set([process.env["PGUSER"] ?? "postgres", "postgres", userInfo().username])) {
    const url = `postgres://${user}@${address}/postgres`
    if ((await probe(url)) === undefined) return { url, origin: `the server at ${address}`, stop: async () => {} }
  }
  return undefined
}

/** Starts a server, if its binaries are here. */
const started = async (settings?: ReadonlyArray<string>): Promise<PostgresServer | undefined> => {
  const binaries = findBinaries()
  return binaries === undefined ? undefined : start(binaries, settings)
}

/** Finds or starts the server of a benchmark. `settings` apply only to a server that is started. */
export const provide = async (settings?: ReadonlyArray<string>): Promise<PostgresServer> => {
  const server = (await named()) ?? (await local()) ?? (await started(settings))
  if (server === undefined) throw new Error(HOW_TO_GET_ONE)
  return server
}

/** Starts or finds the server of the tests. */
export const provideForTests = async (): Promise<PostgresServer> => {
  const server = (await named()) ?? (await started()) ?? (await local())
  if (server === undefined) throw new Error(HOW_TO_GET_ONE)
  return server
}
