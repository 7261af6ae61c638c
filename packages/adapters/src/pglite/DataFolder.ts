/**
 * The folder that holds an embedded database: made if it does not exist, and checked before anything is opened in it.
 *
 * If it cannot be used, the error says why, with the path that is at fault.
 */
import { accessSync, constants, lstatSync, mkdirSync, realpathSync, type Stats, statSync } from "node:fs"
import { dirname, join, parse, resolve } from "node:path"

/** The paths of the data, without symbolic links on the way. */
export interface DataFolder {
  /** The folder of the embedded Postgres, which may not exist. */
  readonly postgres: string
  /** The folder that it is in: the data folder, unless its `postgres` is a symbolic link. */
  readonly root: string
}

const WAY_OUT = "use another folder, or a Postgres server"

export class FolderUnusable extends Error {
  override readonly name = "FolderUnusable"
  constructor(folder: string, reason: string, options?: ErrorOptions) {
    super(`the data folder ${folder} cannot be used: ${reason}; ${WAY_OUT}`, options)
  }
}

const REASONS: Readonly<Record<string, (path: string) => string>> = {
  EACCES: (path) => `there is no permission for ${path}`,
  EPERM: (path) => `there is no permission for ${path}`,
  EROFS: (path) => `${path} is on a file system that takes no writes`,
  ENAMETOOLONG: () => "a name in its path is too long",
  ELOOP: (path) => `the symbolic links of ${path} lead nowhere`,
  ENOTDIR: (path) => `${path} is not a folder`,
  EEXIST: (path) => `${path} is not a folder`,
  ENOENT: (path) => `nothing can be made in ${dirname(path)}`,
  ENOSPC: (path) => `there is no space left for ${path}`,
  EDQUOT: (path) => `there is no space left for ${path}`
}

/** The reason for an error of the file system, in words. */
export const reasonOf = (error: unknown, path: string): string => {
  const { code, message } = error as NodeJS.ErrnoException
  return REASONS[code ?? ""]?.(path) ?? message
}

/** The result of `look`; `undefined` if the path does not exist, or leads through something that is no folder. */
const found = (look: typeof statSync, path: string): Stats | undefined => {
  try {
    return look(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return undefined
    throw error
  }
}

const failure = (code: string): Error => Object.assign(new Error(code), { code })

/**
 * Whether there is a folder at the path; throws if there is something else. The link is looked at before its target: in the
 * other order, a folder that another process makes meanwhile would be taken for a link to nowhere.
 */
const isFolder = (path: string): boolean => {
  const entry = found(lstatSync, path)
  if (entry === undefined) return false
  const target = entry.isSymbolicLink() ? found(statSync, path) : entry
  if (target === undefined) throw failure("ELOOP")
  if (!target.isDirectory()) throw failure("ENOTDIR")
  return true
}

const makeOne = (path: string): void => {
  try {
    mkdirSync(path)
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !isFolder(path)) throw error
  }
}

const USABLE = constants.R_OK | constants.W_OK | constants.X_OK

/** Makes the folder if it does not exist, and checks that it can be read and written. Throws `FolderUnusable`. */
export const open = (given: string): DataFolder => {
  const folder = resolve(given)
  /** Does some work with a path. If the work fails, its error is the reason why the folder cannot be used. */
  const at = <A>(path: string, work: (path: string) => A): A => {
    try {
      return work(path)
    } catch (cause) {
      throw new FolderUnusable(folder, reasonOf(cause, path), { cause })
    }
  }
  const checkUsable = (path: string) => at(path, () => accessSync(path, USABLE))

  // Folders are made one by one, beginning with the outermost that is missing: where no folder can be made, as in /proc, Node's
  // own recursive `mkdir` would try for ever.
  const missing: Array<string> = []
  for (let path = folder; path !== parse(path).root && !at(path, isFolder); path = dirname(path)) missing.unshift(path)
  for (const path of missing) at(path, makeOne)
  checkUsable(folder)

  const real = (path: string) => at(path, () => realpathSync.native(path))
  const inside = join(folder, "postgres")
  const isThere = at(inside, isFolder)
  const postgres = isThere ? real(inside) : join(real(folder), "postgres")
  const root = dirname(postgres)
  checkUsable(root)
  if (isThere) checkUsable(postgres)
  return { root, postgres }
}
