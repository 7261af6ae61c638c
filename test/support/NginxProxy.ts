/**
 * An nginx of a test, in front of a server: with a configuration that a page of the docs shows, on a free port.
 */
import { Effect } from "effect"
import { execFileSync, spawn } from "node:child_process"
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort, unprivileged } from "./PostgresServer.ts"

const HOW_TO_GET_ONE =
  "The tests of proxies need nginx and found none: apt-get install nginx-light, or brew install nginx"

/** Fails if there is no nginx, and says how to get one. */
const requireNginx = () => {
  try {
    execFileSync("nginx", ["-v"], { stdio: "pipe", env: PATH })
  } catch {
    throw new Error(HOW_TO_GET_ONE)
  }
}

/** Debian has servers in a folder that is on the path of root only. */
const PATH = { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/usr/local/sbin` }

const isListening = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)))
    socket.on("error", () => resolve(false))
  })

/** The whole configuration around the blocks of the docs, which listen on `port` and lead to `upstream`. */
const configOf = (blocks: string, port: number, upstream: number): string => {
  const set = (text: string, from: string, to: string) => {
    if (!text.includes(from)) throw new Error(`the configuration in the docs has no ${from}`)
    return text.replaceAll(from, to)
  }
  const own = set(set(blocks, "listen 80;", `listen 127.0.0.1:${port};`), "127.0.0.1:3000", `127.0.0.1:${upstream}`)
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path temp_${name};`)
  return `daemon off; pid nginx.pid; error_log stderr; events {} http { access_log off; ${temp.join(" ")}\n${own}\n}`
}

/** The address of an nginx, which ends with the scope. */
export const make = (blocks: string, upstream: number) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      requireNginx()
      const user = unprivileged()
      const port = await freePort()
      const folder = mkdtempSync(join(tmpdir(), "turnout-nginx-"))
      writeFileSync(join(folder, "nginx.conf"), configOf(blocks, port, upstream))
      if (user) chownSync(folder, user.uid, user.gid)
      const nginx = spawn("nginx", ["-p", folder, "-c", "nginx.conf", "-e", "stderr"], {
        ...user,
        cwd: folder,
        env: PATH,
        stdio: ["ignore", "ignore", "pipe"]
      })
      let said = ""
      nginx.stderr.on("data", (chunk) => (said += String(chunk)))
      const exited = new Promise<void>((resolve) => nginx.once("exit", () => resolve()))
      const stop = async () => {
        nginx.kill("SIGTERM")
        await exited
        rmSync(folder, { recursive: true, force: true })
      }
      for (let attempt = 0; attempt < 100 && nginx.exitCode === null; attempt++) {
        if (await isListening(port)) return { url: `http://127.0.0.1:${port}`, stop }
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      await stop()
      throw new Error(`nginx did not start: ${said}`)
    }),
    ({ stop }) => Effect.promise(stop)
  )
