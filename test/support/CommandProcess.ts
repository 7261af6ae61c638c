/**
 * A process that runs commands of `turnout` one after the other, each in a moment, where starting a process for each takes a second.
 * What has to do with processes themselves (signals, pipes, terminals) is tested with `CommandLine`.
 *
 * ```ts
 * await using turnout = await CommandProcess.start(database)
 * const { code, stdout } = await turnout.run("events", "list")
 * ```
 */
import { fork, type ChildProcess } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Ended } from "../fuzz/commandLine.ts"
import type { Document } from "./CommandLine.ts"
import { environment } from "./Environment.ts"

/** No command of these tests takes this long. */
const STOP_MILLIS = 60_000

export class CommandProcess implements AsyncDisposable {
  readonly folder: string
  /** The URL of the database that the commands are run on. */
  readonly database: string
  readonly #child: ChildProcess

  constructor(child: ChildProcess, folder: string, database: string) {
    this.#child = child
    this.folder = folder
    this.database = database
  }

  /** Runs a command on the database of this process. */
  async run(...args: ReadonlyArray<string>): Promise<Ended> {
    const ended = told<Ended>(this.#child)
    this.#child.send(["--database", this.database, ...args])
    return ended
  }

  /** Runs `turnout … --json`, and gives the one document that it prints on stdout. */
  async json<A = Document>(...args: ReadonlyArray<string>): Promise<Ended & { readonly document: A }> {
    const ended = await this.run(...args, "--json")
    return { ...ended, document: JSON.parse(ended.stdout) as A }
  }

  /** Writes a file into the folder, and gives its name. */
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(join(this.folder, name), content)
    return name
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve))
    this.#child.kill("SIGKILL")
    await gone
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const told = <A>(child: ChildProcess) =>
  new Promise<A>((resolve, reject) => {
    child.once("exit", reject)
    child.once("message", (message) => {
      child.off("exit", reject)
      resolve(message as A)
    })
  })

/** Starts the process, in a folder of its own. */
export const start = async (database: string, env: Readonly<Record<string, string>> = {}): Promise<CommandProcess> => {
  const folder = mkdtempSync(join(tmpdir(), "turnout-commands-"))
  const child = fork(fileURLToPath(new URL("../fuzz/commandLine.ts", import.meta.url)), [String(STOP_MILLIS)], {
    cwd: folder,
    execArgv: ["--conditions=@turnout/source"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { ...environment, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", ...env }
  })
  await told(child)
  return new CommandProcess(child, folder, database)
}
