/**
 * Keeps a second process out of a data folder: two processes would overwrite each other's data without noticing.
 *
 * The lock is the operating system's, held on `turnout.lock` in the folder through an exclusive transaction of SQLite. It is a
 * lock on the file itself, by any path and from any container, it keeps out other threads of the process as well, and it ends
 * with its holder, in any way that the holder ends. The contents of the file do not matter, nor does a file that an earlier
 * holder has left. `turnout.pid` tells people who the holder is, and decides nothing.
 *
 * The file stays when the lock is released: deleting it would let in a second process, since a new file has a lock of its own.
 * For the same reason, the file system must have locks, and nothing else in the process may open the file: POSIX releases all
 * locks of a process on a file when the process closes the file once.
 */
import { readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import * as DataFolder from "./DataFolder.ts"
import * as Sqlite from "./Sqlite.ts"

/**
 * The folders that this thread holds, by their real paths, with the connections that hold them: the garbage collector would
 * close a connection without a reference.
 */
const held = new Map<string, DatabaseSync | undefined>()

/** How long to try for a lock that is held: processes that start at the same moment hinder each other for some milliseconds. */
const PATIENCE_MILLIS = 500
const MAX_PAUSE_MILLIS = 25

export class FolderInUse extends Error {
  override readonly name = "FolderInUse"
  constructor(folder: string, holder: string) {
    super(`the data folder ${folder} is in use by ${holder}; stop it, use another folder, or use a Postgres server`)
  }
}

const lockFileOf = (folder: string) => join(folder, "turnout.lock")
const holderFileOf = (folder: string) => join(folder, "turnout.pid")

/** Where process numbers are valid: the host, and on Linux the namespace of process numbers. */
const place = (): string => {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`
  } catch {
    return hostname()
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** The holder in words, as far as it is known. */
const holderOf = (folder: string): string => {
  try {
    const [number, where = ""] = readFileSync(holderFileOf(folder), "utf8").split("\n")
    const pid = Number(number)
    if (where !== "" && where !== place()) return `another container or machine (${where.split(" ")[0]})`
    if (pid === process.pid) return "this process"
    if (pid > 0 && isAlive(pid)) return `process ${pid}`
  } catch {
    // No holder has written the file yet, or it cannot be read.
  }
  return "another process"
}

const forgetHolder = (folder: string): void => {
  try {
    rmSync(holderFileOf(folder), { force: true })
  } catch {
    // The file decides nothing, so a failure does not matter.
  }
}

/** Writes down who holds the folder. A failure to do so is ignored, but then no other holder may be named. */
const tellHolder = (folder: string): void => {
  forgetHolder(folder)
  try {
    // If something is still there, such as a folder, it is left alone.
    writeFileSync(holderFileOf(folder), `${process.pid}\n${place()}\n`, { flag: "wx" })
  } catch {
    // The file decides nothing, so a failure does not matter.
  }
}

const wordsOf = (error: unknown, file: string): string => {
  switch (Sqlite.codeOf(error)) {
    case Sqlite.CODES.NOTADB:
      return `${file} is not the lock file that Turnout makes: remove it once nothing uses the folder`
    case Sqlite.CODES.READONLY:
    case Sqlite.CODES.CANTOPEN:
      return `${file} cannot be written to`
    case Sqlite.CODES.FULL:
      return `there is no space left for ${file}`
    default:
      return `${file} cannot be locked (${error instanceof Error ? error.message : String(error)})`
  }
}

/** Tries once to take the lock; returns false if it is held. */
const tryLock = (connection: DatabaseSync): boolean => {
  try {
    // Nothing is ever written, so no journal is needed, and a holder that is killed leaves none.
    connection.exec("PRAGMA journal_mode = MEMORY")
    connection.exec("BEGIN EXCLUSIVE")
    return true
  } catch (error) {
    if (Sqlite.codeOf(error) !== Sqlite.CODES.BUSY) throw error
    return false
  }
}

/** An open connection that has the lock; `undefined` if another process keeps it. */
const lock = async (folder: string): Promise<DatabaseSync | undefined> => {
  let connection: DatabaseSync | undefined
  try {
    connection = Sqlite.open(lockFileOf(folder))
    for (const end = performance.now() + PATIENCE_MILLIS; !tryLock(connection);) {
      if (performance.now() > end) {
        connection.close()
        return undefined
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_PAUSE_MILLIS))
    }
    return connection
  } catch (error) {
    connection?.close()
    throw new DataFolder.FolderUnusable(folder, wordsOf(error, lockFileOf(folder)), { cause: error })
  }
}

export interface Held {
  /** The folder of the embedded Postgres. */
  readonly postgres: string
  readonly release: () => void
}

/** Takes the folder, which is made if it does not exist. Rejects with `FolderInUse` or `FolderUnusable`. */
export const acquire = async (given: string): Promise<Held> => {
  const { postgres, root: folder } = DataFolder.open(given)
  if (held.has(folder)) throw new FolderInUse(folder, "this process")
  held.set(folder, undefined)
  try {
    const connection = await lock(folder)
    if (connection === undefined) throw new FolderInUse(folder, holderOf(folder))
    held.set(folder, connection)
    tellHolder(folder)
    const release = () => {
      // Before the lock is released: afterwards, the file may belong to another process.
      forgetHolder(folder)
      connection.close()
      held.delete(folder)
    }
    return { postgres, release }
  } catch (error) {
    held.delete(folder)
    throw error
  }
}
