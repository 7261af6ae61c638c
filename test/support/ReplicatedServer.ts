/**
 * A primary and an asynchronous standby that a test has for itself, and an address that leads to the present primary.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process"
import { chownSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Way from "./Way.ts"
import { findBinaries, freePort, probe, unprivileged } from "./PostgresServer.ts"

export interface ReplicatedServer {
  /** The URL that leads to the primary. */
  readonly url: string
  /** Cuts the standby off: commits from now on do not reach it. */
  readonly holdBack: () => void
  /**
   * Ends the primary at once, and promotes the standby. Commits that have not reached it are lost. Gives the URL of the new
   * primary itself. `standBy` makes a standby for it.
   */
  readonly failOver: () => Promise<string>
  /** Makes a standby from a copy of the primary, and starts it. */
  readonly standBy: () => Promise<void>
  readonly stop: () => Promise<void>
}

interface Instance {
  readonly data: string
  readonly port: number
  readonly url: string
  readonly process: ChildProcess
}

const untilReady = async (url: string): Promise<void> => {
  let problem: string | undefined
  for (let attempt = 0; attempt < 200; attempt++) {
    problem = await probe(url)
    if (problem === undefined) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`Postgres did not start: ${problem}`)
}

export const start = async (): Promise<ReplicatedServer> => {
  const binaries = findBinaries()!
  const user = unprivileged()
  const folder = mkdtempSync(join(tmpdir(), "turnout-replicated-"))
  if (user) chownSync(folder, user.uid, user.gid)
  const as = { ...user, cwd: folder }
  const run = (program: string, args: ReadonlyArray<string>) => promisify(execFile)(join(binaries, program), args, as)
  let copies = 0

  const launch = async (data: string): Promise<Instance> => {
    const port = await freePort()
    const settings = [
      "listen_addresses=127.0.0.1",
      `port=${port}`,
      `unix_socket_directories=${folder}`,
      "max_connections=100",
      "wal_keep_size=256MB",
      // The tests are not about the disk: a primary that has ended never comes back.
      "fsync=off"
    ]
    const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])]
    const child = spawn(join(binaries, "postgres"), args, { ...as, stdio: "ignore" })
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    await untilReady(url)
    return { data, port, url, process: child }
  }
  /** Ends a server and all of its processes at once, so that none of them writes another byte. */
  const kill = async ({ data, process: child }: Instance): Promise<void> => {
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
    await run("pg_ctl", ["-D", data, "-m", "immediate", "-W", "stop"])
    await exited
  }

  const first = join(folder, "copy0")
  await run("initdb", ["-D", first, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"])
  let primary = await launch(first)
  let standby: Instance | undefined

  const forClients = await Way.make(() => primary.port)
  const forStandby = await Way.make(() => primary.port)

  const standBy = async () => {
    const data = join(folder, `copy${++copies}`)
    forStandby.open()
    const from = ["-h", "127.0.0.1", "-p", String(forStandby.port), "-U", "postgres"]
    await run("pg_basebackup", [...from, "-D", data, "-R", "-c", "fast", "--no-sync"])
    standby = await launch(data)
  }
  await standBy()

  return {
    url: `postgres://postgres@127.0.0.1:${forClients.port}/postgres`,
    holdBack: () => {
      forStandby.close()
    },
    failOver: async () => {
      const old = primary
      await kill(old)
      await run("pg_ctl", ["-D", standby!.data, "-w", "promote"])
      primary = standby!
      standby = undefined
      forClients.cut()
      rmSync(old.data, { recursive: true, force: true })
      await untilReady(primary.url)
      return primary.url
    },
    standBy,
    stop: async () => {
      await Promise.all([forClients.end(), forStandby.end()])
      for (const one of [standby, primary]) if (one !== undefined) await kill(one)
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
