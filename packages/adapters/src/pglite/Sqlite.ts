/**
 * The SQLite of the runtime, in `node:sqlite`.
 */
import type { DatabaseSync } from "node:sqlite"

/** Result codes, see https://sqlite.org/rescode.html. */
export const CODES = { BUSY: 5, READONLY: 8, FULL: 13, CANTOPEN: 14, NOTADB: 26 } as const

/** The primary result code of a failure, without its extension; `undefined` if the failure is not one of SQLite. */
export const codeOf = (error: unknown): number | undefined => {
  const { errcode } = error as { readonly errcode?: unknown }
  return typeof errcode === "number" ? errcode & 0xff : undefined
}

const isAboutSqlite = (warning: unknown, kind: unknown): boolean =>
  kind === "ExperimentalWarning" && String(warning).startsWith("SQLite is an experimental feature")

/**
 * Loads without the warning of Node 22 about `node:sqlite`, which users can do nothing about. Loading is synchronous, so all
 * other warnings are given as always.
 */
export const withoutWarning = <A>(load: () => A): A => {
  const emit = process.emitWarning
  process.emitWarning = ((...given: Parameters<typeof emit>) => {
    if (!isAboutSqlite(given[0], given[1])) emit.apply(process, given)
  }) as typeof emit
  try {
    return load()
  } finally {
    process.emitWarning = emit
  }
}

/** Opens a file, which is made if it does not exist, without waiting for a lock. Throws if the runtime has no SQLite. */
export const open = (file: string): DatabaseSync => {
  const sqlite = withoutWarning(() => process.getBuiltinModule("node:sqlite"))
  if (sqlite === undefined)
    throw new Error("this runtime has no node:sqlite, which is in Node 22.19 and newer, unless it was built without")
  return new sqlite.DatabaseSync(file, { timeout: 0 })
}
