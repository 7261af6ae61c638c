/**
 * Scripts in processes of their own, so that contestants share neither a heap nor compiled code.
 */
import { spawn, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"

/** The folder `bench` of this checkout. */
const HERE = new URL("..", import.meta.url)

const launch = (script: string, settings: unknown, bench: URL): ChildProcess => {
  const file = fileURLToPath(new URL(script, bench))
  const options = ["--conditions=@turnout/source", "--expose-gc"]
  return spawn(process.execPath, [...options, file, JSON.stringify(settings)], { stdio: ["ignore", "pipe", "inherit"] })
}

/**
 * Runs a script, given by its path in `bench`, with one JSON argument, and gives the JSON that it prints. `bench` is the
 * folder of that name in another checkout.
 */
export const run = <A>(script: string, settings: unknown, bench = HERE): Promise<A> =>
  new Promise((resolve, reject) => {
    const child = launch(script, settings, bench)
    let printed = ""
    child.stdout?.on("data", (chunk: Buffer) => (printed += chunk.toString()))
    child.on("error", reject)
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(printed) as A)
      else reject(new Error(`${script} ended with code ${code}`))
    })
  })

export interface Running<A> extends AsyncDisposable {
  /** The first line that it printed. */
  readonly told: A
}

/** Starts a script that goes on until it is disposed of. `bench` is the folder of that name in another checkout. */
export const start = <A>(script: string, settings: unknown, bench = HERE): Promise<Running<A>> =>
  new Promise((resolve, reject) => {
    const child = launch(script, settings, bench)
    const ended = new Promise<void>((done) => child.on("close", () => done()))
    child.on("error", reject)
    child.on("close", (code) => reject(new Error(`${script} ended with code ${code}`)))
    let printed = ""
    child.stdout?.on("data", (chunk: Buffer) => {
      printed += chunk.toString()
      if (!printed.includes("\n")) return
      resolve({
        told: JSON.parse(printed) as A,
        [Symbol.asyncDispose]: () => {
          child.kill("SIGKILL")
          return ended
        }
      })
    })
  })

/** The argument of this script. */
export const settings = <A>(): A => JSON.parse(process.argv[2] ?? "null") as A

/** Prints the result of this script. */
export const result = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
