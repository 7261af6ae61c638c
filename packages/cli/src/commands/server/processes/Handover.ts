/**
 * The options that the primary of a server hands to one of its processes, in a variable of the environment. So a process that takes the
 * place of another one serves as the primary was told when it started, also if the configuration file has changed since.
 */
import type { ServeOptions } from "../ServeOptions.ts"

const VARIABLE = "TURNOUT_HANDED_OVER"

/** The environment of a process that gets the options, as far as it differs from that of the primary. */
export const toEnvironment = (options: ServeOptions): Readonly<Record<string, string>> => ({
  [VARIABLE]: JSON.stringify(options)
})

/** The options that this process got from a primary; `undefined` if no primary has started it. They are in its environment no more then. */
export const take = (): ServeOptions | undefined => {
  const text = process.env[VARIABLE]
  if (text === undefined) return undefined
  delete process.env[VARIABLE]
  return JSON.parse(text) as ServeOptions
}
