/**
 * Keeps a second process out of a data folder: two would overwrite each other's data without noticing.
 *
 * The holder is named in `turnout.pid` in the folder, as Postgres does it with `postmaster.pid`. A file whose process is
 * gone, after a crash, is taken over.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"

/** Folders that this process holds. */
const held = new Set<string>()

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

export class FolderInUse extends Error {
  override readonly name = "FolderInUse"
  constructor(folder: string, holder: string) {
    super(`the data folder ${folder} is in use by ${holder}; stop it, use another folder, or use a Postgres server`)
  }
}

/** Takes the folder, which is made if it is not there, and gives what lets go of it. Throws `FolderInUse`. */
export const acquire = (given: string): (() => void) => {
  const folder = resolve(given)
  const file = join(folder, "turnout.pid")
  if (held.has(folder)) throw new FolderInUse(folder, "this process")
  mkdirSync(folder, { recursive: true })
  for (let attempt = 1; ; attempt++) {
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: "wx" })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt === 3) throw error
      const pid = Number(readFileSync(file, "utf8"))
      // Our own number in a file that we do not hold is that of an earlier process, as in a container after a restart.
      if (pid > 0 && pid !== process.pid && isAlive(pid)) throw new FolderInUse(folder, `process ${pid}`)
      rmSync(file, { force: true })
    }
  }
  held.add(folder)
  return () => {
    held.delete(folder)
    rmSync(file, { force: true })
  }
}
