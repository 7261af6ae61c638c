/**
 * The name of a database: a Postgres server, memory, or a folder for an embedded Postgres.
 *
 * A name that is meant for a server never becomes a folder. A name with a scheme, in any case and with blanks around it, is a
 * server or memory, or it is refused. A name that looks like an address without its scheme, like a variable that was not
 * replaced, or like settings of libpq, is refused as well. A folder of such a name is written as a path, `./name` or
 * `/srv/name`.
 */
import * as Result from "effect/Result"
import * as ServerSettings from "./postgres/connection/ServerSettings.ts"
import * as ServerUrl from "./postgres/connection/ServerUrl.ts"

export type DatabaseName =
  /** A URL that begins with `postgres://` or `postgresql://`, in lower case, and that `ServerSettings` can read. */
  | { readonly _tag: "Server"; readonly url: string }
  | { readonly _tag: "Memory" }
  /** A path as it was given, which may be relative. */
  | { readonly _tag: "Folder"; readonly folder: string }

const EMPTY = "must not be empty"
const CONTROL = "must not contain control characters"
const BLANKS = "must not begin or end with a blank if it is a folder"
const LIST =
  "must be a URL such as postgres://user@host:5432/database, a folder, or memory:" +
  " (a folder whose name looks like an address is written as a path, such as ./name)"

const SERVER = /^postgres(?:ql)?:\/\//i
const MEMORY = /^memory:$/i
/** `/srv`, `./data`, `..`, `\\host\share`, `C:\data`: an explicit path. Two slashes begin an address. */
const PATH = /^(?:\.{0,2}(?:\/(?!\/)|\\)|\.{1,2}$|[a-z]:[\\/])/i
/** Characters that are rare in names of folders, but not in addresses, settings, variables, quotes and the home of a shell. */
const ADDRESS = /[:@=?$%<>{}|*"'`]|\/\/|^~/

/** NUL ends a name for the operating system, and half a surrogate pair becomes another character in it. */
const isText = (text: string): boolean => !/\p{Cc}/u.test(text) && text.isWellFormed()

/** The URL of a server without its passwords, to show to people. */
export const withoutSecrets: (url: string) => string = ServerUrl.withoutSecrets

/** Whether a name is the URL of a server, if perhaps a wrong one. */
export const isMeantForServer = (given: string): boolean => SERVER.test(given.trim())

/** Parses a name; fails with the rule that it breaks. */
export const parse = (given: string): Result.Result<DatabaseName, string> => {
  const name = given.trim()
  if (name === "") return Result.fail(EMPTY)
  if (!isText(name)) return Result.fail(CONTROL)
  if (MEMORY.test(name)) return Result.succeed({ _tag: "Memory" })
  if (SERVER.test(name)) {
    const url = name.replace(SERVER, (scheme) => scheme.toLowerCase())
    return Result.map(ServerSettings.check(url), () => ({ _tag: "Server", url }))
  }
  if (!PATH.test(name) && ADDRESS.test(name)) return Result.fail(LIST)
  return name === given ? Result.succeed({ _tag: "Folder", folder: name }) : Result.fail(BLANKS)
}
