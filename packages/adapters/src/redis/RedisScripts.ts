/**
 * The scripts that were to be loaded, by their SHA-1.
 *
 * A server forgets its scripts when it restarts, and each node of a Cluster has scripts of its own. So `SCRIPT LOAD` is answered here, and
 * a server that does not know a script when it is to run gets its text by `EVAL`, on the connection and the node of the command itself.
 */
import { createHash } from "node:crypto"

/** The most scripts that are remembered. A program has a few; what is made by the thousand should be arguments. */
const MAX_SCRIPTS = 1_000

export interface RedisScripts {
  /** The answer to a command that is `SCRIPT LOAD`, `undefined` for others. */
  readonly loaded: (command: string, args: ReadonlyArray<string>) => string | undefined
  /** The arguments of the `EVAL` to send instead of an `EVALSHA` that was answered with `NOSCRIPT`, if the script is known. */
  readonly evalInstead: (command: string, args: ReadonlyArray<string>) => ReadonlyArray<string> | undefined
}

export const make = (): RedisScripts => {
  const texts = new Map<string, string>()
  return {
    loaded: (command, args) => {
      const [subcommand = "", text] = args
      if (command !== "SCRIPT" || text === undefined || subcommand.toUpperCase() !== "LOAD") return undefined
      const sha = createHash("sha1").update(text).digest("hex")
      if (texts.size >= MAX_SCRIPTS && !texts.has(sha)) texts.delete(texts.keys().next().value!)
      texts.set(sha, text)
      return sha
    },
    evalInstead: (command, args) => {
      const [sha = "", ...others] = args
      const text = command === "EVALSHA" ? texts.get(sha.toLowerCase()) : undefined
      return text === undefined ? undefined : [text, ...others]
    }
  }
}
