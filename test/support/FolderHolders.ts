/**
 * Holders of data folders: processes, processes in PID namespaces of their own, and threads. Each runs `folderHolder.ts`.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { environment } from "./Environment.ts"
import type { Order } from "./folderHolder.ts"

const SCRIPT = new URL("folderHolder.ts", import.meta.url)
const CONDITIONS = "--conditions=@turnout/source"

/** A PID namespace as a container has it, in which the holder is process 1. `kill -9` of `unshare` ends the holder too. */
const NAMESPACE = ["unshare", "-r", "-p", "-f", "--mount-proc", "--kill-child"] as const

export const hasNamespaces: boolean = spawnSync(NAMESPACE[0], [...NAMESPACE.slice(1), "true"]).status === 0

export interface Holder {
  readonly pid: number
  /** Sends an order to the holder, and gives its answer. */
  readonly tell: (order: Order) => Promise<string>
  /** Kills the holder: `kill -9` for a process, `terminate` for a thread. Resolves when it is gone. */
  readonly kill: () => Promise<unknown>
}

/** The answers of a holder, in their order. They reject when the holder has ended. */
const answers = (of: ChildProcess | Worker) => {
  const waiting: Array<{ readonly resolve: (text: string) => void; readonly reject: (error: Error) => void }> = []
  const gone = new Promise<unknown>((resolve) =>
    of.once("exit", (code: unknown) => {
      for (const { reject } of waiting.splice(0)) reject(new Error(`the holder has ended with ${String(code)}`))
      resolve(code)
    })
  )
  of.on("message", (text: unknown) => waiting.shift()?.resolve(String(text)))
  const next = () => new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }))
  return { gone, next }
}

const start = async (program: string, args: ReadonlyArray<string>): Promise<Holder> => {
  const child = spawn(program, args, {
    env: environment,
    stdio: ["ignore", "ignore", "inherit", "ipc"]
  })
  const { gone, next } = answers(child)
  await next()
  return {
    pid: child.pid ?? 0,
    tell: (order) => {
      const answer = next()
      child.send(order)
      return answer
    },
    kill: () => {
      child.kill("SIGKILL")
      return gone
    }
  }
}

const NODE = [process.execPath, CONDITIONS, fileURLToPath(SCRIPT)] as const

export const startProcess = (): Promise<Holder> => start(NODE[0], NODE.slice(1))

export const startInNamespace = (): Promise<Holder> => start(NAMESPACE[0], [...NAMESPACE.slice(1), ...NODE])

/** A thread of this process. */
export const startThread = async (): Promise<Holder> => {
  const worker = new Worker(SCRIPT, { execArgv: [CONDITIONS] })
  const { gone, next } = answers(worker)
  await next()
  return {
    pid: process.pid,
    tell: (order) => {
      const answer = next()
      worker.postMessage(order, [])
      return answer
    },
    kill: () => worker.terminate().then(() => gone)
  }
}
