/**
 * Redis servers that a test has for itself, on free ports, with nothing on the disk: a single one, one with a replica and a Sentinel, and a
 * Cluster of three primaries.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { freePort } from "./PostgresServer.ts"

const HOW_TO_GET_ONE = "The tests of Redis need redis-server and redis-cli and found none: apt-get install redis-server"

export type Settings = Readonly<Record<string, string>>

export interface RedisServer extends AsyncDisposable {
  readonly port: number
  /** `redis://127.0.0.1` with the port. */
  readonly url: string
  /** Runs a command by `redis-cli`, and returns what that printed. */
  readonly run: (...command: ReadonlyArray<string>) => Promise<string>
  /** Stops the process where it is: connections stay, and nothing is answered. */
  readonly pause: () => void
  readonly resume: () => void
  /** Ends the process without a shutdown. */
  readonly kill: () => Promise<void>
  /** Starts the process again, on the same port, without its data. */
  readonly start: () => Promise<void>
}

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)))
    socket.on("error", () => resolve(false))
  })

/** Waits until something is so, for fifteen seconds at most. */
export const until = async (holds: () => Promise<boolean>, what: string): Promise<void> => {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await holds()) return
    await sleep(50)
  }
  throw new Error(`it did not happen that ${what}`)
}

const cli = async (port: number, ...command: ReadonlyArray<string>): Promise<string> =>
  (await promisify(execFile)("redis-cli", ["-p", String(port), ...command])).stdout.trim()

/** Starts a server. `file` is the text of its configuration; `settings` are added to it. */
const launch = async (port: number, settings: Settings, file?: string): Promise<RedisServer> => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "pipe" })
  } catch {
    throw new Error(HOW_TO_GET_ONE)
  }
  const folder = mkdtempSync(join(tmpdir(), "turnout-redis-"))
  const config = join(folder, "redis.conf")
  const lines = { port: String(port), bind: "127.0.0.1", dir: folder, save: '""', appendonly: "no", ...settings }
  const own = Object.entries(lines).map(([name, value]) => `${name} ${value}`)
  let child: ChildProcess | undefined
  let exited = Promise.resolve()

  const start = async () => {
    writeFileSync(config, file ?? `${own.join("\n")}\n`)
    const started = spawn("redis-server", [config, ...(file === undefined ? [] : ["--sentinel"])], { stdio: "ignore" })
    child = started
    exited = new Promise((resolve) => started.once("exit", () => resolve()))
    await until(() => isListening(port), `redis-server listens at ${port}`)
  }
  const kill = async () => {
    // A process that is stopped ends by SIGKILL as well.
    child?.kill("SIGKILL")
    await exited
  }
  await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    run: (...command) => cli(port, ...command),
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    kill,
    start,
    [Symbol.asyncDispose]: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** Starts a server; `settings` are lines of redis.conf. */
export const start = async (settings: Settings = {}): Promise<RedisServer> => launch(await freePort(), settings)

const disposeAll = async (all: ReadonlyArray<AsyncDisposable>): Promise<void> => {
  for (const one of all) await one[Symbol.asyncDispose]()
}

export interface WatchedServers extends AsyncDisposable {
  /** The primary in the beginning, and its replica. */
  readonly servers: readonly [primary: RedisServer, replica: RedisServer]
  readonly sentinel: RedisServer
  /** The name of the primary. */
  readonly name: string
}

/** Starts a primary with a replica, and a Sentinel that has the replica take over half a second after it misses the primary. */
export const startWatched = async (): Promise<WatchedServers> => {
  const primary = await start()
  const replica = await start({ replicaof: `127.0.0.1 ${primary.port}` })
  const port = await freePort()
  const name = "turnout-primary"
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `sentinel monitor ${name} 127.0.0.1 ${primary.port} 1`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 2000`
  ]
  const sentinel = await launch(port, {}, `${lines.join("\n")}\n`)
  await until(
    async () => (await sentinel.run("sentinel", "replicas", name)).includes(`\n${replica.port}\n`),
    "the Sentinel knows the replica"
  )
  await until(
    async () => (await replica.run("info", "replication")).includes("master_link_status:up"),
    "the replica follows"
  )
  return {
    servers: [primary, replica],
    sentinel,
    name,
    [Symbol.asyncDispose]: () => disposeAll([sentinel, replica, primary])
  }
}

export interface Cluster extends AsyncDisposable {
  readonly nodes: ReadonlyArray<RedisServer>
}

/** A node listens for the others at a port that is higher by 10,000. */
const clusterPort = async (): Promise<number> => {
  const port = await freePort()
  return port < 55_000 ? port : clusterPort()
}

/** Starts a Cluster of three primaries without replicas. */
export const startCluster = async (settings: Settings = {}): Promise<Cluster> => {
  const nodes: Array<RedisServer> = []
  const own = { "cluster-enabled": "yes", "cluster-node-timeout": "2000", "cluster-require-full-coverage": "no" }
  for (let n = 0; n < 3; n++) nodes.push(await launch(await clusterPort(), { ...own, ...settings }))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  await promisify(execFile)("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"])
  for (const node of nodes)
    await until(async () => {
      const info = await node.run("cluster", "info")
      return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3")
    }, "the Cluster is whole")
  return { nodes, [Symbol.asyncDispose]: () => disposeAll(nodes) }
}
