/**
 * A PgBouncer of a test, in transaction mode unless it is told otherwise, before the server of the tests or another one.
 */
import * as PostgresStore from "@turnout/adapters/postgres"
import type { AdmissionReads } from "@turnout/core/admission/ports/AdmissionReads"
import type { Generations } from "@turnout/core/caching/ports/Generations"
import type { AdmissionStore } from "@turnout/core/admission/ports/AdmissionStore"
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { execFileSync, spawn } from "node:child_process"
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inject } from "vitest"
import { freePort, unprivileged } from "./PostgresServer.ts"
import * as TestDatabase from "./TestDatabase.ts"

const HOW_TO_GET_ONE =
  "The tests of poolers need PgBouncer and found none: apt-get install pgbouncer, or brew install pgbouncer"

export interface PgBouncer extends AsyncDisposable {
  /** The URL of a database of the server, through the pooler. */
  readonly through: (url: string) => string
  readonly port: number
  /** What it has logged. */
  readonly logged: () => string
}

/** Debian has servers in a folder that is on the path of root only. */
const PATH = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/usr/local/sbin` }

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)))
    socket.on("error", () => resolve(false))
  })

/** Starts a PgBouncer before the server of a URL. `settings` are lines of its section `pgbouncer`. */
export const start = async (server: string, ...settings: ReadonlyArray<string>): Promise<PgBouncer> => {
  try {
    execFileSync("pgbouncer", ["--version"], { stdio: "pipe", env: PATH })
  } catch {
    throw new Error(HOW_TO_GET_ONE)
  }
  const user = unprivileged()
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), "turnout-pgbouncer-"))
  const { hostname, password, port: serverPort, username } = new URL(server)
  const target = `host=${hostname} port=${serverPort || 5432} user=${username || "postgres"}`
  const config = [
    "[databases]",
    `* = ${target}${password === "" ? "" : ` password=${decodeURIComponent(password)}`}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    "default_pool_size = 20",
    "max_client_conn = 500",
    "server_round_robin = 1",
    ...settings
  ]
  const file = join(folder, "pgbouncer.ini")
  writeFileSync(file, `${config.join("\n")}\n`)
  if (user) for (const path of [folder, file]) chownSync(path, user.uid, user.gid)
  const pooler = spawn("pgbouncer", [file], { ...user, cwd: folder, env: PATH, stdio: ["ignore", "ignore", "pipe"] })
  let logged = ""
  pooler.stderr.on("data", (chunk) => (logged += String(chunk)))
  const exited = new Promise<void>((resolve) => pooler.once("exit", () => resolve()))
  const stop = async () => {
    pooler.kill("SIGTERM")
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  for (let attempt = 0; attempt < 100 && pooler.exitCode === null; attempt++) {
    if (await isListening(port)) {
      const through = (url: string) => {
        const pooled = new URL(url)
        pooled.host = `127.0.0.1:${port}`
        return pooled.href
      }
      return { through, port, logged: () => logged, [Symbol.asyncDispose]: stop }
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await stop()
  throw new Error(`PgBouncer did not start: ${logged}`)
}

/** The store on a new database, through a PgBouncer of its own, for the suites of the stores. */
export const layerStore = (options: {
  readonly poolSize: number
}): Layer.Layer<AdmissionStore | AdmissionReads | Generations | SqlClient.SqlClient> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const pooler = yield* Effect.acquireRelease(
        Effect.promise(() => start(inject("postgresUrl"))),
        (started) => Effect.promise(() => started[Symbol.asyncDispose]())
      )
      const url = pooler.through(yield* TestDatabase.make)
      return Layer.orDie(TestDatabase.migrated(PostgresStore.layer({ ...options, url })))
    })
  )
