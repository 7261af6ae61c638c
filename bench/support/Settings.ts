/**
 * The options on the command line of a benchmark.
 *
 * Every benchmark takes `--json`, which prints one JSON document instead of tables, and `--rounds N`, the number of turns
 * of each contestant. The file of a benchmark lists its other options.
 */
import { parseArgs } from "node:util"

export interface Settings {
  readonly json: boolean
  /** The number of turns of each contestant, over which medians are taken. */
  readonly rounds: number
}

const number = (text: string, name: string): number => {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new Error(`--${name} must be a number above 0, got ${JSON.stringify(text)}`)
}

/** Reads the settings, which are numbers by name, from the command line; `defaults` has their default values. */
export const read = <Name extends string>(
  defaults: Readonly<Record<Name | "rounds", number>>,
  args: ReadonlyArray<string> = process.argv.slice(2)
): Settings & Readonly<Record<Name, number>> => {
  const { values } = parseArgs({
    args: [...args],
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
