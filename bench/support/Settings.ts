/**
 * What every benchmark can be told on its command line.
 *
 * `--json` prints one JSON document instead of tables, `--rounds N` says how often each contestant has its turn; whatever
 * else a benchmark takes is listed in its own file.
 */
import { parseArgs } from "node:util"

export interface Settings {
  readonly json: boolean
  /** How often each contestant has its turn; medians are over these. */
  readonly rounds: number
}

const number = (text: string, name: string): number => {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new Error(`--${name} must be a number above 0, got ${JSON.stringify(text)}`)
}

/** The settings, numbers by name, with the values that they have unless told otherwise. */
export const read = <Name extends string>(
  defaults: Readonly<Record<Name | "rounds", number>>
): Settings & Readonly<Record<Name, number>> => {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      ...Object.fromEntries(
        Object.entries(defaults).map(([name, value]) => [name, { type: "string" as const, default: String(value) }])
      )
    }
  })
  const numbers = Object.keys(defaults).map((name) => [name, number(String(values[name as keyof typeof values]), name)])
  return { json: values.json === true, ...Object.fromEntries(numbers) } as never
}
